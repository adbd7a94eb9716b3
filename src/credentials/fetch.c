/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cleanup.h"
#include "process.h"
#include "text.h"

/* Between two tries; a metadata service that throttles or restarts is back soon. */
#define PAUSE_US (200 * USEC_PER_MSEC)

#define STATUS_THROTTLED 429

void found_done(Found *found) {
        keys_done(&found->keys);
}

Fetch *fetch_free(Fetch *fetch) {
        if (!fetch)
                return NULL;
        http_transfer_free(fetch->transfer);
        sd_event_source_disable_unref(fetch->pause);
        process_free(fetch->process);
        free(fetch->url);
        free(fetch->role);
        free(fetch->session_name);
        free(fetch->token_file);
        found_done(&fetch->found);
        free(fetch);
        return NULL;
}

int fetch_new(const FetchRequest *request, const char *source, Fetch **ret) {
        Fetch *fetch = calloc(1, sizeof(Fetch));

        if (!fetch)
                return -ENOMEM;
        fetch->request = *request;
        snprintf(fetch->found.source, sizeof(fetch->found.source), "%s", source);
        *ret = fetch;
        return 0;
}

void fetch_done(Fetch *fetch) {
        fetch->request.handler(&fetch->found, fetch->request.userdata);
}

void fetch_fail(Fetch *fetch, bool transient, const char *format, ...) {
        va_list ap;

        keys_done(&fetch->found.keys);
        fetch->found.transient = transient;
        va_start(ap, format);
        vsnprintf(fetch->found.error, sizeof(fetch->found.error), format, ap);
        va_end(ap);
        fetch_done(fetch);
}

static void send_now(Fetch *fetch) {
        int r = fetch->send(fetch);

        if (r > 0)
                fetch_done(fetch);
        else if (r < 0)
                fetch_fail(fetch, true, "%s can't be asked: %s", fetch->found.source, strerror(-r));
}

static int on_pause_over(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Fetch *fetch = userdata;

        fetch->pause = sd_event_source_disable_unref(fetch->pause);
        send_now(fetch);
        return 0;
}

static int on_begin(sd_event_source *source _unused_, void *userdata) {
        return on_pause_over(NULL, 0, userdata);
}

static bool is_worth_another_try(const HttpAnswer *answer) {
        return answer->status == 0 || answer->status >= 500 || answer->status == STATUS_THROTTLED;
}

static void on_answer(const HttpAnswer *answer, void *userdata) {
        Fetch *fetch = userdata;
        /* Its answer is read below, by what may begin another request, or free the fetch. */
        _cleanup_(http_transfer_freep) HttpTransfer *transfer _unused_ = TAKE_PTR(fetch->transfer);

        if (is_worth_another_try(answer) && --fetch->tries_left > 0 &&
            sd_event_add_time_relative(fetch->request.around->event, &fetch->pause, CLOCK_BOOTTIME, PAUSE_US, 1,
                                       on_pause_over, fetch) >= 0)
                return;
        fetch->answered(fetch, answer);
}

void fetch_step(Fetch *fetch, unsigned tries, int (*send)(Fetch *fetch),
                void (*answered)(Fetch *fetch, const HttpAnswer *answer)) {
        fetch->tries_left = tries;
        fetch->send = send;
        fetch->answered = answered;
        send_now(fetch);
}

int fetch_begin(Fetch *fetch, unsigned tries, int (*send)(Fetch *fetch),
                void (*answered)(Fetch *fetch, const HttpAnswer *answer)) {
        fetch->tries_left = tries;
        fetch->send = send;
        fetch->answered = answered;
        return sd_event_add_defer(fetch->request.around->event, &fetch->pause, on_begin, fetch);
}

int fetch_start(Fetch *fetch, const HttpRequest *request) {
        return http_start(fetch->request.around->http, request, on_answer, fetch, &fetch->transfer);
}
