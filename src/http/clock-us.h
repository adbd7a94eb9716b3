/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A clock's reading, for what waits on the event loop. */

#include <time.h>

#include "time-span.h"

static inline usec_t clock_us(clockid_t clock) {
        struct timespec ts;

        clock_gettime(clock, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}
