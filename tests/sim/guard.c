/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What cloudlock-guard does around its core. */

#include <stdio.h>
#include <string.h>

#include "sim.h"

static GuardNow guard_now(const World *w, const Host *h) {
        LockNow now = host_now(w, h);

        return (GuardNow) { .boot_us = now.boot_us, .raw_us = now_raw_suspend_us(&now) };
}

static void boot_id(const Host *h, char id[ID128_TEXT_SIZE]) {
        snprintf(id, ID128_TEXT_SIZE, "%032llu", (unsigned long long) h->boot);
}

static void perform(World *w, Host *h, const GuardAction *action) {
        switch (action->type) {
        case GUARD_ACTION_PERMIT:
                h->permit = true;
                schedule(w, draw_us(w, USEC_PER_MSEC, 10 * USEC_PER_MSEC), EV_PID1_GUARD_READY, h, h->guard_run);
                break;
        case GUARD_ACTION_FORBID:
                h->permit = false;
                break;
        case GUARD_ACTION_WATCHDOG:
                if (h->guard.finishing)
                        break; /* PID 1 watches no ExecStopPost= */
                h->watchdog_us = w->now_us + action->watchdog_us;
                schedule(w, action->watchdog_us, EV_PID1_WATCHDOG, h, h->guard_run);
                break;
        case GUARD_ACTION_STOP:
                if (!chance(w, 20))
                        schedule(w, draw_us(w, USEC_PER_MSEC, 20 * USEC_PER_MSEC), EV_PID1_STOP, h, h->boot);
                break;
        case GUARD_ACTION_KILL:
                if (h->populated) {
                        note(w, h, "the guard kills");
                        target_exits(w, h, true);
                }
                break;
        case GUARD_ACTION_LOOK:
                schedule(w, draw_us(w, USEC_PER_MSEC, 20 * USEC_PER_MSEC), EV_PID1_LOOK_GUARD, h, h->guard_run)
                        ->guard_units.asked_boot_us = host_now(w, h).boot_us;
                break;
        case GUARD_ACTION_EXIT:
                guard_down(w, h);
                break;
        }
}

void guard_event(World *w, Host *h, const GuardEvent *event) {
        GuardNow now = guard_now(w, h);
        GuardActions actions;
        usec_t deadline_us;

        w->statistics->guard_steps++;
        guard_step(&h->guard, &now, event, &actions);
        for (size_t i = 0; i < actions.n; i++)
                perform(w, h, &actions.list[i]);
        if (!h->guard_up)
                return;
        /* Ticks without a number (the file changed) are never void. */
        deadline_us = guard_deadline(&h->guard, &now);
        schedule(w, deadline_us - now.boot_us, EV_GUARD_TICK, h, h->guard_run)->request = ++h->guard_tick;
}

void guard_reads_lease(World *w, Host *h) {
        GuardEvent event = { .type = GUARD_EVENT_LEASE, .read = h->has_lease ? GUARD_READ_LEASE : GUARD_READ_MISSING };

        boot_id(h, event.lease.boot_id);
        strcpy(event.lease.lock_id, "0123456789abcdef");
        strcpy(event.lease.holder, "x");
        event.lease.stop_boot_us = h->lease.stop_boot_us;
        event.lease.stop_raw_us = h->lease.stop_raw_us;
        event.lease.kill_boot_us = h->lease.kill_boot_us;
        event.lease.kill_raw_us = h->lease.kill_raw_us;
        event.lease.fence = h->lease.fence;
        guard_event(w, h, &event);
}

void guard_begin(World *w, Host *h, bool finishing) {
        char id[ID128_TEXT_SIZE];

        boot_id(h, id);
        h->guard_up = true;
        h->permit = false;
        h->guard_run++;
        h->guard_paused_us = 0;
        guard_init(&h->guard, id, finishing);
        note(w, h, finishing ? "the guard's --finish begins" : "the guard begins");
        schedule(w, draw_us(w, USEC_PER_MSEC, 20 * USEC_PER_MSEC), EV_GUARD_TICK, h, h->guard_run);
}

/* The process is gone, whatever the reason; PID 1 hears of it. */
void guard_down(World *w, Host *h) {
        note(w, h, "the guard is gone");
        h->guard_up = h->permit = false;
        h->guard_run++;
        schedule(w, draw_us(w, USEC_PER_MSEC, 20 * USEC_PER_MSEC), EV_PID1_GUARD_GONE, h, h->boot);
}
