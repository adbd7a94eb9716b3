/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PID 1 as far as the two units need it: jobs with delays, the condition, the bindings, the watchdog. */

#include "sim.h"

#define STOP_CALLS_MAX 8
#define RESTART_US (100 * USEC_PER_MSEC) /* RestartSec= */
#define BUS_SLOW_US_MAX (5 * USEC_PER_SEC)
#define JOB_STUCK_US_MAX (15 * USEC_PER_MINUTE)
#define BUS_STUCK_US_MAX (120 * USEC_PER_SEC)
#define EXEC_US_MAX (60 * USEC_PER_MSEC)

static bool down(UnitPhase phase) {
        return phase == UNIT_INACTIVE || phase == UNIT_FAILED;
}

/* Whether the condition's program, the shipped rule, lets the target start: src/guard/condition.c. */
static bool condition_holds(const World *w, const Host *h) {
        GuardNow now = host_guard_now(w, h);
        Lease lease = {
                .stop_boot_us = h->lease.stop_boot_us, .stop_raw_us = h->lease.stop_raw_us,
                .kill_boot_us = h->lease.kill_boot_us, .kill_raw_us = h->lease.kill_raw_us,
        };

        __builtin_memcpy(lease.boot_id, h->boot_id, sizeof(lease.boot_id));
        return h->has_lease && h->permit && lease_is_good(&lease, h->boot_id, &now);
}

/* D-Bus is quick, as a rule; now and then an answer waits behind something for longer than a lease lasts. */
static usec_t bus_us(World *w, Host *h) {
        if (!by_chance(w, h, w->plan->weather.bus_slow))
                return draw_us(&h->random, USEC_PER_MSEC, 20 * USEC_PER_MSEC);
        return draw_us(&h->random, 0, chance(&h->random, 3) ? BUS_STUCK_US_MAX : BUS_SLOW_US_MAX);
}

static void look(World *w, Host *h, const Event *question, Kind answer) {
        const Event e = {
                .picture = {
                        .asked_boot_us = question->picture.asked_boot_us,
                        .guard = (uint8_t) h->guard_unit, .target = (uint8_t) h->target_unit,
                        .guard_job = h->guard_job, .start_job = h->start_job, .stop_job = h->stop_job,
                        .populated = h->populated,
                        .bound = w->now_us >= h->unbound_until_us,
                        .refused = w->now_us < h->refused_until_us,
                        .oneshot = h->oneshot_done,
                },
        };

        schedule_event(w, bus_us(w, h), answer, h, question->generation, e);
}

static void tell_job(World *w, Host *h, LockEventType type) {
        usec_t in_us = by_chance(w, h, w->plan->weather.bus_slow) ? draw_us(&h->random, 0, JOB_STUCK_US_MAX) : bus_us(w, h);

        if (h->daemon_up)
                schedule_event(w, in_us, EV_DAEMON_HEARS, h, h->daemon, (Event) { .type = (uint8_t) type });
}

void tell_change(World *w, Host *h) {
        if (h->guard_up)
                schedule(w, bus_us(w, h), EV_GUARD_CHANGED, h, h->guard_run);
}

static void start_guard(World *w, Host *h) {
        if (!down(h->guard_unit)) {
                tell_job(w, h, h->guard_unit == UNIT_ACTIVE ? LOCK_EVENT_GUARD_STARTED : LOCK_EVENT_GUARD_FAILED);
                return;
        }
        if (h->guard_fails) {
                h->guard_fails = false;
                note(w, h, "the guard does not start");
                tell_job(w, h, LOCK_EVENT_GUARD_FAILED);
                return;
        }
        h->guard_unit = UNIT_ACTIVATING;
        h->guard_job = true;
        h->start_job = w->now_us >= h->unbound_until_us;
        h->stop_job = h->oneshot_done = false;
        guard_begin(w, h, false);
}

static void start_target(World *w, Host *h, usec_t in_us) {
        h->target_unit = UNIT_ACTIVATING;
        h->start_job = true;
        schedule(w, in_us, EV_PID1_CONDITION, h, ++h->target);
}

static void guard_ready(World *w, Host *h) {
        if (h->guard_unit != UNIT_ACTIVATING)
                return;
        h->guard_unit = UNIT_ACTIVE;
        h->guard_job = false;
        tell_job(w, h, LOCK_EVENT_GUARD_STARTED);
        /* Bound or not, Wants= of the guard pulls it in; but what lost its binding is not pulled in. */
        if (w->now_us >= h->unbound_until_us && !h->populated)
                start_target(w, h, draw_us(&h->random, USEC_PER_MSEC, 300 * USEC_PER_MSEC));
        else
                h->start_job = false;
}

