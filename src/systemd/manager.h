/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What PID 1 knows of the machine rather than of a unit, as values: read out of an answer to
 * org.freedesktop.DBus.Properties.GetAll() of its manager. org.freedesktop.systemd1(5). Nothing is judged here. */

#include <systemd/sd-bus.h>

#include "cleanup.h"
#include "watchdog.h"

typedef struct ManagerFacts {
        char *watchdog_device; /* NULL or "": PID 1 opened none */
        char *virtualization;  /* "" on bare metal */
        bool tells_ping;
        usec_t runtime_watchdog_us, watchdog_pinged_mono_us;
        usec_t watchdog_device_us; /* by the kernel; 0: not told */
} ManagerFacts;

/* Frees what it holds and leaves it empty; takes an empty one. */
void manager_facts_done(ManagerFacts *facts);
#define _cleanup_manager_facts_ _cleanup_(manager_facts_done)

/* The question, not yet sent. 0 or a negative errno. */
int manager_facts_question(sd_bus *bus, sd_bus_message **ret);

/* From the answer, and from what the kernel says of the watchdog. 0 or a negative errno. */
int manager_facts_read(sd_bus_message *answer, ManagerFacts *ret);

/* Asks and waits: for commands only, never in an event loop. 0 or a negative errno; -ETIMEDOUT after `timeout_us`. */
int manager_facts_ask(sd_bus *bus, usec_t timeout_us, ManagerFacts *ret);

/* Borrows from `facts`. */
WatchdogFacts manager_watchdog(const ManagerFacts *facts);
