/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon.h"

/* One clock interrupt's worth: a deadline is looked at again not before, whatever the core says. */
#define DEADLINE_US_MIN (1 * USEC_PER_MSEC)

static void arm(Daemon *daemon, const LockNow *now) {
        usec_t deadline_us = lock_deadline(daemon->lock), soonest_us = now->boot_us + DEADLINE_US_MIN;

        sd_event_source_set_time(daemon->deadline_timer, deadline_us > soonest_us ? deadline_us : soonest_us);
        sd_event_source_set_enabled(daemon->deadline_timer, SD_EVENT_ONESHOT);
}

static void step(Daemon *daemon, const LockEvent *event, LockNow *ret_now) {
        LockActions actions;

        read_clocks(ret_now);
        lock_step(daemon->lock, ret_now, event, &actions);
        perform(daemon, &actions);
}

void pump(Daemon *daemon, const LockEvent *event) {
        LockNow now;

        if (daemon->rehearsal)
                rehearsal_look(daemon);
        step(daemon, event, &now);
        /* What an action brought about at once (a file that can't be written) is an event of its own. */
        while (daemon->n_queued > 0) {
                LockEvent next = { .type = daemon->queued[--daemon->n_queued] };

                step(daemon, &next, &now);
        }
        arm(daemon, &now);
        tell(daemon, &now);
        host_follow(daemon, &now);
        if (!daemon->rehearsal)
                operations_follow(daemon, &now);
}

void pump_simple(Daemon *daemon, LockEventType type) {
        pump(daemon, &(LockEvent) { .type = type });
}
