/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PID 1 as far as the two units need it: jobs with delays, the condition, the bindings, the watchdog. */

#include "sim.h"

static bool down(UnitPhase phase) {
        return phase == UNIT_INACTIVE || phase == UNIT_FAILED;
}

static bool lease_good(const World *w, const Host *h) {
        LockNow now = host_now(w, h);

        return h->has_lease && !deadline_passed(h->lease.stop_boot_us, h->lease.stop_raw_us, &now);
}

/* D-Bus is quick, as a rule. */
static usec_t answer_us(World *w) {
        return chance(w, 50) ? draw_us(w, 0, 5 * USEC_PER_SEC) : draw_us(w, USEC_PER_MSEC, 20 * USEC_PER_MSEC);
}

static void look_for_daemon(World *w, Host *h, const Event *question) {
        Event *e = schedule(w, answer_us(w), EV_DAEMON_UNITS, h, question->generation);

        e->lock_event.type = LOCK_EVENT_UNITS;
        e->lock_event.units = (LockUnits) {
                .asked_boot_us = question->lock_event.units.asked_boot_us,
                .bound = true,
                .guard = h->guard_unit,
                .target = h->target_unit,
                .targets_down = down(h->target_unit),
                .job_pending = h->start_job || h->stop_job,
                .populated = h->populated,
                .stop_budget_us = w->budget_us,
        };
}

static void look_for_guard(World *w, Host *h, const Event *question) {
        schedule(w, answer_us(w), EV_GUARD_UNITS, h, question->generation)->guard_units =
                (GuardUnits) {
                        .asked_boot_us = question->guard_units.asked_boot_us,
                        .bound = true,
                        .down = down(h->target_unit),
                        .start_job_pending = h->start_job,
                        .stop_job_pending = h->stop_job,
                        .populated = h->populated,
                };
}

static void tell_job(World *w, Host *h, LockEventType type) {
        if (h->daemon_up)
                schedule(w, draw_us(w, USEC_PER_MSEC, 20 * USEC_PER_MSEC), EV_DAEMON_JOB, h, h->daemon)->lock_event.type = type;
}

static void start_guard(World *w, Host *h) {
        if (!down(h->guard_unit)) {
                tell_job(w, h, h->guard_unit == UNIT_ACTIVE ? LOCK_EVENT_GUARD_STARTED : LOCK_EVENT_GUARD_FAILED);
                return;
        }
        h->guard_unit = UNIT_ACTIVATING;
        h->start_job = true;
        h->stop_job = false;
        guard_begin(w, h, false);
}

static void guard_ready(World *w, Host *h) {
        if (h->guard_unit != UNIT_ACTIVATING)
                return;
        h->guard_unit = UNIT_ACTIVE;
        tell_job(w, h, LOCK_EVENT_GUARD_STARTED);
        h->target_unit = UNIT_ACTIVATING;
        schedule(w, draw_us(w, USEC_PER_MSEC, 300 * USEC_PER_MSEC), EV_PID1_CONDITION, h, ++h->target);
}

static void condition(World *w, Host *h, const Event *e) {
        if (e->generation != h->target || h->target_unit != UNIT_ACTIVATING)
                return;
        if (!h->permit || !lease_good(w, h)) {
                h->target_unit = UNIT_INACTIVE;
                h->start_job = false;
                return;
        }
        /* Between the condition and the program lies a moment in which the lease can end. */
        schedule(w, draw_us(w, USEC_PER_MSEC, 60 * USEC_PER_MSEC), EV_PID1_EXEC, h, h->target);
}

static void exec(World *w, Host *h, const Event *e) {
        if (e->generation != h->target || h->target_unit != UNIT_ACTIVATING)
                return;
        h->start_job = false;
        h->target_unit = UNIT_ACTIVE;
        h->populated = true;
        h->stubborn = chance(w, 2);
        w->statistics->starts++;
        w->statistics->takeovers += w->last_runner != h->id;
        w->last_runner = h->id;
        note(w, h, "THE TARGET RUNS");
        if (w->now_us < w->faults_until_us && chance(w, 30))
                schedule(w, draw_us(w, 0, 60 * USEC_PER_SEC), EV_TARGET_EXIT, h, h->target);
}

