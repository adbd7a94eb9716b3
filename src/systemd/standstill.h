/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether this machine stood still with all its clocks, as a paused virtual machine does: by how far a clock that the host
 * gives has moved, and how far CLOCK_BOOTTIME has. Pure: looks are handed in, one after the other. */

#include <stdbool.h>
#include <stdint.h>

#include "time-span.h"

/* A shorter standstill is not told from clocks that are set right: the RTC counts whole seconds, so that two looks at it may
 * be off by one, and host and guest slew their clocks, by up to 8 % (chrony) of STANDSTILL_BASE_US. Less than the kill
 * margin, which keeps hosts apart through a shorter one even with no gap. */
#define STANDSTILL_US_MIN (3 * USEC_PER_SEC)

/* How long one look is what later ones are compared with, so that several short standstills add up. */
#define STANDSTILL_BASE_US (20 * USEC_PER_SEC)

/* One look. */
typedef struct HostLook {
        bool has_marker, has_time;
        uint64_t marker; /* another one after each disruption of the machine's clocks (vmclock) */
        usec_t host_us;  /* the host's clock, from an epoch of its own */
        /* CLOCK_BOOTTIME just before and just after that was read, which may have taken its time. */
        usec_t before_boot_us, after_boot_us;
} HostLook;

/* What looks are compared with. All zero: nothing yet. */
typedef struct Standstill {
        HostLook base;
} Standstill;

/* How long the machine has stood still since the looks before; 0: it has not, as far as can be told; USEC_INFINITY: it has,
 * and nobody says for how long. No less than this: what a look took is not counted. */
usec_t standstill_look(Standstill *standstill, const HostLook *look);
