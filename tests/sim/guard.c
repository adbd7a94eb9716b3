/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What cloudlock-guard does around its core: src/guard/guard.c and perform.c. */

#include <string.h>

#include "sim.h"

#define PID1_SILENT_US USEC_PER_SEC /* perform.c */

#define REBOOT_US (20 * USEC_PER_SEC) /* how long a machine is away that reboots itself */

/* Once PID 1 has been silent, what it starts when it goes on is to be frozen; until then the kill has to do. */
static void kill_target(World *w, Host *h) {
        h->frozen |= w->now_us >= h->pid1_heard_us + PID1_SILENT_US;
        if (!h->populated)
                return;
        if (w->now_us < h->unkillable_until_us) {
                note(w, h, "the guard kills, in vain");
                return;
        }
        note(w, h, "the guard kills");
        target_exits(w, h, true);
}

/* A watchdog that bites when it is too late would be none; a second is its least. */
static void arm_watchdog(World *w, Host *h, usec_t for_us) {
        const Lease *lease = &h->guard.deadline;
        usec_t limit_us = true_time_us(w, h, h->guard.phase <= GUARD_RUNNING ? lease->stop_boot_us : lease->kill_boot_us);

        if (for_us > USEC_PER_SEC && w->now_us + for_us > limit_us)
                violate(w, h, INVARIANT_WATCHDOG_LATE, "the watchdog bites after the deadline");
        if (h->guard.finishing)
                return; /* PID 1 watches no ExecStopPost= */
        h->watchdog_us = w->now_us + for_us;
        if (h->watchdog_pending_us != 0 && h->watchdog_pending_us <= h->watchdog_us)
                return;
        h->watchdog_pending_us = h->watchdog_us;
        schedule(w, for_us, EV_PID1_WATCHDOG, h, h->guard_run);
}

static void perform(World *w, Host *h, const GuardAction *action) {
        switch (action->type) {
        case GUARD_ACTION_PERMIT:
                h->permit = true;
                h->frozen = false;
                schedule(w, draw_us(&h->random, USEC_PER_MSEC, 10 * USEC_PER_MSEC), EV_PID1_GUARD_READY, h, h->guard_run);
                break;
        case GUARD_ACTION_FORBID:
                h->permit = false;
                break;
        case GUARD_ACTION_WATCHDOG:
                arm_watchdog(w, h, action->watchdog_us);
                break;
        case GUARD_ACTION_STOP:
                call_stop(w, h);
                break;
        case GUARD_ACTION_KILL:
                kill_target(w, h);
                break;
        case GUARD_ACTION_FREEZE:
                note(w, h, "the guard freezes the target before a sleep");
                h->frozen = true;
                break;
        case GUARD_ACTION_THAW:
                h->frozen = false;
                break;
        case GUARD_ACTION_LET_SLEEP:
                break;
        case GUARD_ACTION_STUCK:
                note(w, h, "the guard finds that what is left can't be killed");
                break;
        case GUARD_ACTION_REBOOT:
                if (w->now_us < h->pid1_stopped_until_us)
                        break;
                h->off_for_us = REBOOT_US;
                power_off(w, h);
                break;
        case GUARD_ACTION_LOOK:
                call_look(w, h, EV_PID1_LOOK_GUARD);
                break;
        case GUARD_ACTION_EXIT:
                if (h->populated)
                        violate(w, h, INVARIANT_GUARD_LEFT, "the guard ends while the target's cgroup is populated");
                h->frozen = false;
                guard_down(w, h);
                break;
        }
}

static void guard_event(World *w, Host *h, const GuardEvent *event) {
        GuardNow now = host_guard_now(w, h);
        GuardActions actions;
        uint32_t run = h->guard_run;
        GuardPhase phase;

        w->statistics->guard_steps++;
        w->statistics->guard_reached[h->guard.phase][event->type]++;
        phase = h->guard.phase;
        guard_step(&h->guard, &now, event, &actions);
        if (h->guard.phase != phase)
                h->pid1_heard_us = w->now_us;
        judge_guard(w, h);
        for (size_t i = 0; i < actions.n && h->guard_run == run; i++) {
                if (guard_may_suffer(w, h) && by_chance(w, h, w->plan->weather.crash * 4)) {
                        note(w, h, "the guard crashes between two actions");
                        guard_down(w, h);
                        return;
                }
                perform(w, h, &actions.list[i]);
        }
        if (h->guard_run == run)
                h->guard_due_us = true_time_us(w, h, guard_deadline(&h->guard, &now));
}

