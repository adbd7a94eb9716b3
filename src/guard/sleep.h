/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The machine's sleep (suspend, hibernation) as logind announces it on the system bus: a "delay" inhibitor makes it wait
 * until the guard has frozen its targets. https://systemd.io/INHIBITOR_LOCKS, org.freedesktop.login1(5).
 *
 * Best effort, and asynchronous throughout: without a bus or logind, or between two of them, nobody is told of a sleep. It is
 * tried again now and then, and nothing is said about it. logind is not started for this. */

#include <stdbool.h>
#include <systemd/sd-event.h>

typedef struct Sleep Sleep;

/* `sleeps`: the machine is about to sleep, and waits for sleep_allow() if it was in time; else it is awake again. */
typedef void (*SleepHandler)(bool sleeps, void *userdata);

/* Begins to inhibit. `priority` is the loop's, for all that comes over this bus. 0 or a negative errno; that nobody is there
 * to be asked is none. */
int sleep_new(sd_event *event, int priority, SleepHandler handler, void *userdata, Sleep **ret);
Sleep *sleep_free(Sleep *sleep);

/* Ends the inhibitor: the machine may sleep. */
void sleep_allow(Sleep *sleep);

/* Takes it again, unless it is there. */
void sleep_inhibit(Sleep *sleep);
