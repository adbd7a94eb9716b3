/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "clock-us.h"
#include "time-span.h"

/* A daemon that lives answers in milliseconds; one that is being restarted takes a second or two. */
#define CALL_US_MAX (5 * USEC_PER_SEC)

/* A picture of one lock takes about 2 KiB. */
#define ANSWER_SIZE_MAX (256u * 1024)

#define ANSWER_DEPTH_MAX 16

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

static int send_call(int fd, const char *method) {
        _cleanup_json_ json_object *call = json_object_new_object();
        const char *text;
        size_t size;
        ssize_t n;

        if (!call || json_object_object_add(call, "method", json_object_new_string(method)) < 0)
                return -ENOMEM;
        text = json_object_to_json_string_ext(call, JSON_C_TO_STRING_PLAIN);
        if (!text)
                return -ENOMEM;
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
static int receive_answer(int fd, char **ret) {
        _cleanup_free_ char *answer = malloc(ANSWER_SIZE_MAX);
        usec_t deadline_us = usec_add(clock_us(CLOCK_MONOTONIC), CALL_US_MAX);
        size_t size = 0;

        if (!answer)
                return -ENOMEM;
        while (size < ANSWER_SIZE_MAX) {
                int r = wait_readable(fd, deadline_us);
                ssize_t n;

                if (r < 0)
                        return r;
                n = recv(fd, answer + size, ANSWER_SIZE_MAX - size, 0);
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

static int parse_answer(const char *text, json_object **ret) {
        struct json_tokener *tokener = json_tokener_new_ex(ANSWER_DEPTH_MAX);
        _cleanup_json_ json_object *answer = NULL;
        json_object *parameters;

        if (!tokener)
                return -ENOMEM;
        answer = json_tokener_parse_ex(tokener, text, (int) strlen(text) + 1);
        json_tokener_free(tokener);
        if (!json_object_is_type(answer, json_type_object))
                return -EBADMSG;
        if (json_object_object_get_ex(answer, "error", NULL))
                return -EREMOTEIO;
        if (!json_object_object_get_ex(answer, "parameters", &parameters) ||
            !json_object_is_type(parameters, json_type_object))
                return -EBADMSG;
        *ret = json_object_get(parameters);
        return 0;
}

int varlink_call(const char *socket_path, const char *method, json_object **ret) {
        _cleanup_free_ char *answer = NULL;
        _cleanup_close_ int fd = -1;
        int r;

        r = connect_to(socket_path, &fd);
        if (r < 0)
                return r;
        r = send_call(fd, method);
        if (r < 0)
                return r;
        r = receive_answer(fd, &answer);
        if (r < 0)
                return r;
        return parse_answer(answer, ret);
}
