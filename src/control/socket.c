/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "picture.h"
#include "varlink.h"

/* 64 KiB of input each: 4 MiB at worst. */
#define CONNECTIONS_MAX 64

/* So that one user cannot keep the others out. That many are also kept free for root, who has to get through. */
#define CONNECTIONS_UID_MAX 16

/* From the connection, or the last answer that was taken, to the next whole call: a peer that dribbles or does not
 * read is gone by then. Not counted while we owe the peer something: what an operation waits for has a bound of its own. */
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

/* Whoever watches is told of changes at most four times a second. */
#define TELL_US_MIN (250 * USEC_PER_MSEC)

/* Linux 6.5; glibc knows it later. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* After the lock's own sources, all of them. */
#define SOCKET_PRIORITY SD_EVENT_PRIORITY_IDLE

typedef struct Connection {
        ControlSocket *socket;
        size_t slot; /* its place in the socket's list */
        int fd;
        uid_t uid;
        pid_t pid;
        int pidfd; /* -1: an older kernel */
        bool end_of_input;
        bool stale; /* watches, and was not told of the last change yet */
        Varlink *varlink;
        Request *request; /* waits to be allowed */
        sd_event_source *io, *idle;
} Connection;

struct ControlSocket {
        sd_event *event;
        const ControlPicture *picture;
        PictureMarks marks;
        RequestDesk *desk;
        sd_event_source *listen, *tell;
        usec_t told_us; /* CLOCK_MONOTONIC */
        Connection *connections[CONNECTIONS_MAX];
};

static Connection *connection_free(Connection *c) {
        if (!c)
                return NULL;
        if (c->socket->connections[c->slot] == c)
                c->socket->connections[c->slot] = NULL;
        sd_event_source_disable_unref(c->io);
        sd_event_source_disable_unref(c->idle);
        request_free(c->request);
        varlink_free(c->varlink);
        closep(&c->pidfd);
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

static int connection_turn(Connection *c, uint32_t revents);

static void on_operated(const OperationAnswer *answer, void *userdata) {
        Connection *c = userdata;

        c->request = request_free(c->request);
        if (varlink_answer(c->varlink, answer) < 0 || connection_turn(c, 0) < 0)
                connection_free(c);
}

static int connection_operate(Connection *c) {
        OperationCaller caller = { .uid = c->uid, .pid = c->pid, .pidfd = c->pidfd };
        const OperationCall *call = varlink_operation(c->varlink, &caller.interactive);
        OperationAnswer answer;
        int r;

        if (!call || c->request)
                return 0;
        r = request_begin(c->socket->desk, &caller, call, on_operated, c, &answer, &c->request);
        return r > 0 ? varlink_answer(c->varlink, &answer) : r;
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
                r = connection_operate(c);
                if (r < 0)
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

static int connection_tell(Connection *c) {
        int r;

        if (!c->stale || connection_has_output(c))
                return 0;
        c->stale = false;
        r = varlink_tell(c->varlink);
        return r < 0 ? r : connection_flush(c);
}

/* The peer's time runs only while it is the peer's turn. */
static int connection_arm_idle(Connection *c) {
        bool ours = c->request || (varlink_watches(c->varlink) && !connection_has_output(c));
        int enabled, r = sd_event_source_get_enabled(c->idle, &enabled);

        if (r < 0)
                return r;
        if (ours)
                return sd_event_source_set_enabled(c->idle, SD_EVENT_OFF);
        if (enabled != SD_EVENT_OFF)
                return 0;
        r = sd_event_source_set_time_relative(c->idle, IDLE_US_MAX);
        return r < 0 ? r : sd_event_source_set_enabled(c->idle, SD_EVENT_ONESHOT);
}

/* Whether nothing is left to do for the peer. */
static bool connection_is_done(const Connection *c, uint32_t revents, bool more) {
        bool gone = revents & (EPOLLHUP | EPOLLERR);

        if (c->request)
                return gone;
        if (varlink_watches(c->varlink))
                return gone || c->end_of_input;
        return !more && (c->end_of_input || varlink_is_over(c->varlink));
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
        more = r > 0;
        r = connection_tell(c);
        if (r < 0)
                return r;
        more = more || connection_has_output(c);
        if (connection_is_done(c, revents, more))
                return -ESHUTDOWN;
        r = connection_arm_idle(c);
        if (r < 0)
                return r;
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
        *c = (Connection) {
                .socket = s, .slot = slot, .fd = TAKE_FD(owned), .uid = peer.uid, .pid = peer.pid, .pidfd = -1,
        };
        size = sizeof(c->pidfd);
        if (getsockopt(c->fd, SOL_SOCKET, SO_PEERPIDFD, &c->pidfd, &size) < 0)
                c->pidfd = -1;
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

static int on_tell(sd_event_source *source, uint64_t usec _unused_, void *userdata) {
        ControlSocket *s = userdata;

        sd_event_now(s->event, CLOCK_MONOTONIC, &s->told_us);
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
                if (s->connections[i] && s->connections[i]->stale && connection_turn(s->connections[i], 0) < 0)
                        connection_free(s->connections[i]);
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int tell_watch(ControlSocket *s) {
        bool changed[_PICTURE_ID_MAX];
        int r = sd_event_add_time(s->event, &s->tell, CLOCK_MONOTONIC, 0, 0, on_tell, s);

        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(s->tell, SD_EVENT_OFF);
        if (r < 0)
                return r;
        picture_compare(s->picture, &s->marks, changed);
        return sd_event_source_set_priority(s->tell, SOCKET_PRIORITY);
}

void control_socket_changed(ControlSocket *s) {
        bool changed[_PICTURE_ID_MAX], told = false, watched = false;

        picture_compare(s->picture, &s->marks, changed);
        for (PictureId id = 0; id < _PICTURE_ID_MAX; id++)
                told = told || (changed[id] && picture_is_told(id));
        for (size_t i = 0; told && i < CONNECTIONS_MAX; i++)
                if (s->connections[i] && varlink_watches(s->connections[i]->varlink))
                        watched = s->connections[i]->stale = true;
        if (!watched)
                return;
        /* Armed already, it is the same moment. */
        sd_event_source_set_time(s->tell, s->told_us + TELL_US_MIN);
        sd_event_source_set_enabled(s->tell, SD_EVENT_ONESHOT);
}

int control_socket_new(sd_event *event, int listen_fd, const ControlPicture *picture, RequestDesk *desk,
                       ControlSocket **ret) {
        _cleanup_(control_socket_freep) ControlSocket *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->event = sd_event_ref(event);
        s->picture = picture;
        s->desk = desk;
        r = tell_watch(s);
        if (r < 0)
                return r;
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
        sd_event_source_disable_unref(s->tell);
        sd_event_unref(s->event);
        free(s);
        return NULL;
}
