/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "clock-us.h"

static int connect_to(const char *path, int *ret) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct timeval limit = { .tv_sec = CALL_US_MAX / USEC_PER_SEC };
        _cleanup_close_ int fd = -1;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        /* It bounds connect(2) too, where the queue of a hung daemon is full. */
        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
                return -errno;
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return errno == EAGAIN ? -ETIME : -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

int varlink_connect(const char *socket_path, int *ret_fd) {
        _cleanup_close_ int fd = -1;
        int r = connect_to(socket_path, &fd);

        if (r < 0)
                return r;
        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int send_call(int fd, const char *method, json_object *parameters) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        ssize_t n;
        int r = varlink_format_call(method, parameters, false, &text);

        if (r < 0)
                return r;
        /* The terminating NUL is the message's end. Something this short fits into an empty buffer at once. */
        size = strlen(text) + 1;
        n = send(fd, text, size, MSG_NOSIGNAL);
        if (n < 0)
                return errno == EAGAIN ? -ETIME : -errno;
        return (size_t) n == size ? 0 : -EIO;
}

/* Waits until there is something to read. 0, -ETIME or another errno. */
static int wait_readable(int fd, usec_t deadline_us) {
        struct pollfd pollfd = { .fd = fd, .events = POLLIN };

        for (;;) {
                usec_t left_us = usec_sub(deadline_us, clock_us(CLOCK_MONOTONIC));
                int r = poll(&pollfd, 1, (int) (left_us / USEC_PER_MSEC));

                if (r > 0)
                        return 0;
                if (r == 0)
                        return -ETIME;
                if (errno != EINTR)
                        return -errno;
        }
}

/* Reads up to the first NUL byte. */
static int receive_answer(int fd, usec_t timeout_us, char **ret) {
        _cleanup_free_ char *answer = malloc(REPLY_SIZE_MAX);
        usec_t deadline_us = usec_add(clock_us(CLOCK_MONOTONIC), timeout_us);
        size_t size = 0;

        if (!answer)
                return -ENOMEM;
        while (size < REPLY_SIZE_MAX) {
                int r = wait_readable(fd, deadline_us);
                ssize_t n;

                if (r < 0)
                        return r;
                n = recv(fd, answer + size, REPLY_SIZE_MAX - size, 0);
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EBADMSG;
                size += (size_t) n;
                if (memchr(answer + size - n, '\0', (size_t) n)) {
                        *ret = TAKE_PTR(answer);
                        return 0;
                }
        }
        return -EBADMSG;
}

int varlink_ask(const char *socket_path, const char *method, json_object *parameters, usec_t timeout_us,
                VarlinkReply *ret) {
        _cleanup_free_ char *answer = NULL;
        _cleanup_close_ int fd = -1;
        int r;

        r = connect_to(socket_path, &fd);
        if (r < 0)
                return r;
        r = send_call(fd, method, parameters);
        if (r < 0)
                return r;
        r = receive_answer(fd, timeout_us, &answer);
        if (r < 0)
                return r;
        return varlink_parse_reply(answer, ret);
}

int varlink_call(const char *socket_path, const char *method, json_object **ret) {
        _cleanup_reply_ VarlinkReply reply = {};
        int r = varlink_ask(socket_path, method, NULL, CALL_US_MAX, &reply);

        if (r < 0)
                return r;
        if (reply.error)
                return -EREMOTEIO;
        *ret = TAKE_PTR(reply.parameters);
        return 0;
}
