/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-relay.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>

#include "cleanup.h"

/* As much as a pipe holds. */
#define BUFFER_SIZE (64u * 1024)

struct Relay {
        int *from_fd;
        int to_fd;
        sd_event_source *in, *out; /* out NULL: files are always ready, and epoll does not take them */
        size_t begin, end;         /* what of the buffer is to be written */
        char buffer[BUFFER_SIZE];
};

Relay *relay_free(Relay *relay) {
        if (!relay)
                return NULL;
        sd_event_source_disable_unref(relay->in);
        sd_event_source_disable_unref(relay->out);
        free(relay);
        return NULL;
}

static void give_up(Relay *relay) {
        relay->in = sd_event_source_disable_unref(relay->in);
        relay->out = sd_event_source_disable_unref(relay->out);
        closep(relay->from_fd);
        *relay->from_fd = -1;
}

/* A pipe that is ready takes PIPE_BUF bytes without blocking. false: nobody reads it any more. */
static bool write_some(Relay *relay) {
        ssize_t n = write(relay->to_fd, relay->buffer + relay->begin, MIN(relay->end - relay->begin, (size_t) PIPE_BUF));

        if (n < 0)
                return errno == EAGAIN || errno == EINTR;
        relay->begin += (size_t) n;
        return true;
}

/* Either there is something to write, or the next is waited for. */
static int arm(Relay *relay) {
        bool writes = relay->begin < relay->end;
        int r = sd_event_source_set_enabled(relay->in, writes ? SD_EVENT_OFF : SD_EVENT_ON);

        if (r >= 0 && relay->out)
                r = sd_event_source_set_enabled(relay->out, writes ? SD_EVENT_ON : SD_EVENT_OFF);
        return r;
}

static bool read_some(Relay *relay) {
        ssize_t n = read(*relay->from_fd, relay->buffer, BUFFER_SIZE);

        relay->begin = 0;
        relay->end = n > 0 ? (size_t) n : 0;
        return n > 0;
}

static int on_out(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_, void *userdata) {
        Relay *relay = userdata;

        if (!write_some(relay)) {
                give_up(relay);
                return 0;
        }
        return arm(relay);
}

static int on_in(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_, void *userdata) {
        Relay *relay = userdata;

        (void) read_some(relay);
        while (!relay->out && relay->begin < relay->end)
                if (!write_some(relay)) {
                        give_up(relay);
                        return 0;
                }
        return arm(relay);
}

int relay_new(sd_event *event, int *from_fd, int to_fd, Relay **ret) {
        _cleanup_(relay_freep) Relay *relay = calloc(1, sizeof(Relay));
        int r;

        if (!relay)
                return -ENOMEM;
        relay->from_fd = from_fd;
        relay->to_fd = to_fd;
        r = sd_event_add_io(event, &relay->out, to_fd, EPOLLOUT, on_out, relay);
        if (r < 0 && r != -EPERM)
                return r;
        r = sd_event_add_io(event, &relay->in, *from_fd, EPOLLIN, on_in, relay);
        if (r < 0)
                return r;
        r = arm(relay);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(relay);
        return 0;
}

void relay_drain(Relay *relay) {
        while (*relay->from_fd >= 0 && (relay->begin < relay->end || read_some(relay))) {
                struct pollfd ready = { .fd = relay->to_fd, .events = POLLOUT };

                if ((poll(&ready, 1, -1) < 0 && errno != EINTR) || !write_some(relay))
                        give_up(relay);
        }
}
