/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "cleanup.h"
#include "http-internal.h"
#include "text.h"

/* One that answers and one that is being made are all that this client needs. */
#define IDLE_CONNECTIONS_MAX 2L

/* What libcurl wants to hear of one descriptor. */
typedef struct Watch {
        Http *http;
        curl_socket_t fd; /* libcurl's own; the source has a duplicate, which outlives a close behind our back */
        sd_event_source *source;
        struct Watch *next;
} Watch;

struct Http {
        sd_event *event;
        CURLM *multi;
        sd_event_source *timer;
        Watch *watches;
        char *ca_bundle, *proxy, *no_proxy;
        HttpOptions options; /* the same, as the requests take them */
        Trust trust;
        Lookups *lookups;
        bool curl_is_up;
};

CURLM *http_multi(Http *http) {
        return http->multi;
}

sd_event *http_event(Http *http) {
        return http->event;
}

const HttpOptions *http_options(const Http *http) {
        return &http->options;
}

Lookups *http_lookups(Http *http) {
        return http->lookups;
}

Trust *http_trust(Http *http) {
        return &http->trust;
}

static void watch_free(Watch *watch) {
        if (!watch)
                return;
        sd_event_source_disable_unref(watch->source);
        free(watch);
}

static void watch_freep(Watch **w) {
        watch_free(*w);
}

/* Where the pointer to the watch of `fd` is kept; points to NULL if there is none. */
static Watch **find_watch(Http *http, curl_socket_t fd) {
        Watch **p = &http->watches;

        while (*p && (*p)->fd != fd)
                p = &(*p)->next;
        return p;
}

static void unwatch(Http *http, curl_socket_t fd) {
        Watch **p = find_watch(http, fd), *watch = *p;

        if (!watch)
                return;
        *p = watch->next;
        watch_free(watch);
}

int http_give_up(Http *http) {
        (void) sd_event_exit(http->event, -ENOMEM);
        return -1;
}

/* Delivers whatever is finished. Outside of libcurl's callbacks. */
static void drain(Http *http) {
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(http->multi, &left))) {
                CURLcode result = message->data.result;
                char *transfer = NULL;

                if (message->msg != CURLMSG_DONE)
                        continue;
                if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) != CURLE_OK) {
                        http_give_up(http);
                        continue;
                }
                /* libcurl hands every pointer back as char *. NOLINTNEXTLINE(bugprone-casting-through-void) */
                http_transfer_done((HttpTransfer *) (void *) transfer, result);
        }
}

static void act(Http *http, curl_socket_t fd, int flags) {
        int running;

        if (curl_multi_socket_action(http->multi, fd, flags, &running) != CURLM_OK)
                http_give_up(http);
        drain(http);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        act(userdata, CURL_SOCKET_TIMEOUT, 0);
        return 0;
}

static int on_io(sd_event_source *source _unused_, int fd _unused_, uint32_t revents, void *userdata) {
        const Watch *watch = userdata;
        int flags = (revents & EPOLLIN ? CURL_CSELECT_IN : 0) | (revents & EPOLLOUT ? CURL_CSELECT_OUT : 0);

        act(watch->http, watch->fd, flags ?: CURL_CSELECT_ERR); /* may free the watch */
        return 0;
}

/* One of libcurl's callbacks: notes the time, and nothing else. */
static int on_timer_wanted(CURLM *multi _unused_, long timeout_ms, void *userdata) {
        Http *http = userdata;

        if (timeout_ms < 0)
                return sd_event_source_set_enabled(http->timer, SD_EVENT_OFF) < 0 ? http_give_up(http) : 0;
        if (sd_event_source_set_time_relative(http->timer, (uint64_t) timeout_ms * USEC_PER_MSEC) < 0)
                return http_give_up(http);
        return sd_event_source_set_enabled(http->timer, SD_EVENT_ONESHOT) < 0 ? http_give_up(http) : 0;
}

static int watch_new(Http *http, curl_socket_t fd, uint32_t events, Watch **ret) {
        _cleanup_close_ int own_fd = -1; /* closed after the source is gone, as sd-event wants it */
        _cleanup_(watch_freep) Watch *watch = calloc(1, sizeof(Watch));
        int r;

        if (!watch)
                return -ENOMEM;
        watch->http = http;
        watch->fd = fd;
        own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (own_fd < 0)
                return -errno;
        r = sd_event_add_io(http->event, &watch->source, own_fd, events, on_io, watch);
        if (r < 0)
                return r;
        r = sd_event_source_set_io_fd_own(watch->source, true);
        if (r < 0)
                return r;
        TAKE_FD(own_fd);
        *ret = TAKE_PTR(watch);
        return 0;
}

/* The other of libcurl's callbacks. It returns 0 even when a descriptor could not be watched: an error would spoil
 * the multi handle for good, whereas so the one transfer runs into its timeout. */
static int on_socket_wanted(CURL *easy _unused_, curl_socket_t fd, int what, void *userdata, void *socketp _unused_) {
        Http *http = userdata;
        uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
        Watch **p = find_watch(http, fd);

        if (what == CURL_POLL_REMOVE)
                unwatch(http, fd);
        else if (*p)
                (void) sd_event_source_set_io_events((*p)->source, events);
        else
                (void) watch_new(http, fd, events, p);
        return 0;
}

static int copy_option(const char *value, char **copy, const char **option) {
        if (!value)
                return 0;
        *copy = strdup(value);
        *option = *copy;
        return *copy ? 0 : -ENOMEM;
}

static int copy_options(Http *http, const HttpOptions *options) {
        if (copy_option(options->ca_bundle, &http->ca_bundle, &http->options.ca_bundle) < 0 ||
            copy_option(options->proxy, &http->proxy, &http->options.proxy) < 0 ||
            copy_option(options->no_proxy, &http->no_proxy, &http->options.no_proxy) < 0)
                return -ENOMEM;
        return 0;
}

int http_new(sd_event *event, const HttpOptions *options, Http **ret) {
        _cleanup_(http_freep) Http *http = calloc(1, sizeof(Http));
        int r;

        if (!http)
                return -ENOMEM;
        http->event = sd_event_ref(event);
        r = copy_options(http, options);
        if (r < 0)
                return r;
        trust_init(&http->trust, http->options.ca_bundle);
        r = lookups_new(event, &http->lookups);
        if (r < 0)
                return r;
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -ENOMEM;
        http->curl_is_up = true;

        r = sd_event_add_time_relative(event, &http->timer, CLOCK_MONOTONIC, 0, 1, on_timer, http);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(http->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;

        http->multi = curl_multi_init();
        if (!http->multi || curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS_MAX) != CURLM_OK)
                return -ENOMEM;
        *ret = TAKE_PTR(http);
        return 0;
}

Http *http_free(Http *http) {
        if (!http)
                return NULL;
        curl_multi_cleanup(http->multi);
        while (http->watches)
                unwatch(http, http->watches->fd);
        sd_event_source_disable_unref(http->timer);
        lookups_free(http->lookups);
        if (http->curl_is_up)
                curl_global_cleanup();
        sd_event_unref(http->event);
        free(http->ca_bundle);
        secret_free(http->proxy); /* its URL may hold a password */
        free(http->no_proxy);
        free(http);
        return NULL;
}
