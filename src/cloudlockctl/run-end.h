/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a command ended, and with which exit status "cloudlockctl run" does so. Pure. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "time-span.h"

/* As timeout(1), env(1) and shells have it. */
enum {
        EXIT_LOCK_GONE = 124,  /* the command was stopped, and not by us: the lock was lost or given up */
        EXIT_RUN_FAILED = 125, /* it was not run, or how it ended is not known */
        EXIT_NOT_EXECUTED = 126,
        EXIT_NOT_FOUND = 127,
};

/* As PID 1 knows it. Moments are of CLOCK_MONOTONIC, 0: it did not come to that. */
typedef struct RunEnd {
        int code, status;  /* of waitid(2) */
        usec_t started_us; /* the process was made */
        usec_t ended_us;   /* it ended */
        usec_t active_us;  /* the program was executed in it */
        usec_t left_us;    /* the unit left that state: before the process ended only if it was to stop */
} RunEnd;

/* 0 or a negative errno. */
int run_end_ask(sd_bus *bus, const char *unit, usec_t timeout_us, RunEnd *ret);

/* `stopped`: we had it stopped; `lost`: the lock is another's now, and whoever loses it is killed at once. */
int run_exit_status(const RunEnd *end, bool stopped, bool lost);
