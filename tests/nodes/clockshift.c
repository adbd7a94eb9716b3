/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LD_PRELOAD for one program of a test: its CLOCK_REALTIME is off by what a file says.
 *
 * Wall clocks have no namespace, and libfaketime breaks sd-event's timers; so this shifts only
 * what is asked for by CLOCK_REALTIME and leaves elapsed time alone. The file named by
 * CLOCKSHIFT_FILE holds one native int64, nanoseconds; it is mapped, so that a test can change it
 * while the program runs.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

static const volatile int64_t *offset_ns;

__attribute__((constructor)) static void map_offset(void) {
        const char *path = getenv("CLOCKSHIFT_FILE");
        void *map;
        int fd;

        if (!path)
                return;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return;
        map = mmap(NULL, sizeof(*offset_ns), PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        if (map != MAP_FAILED)
                offset_ns = map;
}

static int64_t shifted_ns(void) {
        struct timespec now = {};

        syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
        return now.tv_sec * NS_PER_S + now.tv_nsec + (offset_ns ? *offset_ns : 0);
}

int clock_gettime(clockid_t clock, struct timespec *ret) {
        int64_t now;

        if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
                return (int) syscall(SYS_clock_gettime, clock, ret);
        now = shifted_ns();
        *ret = (struct timespec) { .tv_sec = now / NS_PER_S, .tv_nsec = now % NS_PER_S };
        return 0;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone) {
        int64_t now = shifted_ns();

        (void) zone;
        *ret = (struct timeval) { .tv_sec = now / NS_PER_S, .tv_usec = now % NS_PER_S / 1000 };
        return 0;
}

time_t time(time_t *ret) {
        time_t now = shifted_ns() / NS_PER_S;

        if (ret)
                *ret = now;
        return now;
}