/* By hand or by Restart=: Requisite= wants the guard active, and the condition is asked as always. */
static void start_by_hand(World *w, Host *h) {
        if (h->guard_unit == UNIT_ACTIVE && down(h->target_unit) && !h->populated && !h->stop_job)
                start_target(w, h, draw_us(&h->random, USEC_PER_MSEC, 20 * USEC_PER_MSEC));
}

static void condition(World *w, Host *h, const Event *e) {
        if (e->generation != h->target || h->target_unit != UNIT_ACTIVATING)
                return;
        if (!condition_holds(w, h)) {
                h->target_unit = UNIT_INACTIVE;
                h->start_job = false;
                return;
        }
        h->runs_label = h->lease_label;
        /* Between the condition and the program lies a moment in which the lease can end. */
        schedule(w, draw_us(&h->random, USEC_PER_MSEC, EXEC_US_MAX), EV_PID1_EXEC, h, h->target);
        if (h->late_exec && h->guard_stopped_until_us <= w->now_us)
                h->pid1_stopped_until_us = w->now_us + w->plan->lease_us * 2;
        h->late_exec = false;
}

static void exec(World *w, Host *h, const Event *e) {
        if (e->generation != h->target || h->target_unit != UNIT_ACTIVATING)
                return;
        h->start_job = h->oneshot_done = false;
        h->target_unit = UNIT_ACTIVE;
        h->populated = true;
        h->stubborn = chance(&h->random, 2);
        if (h->frozen) {
                note(w, h, "the target's program waits, frozen, to be killed");
                return;
        }
        w->statistics->starts++;
        w->statistics->takeovers += w->last_runner != h->id;
        w->last_runner = h->id;
        note(w, h, "THE TARGET RUNS");
        judge_start(w, h);
}

static void stop_target(World *w, Host *h) {
        usec_t late_us = 0;

        if (h->target_unit == UNIT_DEACTIVATING || down(h->target_unit))
                return;
        h->start_job = false;
        h->target_unit = UNIT_DEACTIVATING;
        if (!h->populated) {
                schedule(w, draw_us(&h->random, USEC_PER_MSEC, 50 * USEC_PER_MSEC), EV_PID1_TARGET_GONE, h, h->target);
                return;
        }
        if (!h->stubborn)
                schedule(w, draw_us(&h->random, USEC_PER_MSEC, w->plan->budget_us / 2), EV_TARGET_EXIT, h, h->target);
        /* TimeoutStopSec=: some units take longer than they should, so the guard has to step in. */
        if (by_chance(w, h, 4))
                late_us = draw_us(&h->random, 0, 60 * USEC_PER_SEC);
        schedule(w, w->plan->budget_us + late_us, EV_PID1_TARGET_KILL, h, h->target);
}

static void term_guard(World *w, Host *h) {
        /* A signal is pending once. */
        if (!h->guard_up || h->guard.finishing || h->term_pending)
                return;
        h->term_pending = true;
        schedule(w, USEC_PER_MSEC, EV_GUARD_TERM, h, h->guard_run);
}

/* snapshot.c: one picture at a time; who asks meanwhile gets another one. */
void call_look(World *w, Host *h, Kind kind) {
        Looks *looks = kind == EV_PID1_LOOK_GUARD ? &h->guard_looks : &h->daemon_looks;
        uint32_t generation = kind == EV_PID1_LOOK_GUARD ? h->guard_run : h->daemon;

        looks->again = looks->waits;
        if (looks->waits)
                return;
        looks->waits = true;
        schedule_event(w, draw_us(&h->random, USEC_PER_MSEC, 20 * USEC_PER_MSEC), kind, h, generation,
                       (Event) { .picture.asked_boot_us = host_now(w, h).boot_us });
}

/* polkit may take its time, and a call can get lost. PID 1 may hang meanwhile: then only so many wait for it. */
void call_stop(World *w, Host *h) {
        if (h->stop_calls >= STOP_CALLS_MAX || by_chance(w, h, w->plan->weather.call_lost))
                return;
        h->stop_calls++;
        schedule(w, draw_us(&h->random, USEC_PER_MSEC, 50 * USEC_PER_MSEC), EV_PID1_STOP, h, h->boot);
}

/* After=: the target goes first, then the guard gets its SIGTERM. */
static void stop(World *w, Host *h) {
        if (down(h->guard_unit) && down(h->target_unit))
                return;
        h->stop_job = true;
        h->guard_job = h->start_job = false;
        stop_target(w, h);
        if (down(h->target_unit))
                term_guard(w, h);
}