static void stop_target(World *w, Host *h) {
        if (h->target_unit == UNIT_DEACTIVATING || down(h->target_unit))
                return;
        h->start_job = false;
        h->target_unit = UNIT_DEACTIVATING;
        if (!h->populated) {
                schedule(w, draw_us(w, USEC_PER_MSEC, 50 * USEC_PER_MSEC), EV_PID1_TARGET_GONE, h, h->target);
                return;
        }
        if (!h->stubborn)
                schedule(w, draw_us(w, USEC_PER_MSEC, w->budget_us / 2), EV_TARGET_EXIT, h, h->target);
        /* TimeoutStopSec=: some units take longer than they should, so the guard has to step in. */
        schedule(w, w->budget_us + (chance(w, 4) ? draw_us(w, 0, 60 * USEC_PER_SEC) : 0), EV_PID1_TARGET_KILL, h, h->target);
}

/* After=: the target goes first, then the guard gets its SIGTERM. */
static void stop(World *w, Host *h) {
        if (down(h->guard_unit) && down(h->target_unit))
                return;
        h->stop_job = true;
        stop_target(w, h);
        if (down(h->target_unit) && h->guard_up && !h->guard.finishing)
                schedule(w, USEC_PER_MSEC, EV_GUARD_TERM, h, h->guard_run);
}

static void target_gone(World *w, Host *h, const Event *e) {
        if (e->generation != h->target)
                return;
        h->target_unit = h->stop_job || h->target_unit == UNIT_DEACTIVATING ? UNIT_INACTIVE : UNIT_FAILED;
        if (h->stop_job && h->guard_up && !h->guard.finishing)
                schedule(w, USEC_PER_MSEC, EV_GUARD_TERM, h, h->guard_run);
        if (h->stop_job && down(h->guard_unit))
                h->stop_job = false;
}

static void guard_gone(World *w, Host *h) {
        if (h->guard_up)
                return;
        if (h->guard.finishing || (h->guard_unit == UNIT_ACTIVATING && h->target_unit != UNIT_ACTIVE)) {
                bool started = h->guard_unit != UNIT_ACTIVATING;

                h->guard_unit = UNIT_INACTIVE;
                h->start_job = h->stop_job = false;
                if (!started)
                        tell_job(w, h, LOCK_EVENT_GUARD_FAILED);
                return;
        }
        /* BindsTo= stops the target, and ExecStopPost=--finish sees to its end. */
        h->guard_unit = UNIT_DEACTIVATING;
        stop_target(w, h);
        guard_begin(w, h, true);
}

static void watchdog(World *w, Host *h, const Event *e) {
        if (!h->guard_up || e->generation != h->guard_run || w->now_us < h->watchdog_us)
                return;
        note(w, h, "the watchdog kills the guard");
        guard_down(w, h);
}

/* Now and then the main process is gone and the unit inactive, yet something is left in the cgroup for a while. */
void target_exits(World *w, Host *h, bool killed) {
        if (killed || !chance(w, 8)) {
                h->populated = false;
                note(w, h, "the target is gone");
        } else {
                schedule(w, draw_us(w, 0, 100 * USEC_PER_SEC), EV_TARGET_EXIT, h, h->target);
                note(w, h, "the target's main process is gone, another one is left");
        }
        schedule(w, draw_us(w, USEC_PER_MSEC, 20 * USEC_PER_MSEC), EV_PID1_TARGET_GONE, h, h->target);
}

void pid1_event(World *w, Host *h, const Event *e) {
        if (e->kind == EV_PID1_LOOK_DAEMON)
                look_for_daemon(w, h, e);
        else if (e->kind == EV_PID1_LOOK_GUARD)
                look_for_guard(w, h, e);
        else if (e->kind == EV_PID1_START_GUARD && e->generation == h->boot)
                start_guard(w, h);
        else if (e->kind == EV_PID1_GUARD_READY && e->generation == h->guard_run)
                guard_ready(w, h);
        else if (e->kind == EV_PID1_CONDITION)
                condition(w, h, e);
        else if (e->kind == EV_PID1_EXEC)
                exec(w, h, e);
        else if (e->kind == EV_PID1_STOP && e->generation == h->boot)
                stop(w, h);
        else if (e->kind == EV_PID1_TARGET_KILL && e->generation == h->target && h->populated)
                target_exits(w, h, false);
        else if (e->kind == EV_PID1_TARGET_GONE)
                target_gone(w, h, e);
        else if (e->kind == EV_PID1_GUARD_GONE && e->generation == h->boot)
                guard_gone(w, h);
        else if (e->kind == EV_PID1_WATCHDOG)
                watchdog(w, h, e);
}
