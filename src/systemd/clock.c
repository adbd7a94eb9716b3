/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock.h"

#include <time.h>

/* Four readings that took longer than this were interrupted, and their differences are off by as much. */
#define READING_US_MAX 200
#define READINGS_MAX 5

static usec_t read_clock_us(clockid_t id) {
        struct timespec ts;

        clock_gettime(id, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

Clocks clocks_now(void) {
        Clocks clocks;

        for (unsigned i = 0; i < READINGS_MAX; i++) {
                clocks.boot_us = read_clock_us(CLOCK_BOOTTIME);
                clocks.mono_us = read_clock_us(CLOCK_MONOTONIC);
                clocks.raw_us = read_clock_us(CLOCK_MONOTONIC_RAW);
                clocks.wall_us = read_clock_us(CLOCK_REALTIME);
                if (read_clock_us(CLOCK_BOOTTIME) - clocks.boot_us <= READING_US_MAX)
                        break;
        }
        return clocks;
}