static void target_gone(World *w, Host *h, const Event *e) {
        if (e->generation != h->target || down(h->target_unit))
                return;
        if (w->plan->restarts && !h->stop_job && !h->oneshot_done && h->target_unit == UNIT_ACTIVE &&
            h->guard_unit == UNIT_ACTIVE) {
                /* Restart=: through the condition, like every start, and maybe beside what was left behind. */
                start_target(w, h, RESTART_US);
                return;
        }
        h->target_unit = h->stop_job || h->target_unit == UNIT_DEACTIVATING || h->oneshot_done ? UNIT_INACTIVE : UNIT_FAILED;
        if (h->stop_job)
                term_guard(w, h);
        if (h->stop_job && down(h->guard_unit))
                h->stop_job = false;
        tell_change(w, h);
}

static void guard_gone(World *w, Host *h) {
        if (h->guard_up)
                return;
        if (h->guard.finishing || (h->guard_unit == UNIT_ACTIVATING && h->target_unit != UNIT_ACTIVE)) {
                bool started = h->guard_unit != UNIT_ACTIVATING;

                h->guard_unit = UNIT_INACTIVE;
                h->guard_job = h->start_job = h->stop_job = false;
                if (!started)
                        tell_job(w, h, LOCK_EVENT_GUARD_FAILED);
                return;
        }
        /* BindsTo= stops the target, and ExecStopPost=--finish sees to its end. */
        h->guard_unit = UNIT_DEACTIVATING;
        stop_target(w, h);
        guard_begin(w, h, true);
}

/* One event is under way at a time: a ping moves the deadline, and the event moves after it. */
static void watchdog(World *w, Host *h, const Event *e) {
        if (!h->guard_up || e->generation != h->guard_run)
                return;
        h->watchdog_pending_us = 0;
        if (w->now_us >= h->watchdog_us) {
                note(w, h, "the watchdog kills the guard");
                guard_down(w, h);
                return;
        }
        h->watchdog_pending_us = h->watchdog_us;
        schedule(w, h->watchdog_us - w->now_us, EV_PID1_WATCHDOG, h, h->guard_run);
}

/* Now and then the main process is gone and the unit inactive, yet something is left in the cgroup for a while. */
void target_exits(World *w, Host *h, bool killed) {
        if (w->now_us < h->unkillable_until_us) {
                schedule(w, h->unkillable_until_us - w->now_us, EV_TARGET_EXIT, h, h->target);
                return;
        }
        /* What the original leaves behind of its program, it does not see: that is its own. */
        if (killed || h->original || !by_chance(w, h, w->plan->weather.straggler)) {
                h->populated = false;
                note(w, h, "the target is gone");
        } else {
                schedule(w, draw_us(&h->random, 0, 100 * USEC_PER_SEC), EV_TARGET_EXIT, h, h->target);
                note(w, h, "the target's main process is gone, another one is left");
        }
        if (h->original)
                original_target_gone(w, h);
        else
                schedule(w, draw_us(&h->random, USEC_PER_MSEC, 20 * USEC_PER_MSEC), EV_PID1_TARGET_GONE, h, h->target);
}

static void reach_unit(World *w, Host *h, const Event *e) {
        switch (e->kind) {
        case EV_PID1_START_GUARD:
                start_guard(w, h);
                break;
        case EV_PID1_START_TARGET:
                start_by_hand(w, h);
                break;
        case EV_PID1_STOP:
                h->stop_calls--;
                stop(w, h);
                break;
        case EV_PID1_GUARD_GONE:
                guard_gone(w, h);
                break;
        default:
                break;
        }
}

void pid1_event(World *w, Host *h, const Event *e) {
        switch (e->kind) {
        case EV_PID1_LOOK_DAEMON:
                look(w, h, e, EV_DAEMON_UNITS);
                break;
        case EV_PID1_LOOK_GUARD:
                look(w, h, e, EV_GUARD_UNITS);
                break;
        case EV_PID1_GUARD_READY:
                if (e->generation == h->guard_run)
                        guard_ready(w, h);
                break;
        case EV_PID1_CONDITION:
                condition(w, h, e);
                break;
        case EV_PID1_EXEC:
                exec(w, h, e);
                break;
        case EV_PID1_TARGET_KILL:
                if (e->generation == h->target && h->populated)
                        target_exits(w, h, false);
                break;
        case EV_PID1_TARGET_GONE:
                target_gone(w, h, e);
                break;
        case EV_PID1_WATCHDOG:
                watchdog(w, h, e);
                break;
        default:
                if (e->generation == h->boot)
                        reach_unit(w, h, e);
                break;
        }
}