static void read_lease(World *w, Host *h) {
        GuardEvent event;

        event.type = GUARD_EVENT_LEASE;
        event.read = h->has_lease ? GUARD_READ_LEASE : GUARD_READ_MISSING;
        memcpy(event.lease.boot_id, h->boot_id, sizeof(event.lease.boot_id));
        strcpy(event.lease.lock_id, h->lease_label ? "1111111111111111" : "0000000000000000");
        strcpy(event.lease.holder, "x");
        event.lease.stop_boot_us = h->lease.stop_boot_us;
        event.lease.stop_raw_us = h->lease.stop_raw_us;
        event.lease.kill_boot_us = h->lease.kill_boot_us;
        event.lease.kill_raw_us = h->lease.kill_raw_us;
        event.lease.fence = h->lease.fence;
        event.populated = h->guard.phase == GUARD_KILLING && h->populated;
        guard_event(w, h, &event);
}

static void see_units(World *w, Host *h, const Picture *picture) {
        GuardEvent event;

        event.type = GUARD_EVENT_UNITS;
        event.units = (GuardUnits) {
                .asked_boot_us = picture->asked_boot_us,
                .bound = picture->bound,
                .down = picture->target == UNIT_INACTIVE || picture->target == UNIT_FAILED,
                .start_job_pending = picture->start_job,
                .stop_job_pending = picture->stop_job || picture->target != UNIT_ACTIVE,
                .populated = picture->populated,
        };
        guard_event(w, h, &event);
}

void guard_hears(World *w, Host *h, const Event *e) {
        GuardEvent event;

        if (!h->guard_up || (e->kind != EV_GUARD_TICK && e->generation != h->guard_run))
                return;
        switch (e->kind) {
        case EV_GUARD_TICK:
        case EV_GUARD_FILE:
                read_lease(w, h);
                break;
        case EV_GUARD_UNITS:
                h->guard_looks.waits = false;
                h->pid1_heard_us = w->now_us;
                see_units(w, h, &e->picture);
                if (h->guard_looks.again && h->guard_up)
                        call_look(w, h, EV_PID1_LOOK_GUARD);
                break;
        default:
                h->term_pending &= e->kind != EV_GUARD_TERM;
                event.type = e->kind == EV_GUARD_TERM ? GUARD_EVENT_TERM : GUARD_EVENT_CHANGED;
                guard_event(w, h, &event);
                break;
        }
}

/* By logind. */
void guard_told_of_sleep(World *w, Host *h, bool sleeps) {
        GuardEvent event;

        if (!h->guard_up || w->now_us < h->guard_stopped_until_us)
                return;
        event.type = sleeps ? GUARD_EVENT_SLEEP : GUARD_EVENT_WAKE;
        guard_event(w, h, &event);
}

void guard_begin(World *w, Host *h, bool finishing) {
        note(w, h, finishing ? "the guard's --finish begins" : "the guard begins");
        h->guard_up = true;
        h->guard_looks = (Looks) {};
        h->permit = h->term_pending = false;
        h->guard_run++;
        h->guard_stopped_until_us = h->watchdog_pending_us = 0;
        guard_init(&h->guard, h->boot_id, finishing, true, w->plan->seed % 2 == 0); /* cloudlock_on_stuck= of all hosts */
        h->guard_due_us = w->now_us + draw_us(&h->random, USEC_PER_MSEC, 20 * USEC_PER_MSEC);
}

/* The process is gone, whatever the reason; PID 1 hears of it. */
void guard_down(World *w, Host *h) {
        note(w, h, "the guard is gone");
        h->guard_up = h->permit = false;
        h->guard_run++;
        h->guard_due_us = USEC_INFINITY;
        schedule(w, draw_us(&h->random, USEC_PER_MSEC, 20 * USEC_PER_MSEC), EV_PID1_GUARD_GONE, h, h->boot);
}
