/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The four clocks at one moment. What they mean for a lease is decided elsewhere. */

#include "time-span.h"

typedef struct Clocks {
        usec_t boot_us; /* CLOCK_BOOTTIME: counts suspend; chrony may slew it */
        usec_t mono_us; /* CLOCK_MONOTONIC */
        usec_t raw_us;  /* CLOCK_MONOTONIC_RAW: not slewed, does not count suspend */
        usec_t wall_us; /* CLOCK_REALTIME */
} Clocks;

Clocks clocks_now(void);

/* RAW plus the time suspended: the second of the two elapsed-time clocks that a lease's deadlines are kept on. */
static inline usec_t clocks_raw_elapsed_us(const Clocks *clocks) {
        return clocks->raw_us + usec_sub(clocks->boot_us, clocks->mono_us);
}
