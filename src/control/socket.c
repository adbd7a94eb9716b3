/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "varlink.h"

/* 64 KiB of input each: 4 MiB at worst. */
#define CONNECTIONS_MAX 64

/* So that one user cannot keep the others out. That many are also kept free for root, who has to get through. */
#define CONNECTIONS_UID_MAX 16

/* From the connection, or the last answer that was taken, to the next whole call: a peer that dribbles or does not
 * read is gone by then. */
#define IDLE_US_MAX (30 * USEC_PER_SEC)

/* Nobody needs it to the millisecond; lets the kernel wake us for several at once. */
#define IDLE_ACCURACY_US USEC_PER_SEC

/* What one connection may take of one turn of the event loop. */
#define TURN_BYTES_MAX (16 * 1024)
#define TURN_CALLS_MAX 4

/* And how many turns, so that a flood costs a few per cent of a CPU rather than all of it. The listening socket's
 * limit also keeps a shortage of file descriptors from becoming a busy loop. */
#define RATE_INTERVAL_US (100 * USEC_PER_MSEC)
#define RATE_TURNS_MAX 16
#define RATE_ACCEPTS_MAX 32

/* After the lock's own sources, all of them. */
#define SOCKET_PRIORITY SD_EVENT_PRIORITY_IDLE

typedef struct Connection {
        ControlSocket *socket;
        size_t slot; /* its place in the socket's list */
        int fd;
        uid_t uid;
        bool end_of_input;
        Varlink *varlink;
        sd_event_source *io, *idle;
} Connection;

struct ControlSocket {
        sd_event *event;
        const ControlPicture *picture;
        sd_event_source *listen;
        Connection *connections[CONNECTIONS_MAX];
};

static Connection *connection_free(Connection *c) {
        if (!c)
                return NULL;
        if (c->socket->connections[c->slot] == c)
                c->socket->connections[c->slot] = NULL;
        sd_event_source_disable_unref(c->io);
        sd_event_source_disable_unref(c->idle);
        varlink_free(c->varlink);
        closep(&c->fd);
        free(c);
        return NULL;
}

static void connection_freep(Connection **c) {
        connection_free(*c);
}

/* 0, also when the kernel takes no more for now, or a negative errno. */
static int connection_flush(Connection *c) {
        const char *data;
        size_t size;

        while (data = varlink_output(c->varlink, &size), size > 0) {
                ssize_t n = send(c->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                varlink_sent(c->varlink, (size_t) n);
        }
        return 0;
}

static bool connection_has_output(const Connection *c) {
        size_t size;

        (void) varlink_output(c->varlink, &size);
        return size > 0;
}

static int connection_fill(Connection *c) {
        char data[TURN_BYTES_MAX];
        size_t room = MIN(varlink_room(c->varlink), sizeof(data));
        ssize_t n;

        if (room == 0 || c->end_of_input)
                return 0;
        n = recv(c->fd, data, room, MSG_DONTWAIT);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (n == 0)
                c->end_of_input = true;
        return varlink_feed(c->varlink, data, (size_t) n);
}

/* Answers a few calls. 1: perhaps there are more to answer; 0: not now; or a negative errno. */
static int connection_answer(Connection *c) {
        for (unsigned i = 0; i < TURN_CALLS_MAX; i++) {
                int r;

                if (connection_has_output(c))
                        return 0;
                r = varlink_step(c->varlink);
                if (r <= 0)
                        return r;
                r = connection_flush(c);
                if (r < 0)
                        return r;
                if (!connection_has_output(c)) {
                        r = sd_event_source_set_time_relative(c->idle, IDLE_US_MAX);
                        if (r < 0)
                                return r;
                }
        }
        return 1;
}

/* 0: goes on; negative: the connection is over, for whatever reason. */
static int connection_turn(Connection *c, uint32_t revents) {
        uint32_t events = 0;
        bool more;
        int r;

        r = connection_flush(c);
        if (r < 0)
                return r;
        if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
                r = connection_fill(c);
                if (r < 0)
                        return r;
        }
        r = connection_answer(c);
        if (r < 0)
                return r;
        more = r > 0 || connection_has_output(c);
        if (!more && (c->end_of_input || varlink_is_over(c->varlink)))
                return -ESHUTDOWN;
        if (more)
                events |= EPOLLOUT;
        if (!c->end_of_input && varlink_room(c->varlink) > 0)
                events |= EPOLLIN;
        return sd_event_source_set_io_events(c->io, events);
}

