/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The hardware watchdog that PID 1 feeds, and whether it answers in time: pure, and told everything. A machine that hangs
 * while its target may run, that is before stop_at, is to be reset before its lease is over; from stop_at to the end of the
 * lease it is the stop budget and the kill margin (time-limits.h). So that is how long the watchdog may wait. */

#include <stdbool.h>
#include <stddef.h>

#include "time-span.h"

/* As PID 1 and the kernel tell it. Text is borrowed. */
typedef struct WatchdogFacts {
        const char *device;       /* that PID 1 opened; NULL or "": none */
        usec_t runtime_us;        /* RuntimeWatchdogSec=; 0: off; USEC_INFINITY: whatever the device is set to */
        usec_t device_us;         /* what the device is set to by the kernel; 0: it does not tell */
        bool tells_ping;          /* this systemd says when it fed it last */
        usec_t pinged_mono_us;    /* CLOCK_MONOTONIC; 0 or USEC_INFINITY: never */
} WatchdogFacts;

typedef enum WatchdogState {
        WATCHDOG_FED,
        WATCHDOG_OFF,       /* RuntimeWatchdogSec= is off */
        WATCHDOG_NO_DEVICE, /* on, and there is none that PID 1 could open */
        WATCHDOG_UNTOLD,    /* this systemd does not say when it fed it, or nobody knows the timeout */
        WATCHDOG_UNFED,     /* never fed, or not within its timeout */
} WatchdogState;

/* Goes by the last ping: configuration alone is no watchdog. */
WatchdogState watchdog_state(const WatchdogFacts *facts, usec_t now_mono_us);

/* After how long without being fed it resets the machine, in whole seconds, as watchdogs count; USEC_INFINITY: unknown. */
usec_t watchdog_timeout_us(const WatchdogFacts *facts);

/* The longest such time that ends before a lease does whose target takes `stop_budget_us` to stop. */
usec_t watchdog_timeout_us_max(usec_t stop_budget_us);

/* Says why it does not do, with the arithmetic and the remedy, and returns true; false and nothing said when it does.
 * stop_budget_us USEC_INFINITY (the units set no limit): only whether it is fed. */
bool watchdog_refuses(const WatchdogFacts *facts, usec_t now_mono_us, usec_t stop_budget_us, char *buf, size_t size);
