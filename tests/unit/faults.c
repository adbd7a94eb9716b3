/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

static unsigned calls_left, then_left, n_calls;
static bool hit, paused;

void fault_at_both(unsigned nth, unsigned then) {
        calls_left = nth;
        then_left = then;
        n_calls = 0;
        hit = false;
}

void fault_at(unsigned nth) {
        fault_at_both(nth, 0);
}

unsigned fault_calls(void) {
        return n_calls;
}

bool fault_was_hit(void) {
        return hit && calls_left == 0;
}

bool fault_is_due(void) {
        if (paused)
                return false;
        n_calls++;
        if (calls_left == 0 || --calls_left > 0)
                return false;
        calls_left = then_left;
        then_left = 0;
        return hit = true;
}

void fault_pause(bool pause) {
        paused = pause;
}

/* The linker's --wrap sends each call of NAME to __wrap_NAME, and __real_NAME is the one that was meant. Meson has files'
 * offsets be of 64 bits, which makes open() open64(), and so on. */
#define WRAP(type, name, parameters, arguments, failed, error) \
        type __real_##name parameters;                         \
        type __wrap_##name parameters;                         \
        type __wrap_##name parameters {                        \
                if (fault_is_due())                            \
                        return errno = (error), (failed);      \
                return __real_##name arguments;                \
        }

WRAP(void *, malloc, (size_t size), (size), NULL, ENOMEM)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL, ENOMEM)
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size), NULL, ENOMEM)
WRAP(char *, strdup, (const char *s), (s), NULL, ENOMEM)
WRAP(char *, strndup, (const char *s, size_t n), (s, n), NULL, ENOMEM)
WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL, ENOMEM)
WRAP(int, fflush, (FILE *file), (file), EOF, ENOSPC)
WRAP(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), -1, EIO)
WRAP(int, fstat64, (int fd, struct stat *st), (fd, st), -1, EIO)
WRAP(int, prctl, (int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d), (option, a, b, c, d), -1, EPERM)
WRAP(int, sd_id128_get_boot, (sd_id128_t *ret), (ret), -EIO, 0)
WRAP(int, sd_event_new, (sd_event **ret), (ret), -ENOMEM, 0)
WRAP(int, sd_event_loop, (sd_event *event), (event), -ENOMEM, 0)
WRAP(int, sd_event_add_signal, (sd_event *event, sd_event_source **ret, int sig, sd_event_signal_handler_t handler, void *userdata),
     (event, ret, sig, handler, userdata), -ENOMEM, 0)
WRAP(int, sd_event_add_time,
     (sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us, uint64_t accuracy_us, sd_event_time_handler_t handler,
      void *userdata),
     (event, ret, clock, us, accuracy_us, handler, userdata), -ENOMEM, 0)
WRAP(int, sd_event_add_inotify,
     (sd_event *event, sd_event_source **ret, const char *path, uint32_t mask, sd_event_inotify_handler_t handler, void *userdata),
     (event, ret, path, mask, handler, userdata), -ENOSPC, 0)
WRAP(int, sd_bus_new, (sd_bus **ret), (ret), -ENOMEM, 0)
WRAP(int, sd_bus_set_address, (sd_bus *bus, const char *address), (bus, address), -ENOMEM, 0)
WRAP(int, sd_bus_start, (sd_bus *bus), (bus), -ECONNREFUSED, 0)
WRAP(int, sd_bus_attach_event, (sd_bus *bus, sd_event *event, int priority), (bus, event, priority), -ENOMEM, 0)
WRAP(int, sd_bus_match_signal,
     (sd_bus *bus, sd_bus_slot **ret, const char *sender, const char *path, const char *interface, const char *member,
      sd_bus_message_handler_t handler, void *userdata),
     (bus, ret, sender, path, interface, member, handler, userdata), -ENOMEM, 0)

WRAP(int, sd_bus_set_bus_client, (sd_bus *bus, int yes), (bus, yes), -ENOMEM, 0)
WRAP(int, sd_bus_match_signal_async,
     (sd_bus *bus, sd_bus_slot **ret, const char *sender, const char *path, const char *interface, const char *member,
      sd_bus_message_handler_t handler, sd_bus_message_handler_t installed, void *userdata),
     (bus, ret, sender, path, interface, member, handler, installed, userdata), -ENOMEM, 0)
WRAP(int, sd_bus_add_match_async,
     (sd_bus *bus, sd_bus_slot **ret, const char *match, sd_bus_message_handler_t handler, sd_bus_message_handler_t installed,
      void *userdata),
     (bus, ret, match, handler, installed, userdata), -ENOMEM, 0)
WRAP(int, sd_bus_message_new_method_call,
     (sd_bus *bus, sd_bus_message **ret, const char *name, const char *path, const char *interface, const char *member),
     (bus, ret, name, path, interface, member), -ENOMEM, 0)
WRAP(int, sd_bus_message_set_auto_start, (sd_bus_message *m, int yes), (m, yes), -EPERM, 0)
WRAP(int, sd_bus_call_async,
     (sd_bus *bus, sd_bus_slot **ret, sd_bus_message *m, sd_bus_message_handler_t handler, void *userdata, uint64_t us),
     (bus, ret, m, handler, userdata, us), -ENOMEM, 0)
WRAP(int, sd_event_source_set_priority, (sd_event_source *s, int64_t priority), (s, priority), -ENOMEM, 0)

int __wrap_sd_bus_message_append(sd_bus_message *m, const char *types, ...);

int __wrap_sd_bus_message_append(sd_bus_message *m, const char *types, ...) {
        va_list ap;
        int r;

        if (fault_is_due())
                return -ENOMEM;
        va_start(ap, types);
        r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        return r;
}

int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

int __wrap_asprintf(char **ret, const char *format, ...) {
        va_list ap;
        int n;

        if (fault_is_due())
                return errno = ENOMEM, -1;
        va_start(ap, format);
        n = vasprintf(ret, format, ap);
        va_end(ap);
        return n;
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);

int __wrap_open64(const char *path, int flags, ...) {
        va_list ap;
        mode_t mode = 0;

        if (fault_is_due())
                return errno = EMFILE, -1;
        va_start(ap, flags);
        if (flags & O_CREAT)
                mode = va_arg(ap, mode_t);
        va_end(ap);
        return __real_open64(path, flags, mode);
}

int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...);

/* All commands that are used here take an argument: a pointer, or an int that fits into one. */
int __wrap_fcntl64(int fd, int command, ...) {
        va_list ap;
        void *argument;

        if (fault_is_due())
                return errno = ENOLCK, -1;
        va_start(ap, command);
        argument = va_arg(ap, void *);
        va_end(ap);
        return __real_fcntl64(fd, command, argument);
}