static int on_connection(sd_event_source *source _unused_, int fd _unused_, uint32_t revents, void *userdata) {
        Connection *c = userdata;

        if (connection_turn(c, revents) < 0)
                connection_free(c);
        return 0;
}

static int on_idle(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        connection_free(userdata);
        return 0;
}

static int connection_watch(Connection *c) {
        sd_event *event = c->socket->event;
        int r = sd_event_add_io(event, &c->io, c->fd, EPOLLIN, on_connection, c);

        if (r < 0)
                return r;
        r = sd_event_source_set_priority(c->io, SOCKET_PRIORITY);
        if (r < 0)
                return r;
        r = sd_event_source_set_ratelimit(c->io, RATE_INTERVAL_US, RATE_TURNS_MAX);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(event, &c->idle, CLOCK_MONOTONIC, IDLE_US_MAX, IDLE_ACCURACY_US, on_idle, c);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(c->idle, SOCKET_PRIORITY);
}

/* Where a connection of `uid` may be put, or -EBUSY. */
static int find_slot(const ControlSocket *s, uid_t uid, size_t *ret) {
        size_t n = 0, n_uid = 0, slot = CONNECTIONS_MAX;
        size_t limit = uid == 0 ? CONNECTIONS_MAX : CONNECTIONS_MAX - CONNECTIONS_UID_MAX;

        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
                const Connection *c = s->connections[i];

                if (!c) {
                        slot = i;
                        continue;
                }
                n++;
                n_uid += c->uid == uid;
        }
        if (n >= limit || n_uid >= CONNECTIONS_UID_MAX)
                return -EBUSY;
        *ret = slot;
        return 0;
}

/* The file descriptor is taken in any case. */
static int connection_add(ControlSocket *s, int fd) {
        _cleanup_(connection_freep) Connection *c = NULL;
        _cleanup_close_ int owned = fd;
        struct ucred peer;
        socklen_t size = sizeof(peer);
        size_t slot;
        int r;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        r = find_slot(s, peer.uid, &slot);
        if (r < 0)
                return r;
        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        *c = (Connection) { .socket = s, .slot = slot, .fd = TAKE_FD(owned), .uid = peer.uid };
        r = varlink_new(s->picture, &c->varlink);
        if (r < 0)
                return r;
        r = connection_watch(c);
        if (r < 0)
                return r;
        s->connections[slot] = c;
        TAKE_PTR(c);
        return 0;
}

static int on_listen(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        int connection_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        /* One too many is closed at once, which its peer sees. */
        if (connection_fd >= 0)
                (void) connection_add(userdata, connection_fd);
        return 0;
}

static int listen_watch(ControlSocket *s, int fd) {
        int flags = fcntl(fd, F_GETFL), r;

        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        r = sd_event_add_io(s->event, &s->listen, fd, EPOLLIN, on_listen, s);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(s->listen, SOCKET_PRIORITY);
        if (r < 0)
                return r;
        return sd_event_source_set_ratelimit(s->listen, RATE_INTERVAL_US, RATE_ACCEPTS_MAX);
}

int control_socket_new(sd_event *event, int listen_fd, const ControlPicture *picture, ControlSocket **ret) {
        _cleanup_(control_socket_freep) ControlSocket *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->event = sd_event_ref(event);
        s->picture = picture;
        r = listen_watch(s, listen_fd);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

ControlSocket *control_socket_free(ControlSocket *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
                connection_free(s->connections[i]);
        sd_event_source_disable_unref(s->listen);
        sd_event_unref(s->event);
        free(s);
        return NULL;
}
