/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "follower.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "client.h"

#define STATUS_METHOD "org.cloudlock1.Lock.Status"

/* As often as somebody who waits would look. */
#define AGAIN_US USEC_PER_SEC

struct Follower {
        sd_event *event;
        char *path;
        FollowHandler handler;
        void *userdata;
        sd_event_source *io, *again;
        int fd;
        char *buffer; /* REPLY_SIZE_MAX bytes */
        size_t size;
        bool away; /* and said so */
};

static void hang_up(Follower *f) {
        f->io = sd_event_source_disable_unref(f->io);
        if (f->fd >= 0)
                close(f->fd);
        f->fd = -1;
        f->size = 0;
}

Follower *follower_free(Follower *follower) {
        if (!follower)
                return NULL;
        hang_up(follower);
        sd_event_source_disable_unref(follower->again);
        sd_event_unref(follower->event);
        free(follower->buffer);
        free(follower->path);
        free(follower);
        return NULL;
}

static int on_again(sd_event_source *source, uint64_t now_us, void *userdata);

static int ask_in(Follower *f, usec_t delay_us) {
        f->again = sd_event_source_disable_unref(f->again);
        return sd_event_add_time_relative(f->event, &f->again, CLOCK_MONOTONIC, delay_us, 0, on_again, f);
}

static int go_away(Follower *f, int error) {
        bool said = f->away;

        hang_up(f);
        f->away = true;
        if (!said)
                f->handler(FOLLOW_AWAY, NULL, error, f->userdata);
        return ask_in(f, AGAIN_US);
}

/* One reply. 0; -EBADMSG where it makes no sense; another errno. */
static int take_reply(Follower *f, const char *text) {
        _cleanup_reply_ VarlinkReply reply = {};
        int r = varlink_parse_reply(text, &reply);

        if (r < 0)
                return r;
        if (reply.error)
                return -EBADMSG;
        f->away = false;
        f->handler(FOLLOW_STATUS, reply.parameters, 0, f->userdata);
        return reply.continues ? 0 : ask_in(f, AGAIN_US);
}

static int take_replies(Follower *f) {
        char *begin = f->buffer, *end = f->buffer + f->size, *nul;

        while ((nul = memchr(begin, '\0', (size_t) (end - begin)))) {
                int r = take_reply(f, begin);

                if (r < 0)
                        return r;
                begin = nul + 1;
        }
        f->size = (size_t) (end - begin);
        memmove(f->buffer, begin, f->size);
        return f->size < REPLY_SIZE_MAX ? 0 : -EBADMSG;
}

static int on_io(sd_event_source *source _unused_, int fd, uint32_t events _unused_, void *userdata) {
        Follower *f = userdata;
        ssize_t n = recv(fd, f->buffer + f->size, REPLY_SIZE_MAX - f->size, 0);
        int r;

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : go_away(f, -errno);
        if (n == 0)
                return go_away(f, -ECONNRESET);
        f->size += (size_t) n;
        r = take_replies(f);
        return r < 0 ? go_away(f, r) : 0;
}

static int ask(Follower *f) {
        _cleanup_free_ char *call = NULL;
        size_t size;
        int r;

        if (f->fd < 0) {
                r = varlink_connect(f->path, &f->fd);
                if (r < 0)
                        return r;
                r = sd_event_add_io(f->event, &f->io, f->fd, EPOLLIN, on_io, f);
                if (r < 0)
                        return r;
        }
        r = varlink_format_call(STATUS_METHOD, NULL, true, &call);
        if (r < 0)
                return r;
        size = strlen(call) + 1;
        return send(f->fd, call, size, MSG_NOSIGNAL) == (ssize_t) size ? 0 : -EIO;
}

static int on_again(sd_event_source *source _unused_, uint64_t now_us _unused_, void *userdata) {
        Follower *f = userdata;
        int r;

        f->again = sd_event_source_disable_unref(f->again);
        r = ask(f);
        return r < 0 ? go_away(f, r) : 0;
}

int follower_new(sd_event *event, const char *socket_path, FollowHandler handler, void *userdata, Follower **ret) {
        _cleanup_(follower_freep) Follower *f = malloc(sizeof(Follower));
        int r;

        if (!f)
                return -ENOMEM;
        *f = (Follower) {
                .event = sd_event_ref(event),
                .path = strdup(socket_path),
                .handler = handler,
                .userdata = userdata,
                .fd = -1,
                .buffer = malloc(REPLY_SIZE_MAX),
        };
        if (!f->path || !f->buffer)
                return -ENOMEM;
        r = ask_in(f, 0);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}
