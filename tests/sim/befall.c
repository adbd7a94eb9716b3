/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every fault there is, by name: what it does when it begins. Guard and PID 1 of a host are never both taken away, unless
 * that is what is to be measured: the pair is not promised. */

#include <stdio.h>
#include <string.h>

#include "sim.h"

#define LONG_SPOILED_MS INT64_C(8640000000) /* 100 days */
#define DRIFT_PPM (-10000)
#define RELOAD_US_MAX (2 * USEC_PER_SEC)

bool guard_may_suffer(const World *w, const Host *h) {
        return h->guard_up && !h->guard.finishing && h->pid1_stopped_until_us <= w->now_us;
}

static bool pid1_may_suffer(const World *w, const Host *h) {
        return h->guard_stopped_until_us <= w->now_us &&
               (h->guard_up ? !h->guard.finishing : h->guard_unit == UNIT_INACTIVE);
}

static usec_t end_of(const World *w, const Fault *f) {
        return w->now_us + f->for_us;
}

static void cut_requests(World *w, Host *h, const Fault *f) {
        h->requests_cut_until_us = end_of(w, f);
}

static void cut_answers(World *w, Host *h, const Fault *f) {
        h->answers_cut_until_us = end_of(w, f);
}

static void cut(World *w, Host *h, const Fault *f) {
        cut_requests(w, h, f);
        cut_answers(w, h, f);
}

static void slow(World *w, Host *h, const Fault *f) {
        h->slow_until_us = end_of(w, f);
}

static void store_down(World *w, Host *h, const Fault *f) {
        (void) h;
        w->store_down_until_us = end_of(w, f);
}

static void throttled(World *w, Host *h, const Fault *f) {
        (void) h;
        w->throttled_until_us = end_of(w, f);
}

static void fails_after(World *w, Host *h, const Fault *f) {
        (void) h;
        w->fails_after_until_us = end_of(w, f);
}

static void date_off(World *w, Host *h, const Fault *f) {
        int64_t amount = f->amount < 0 ? -f->amount : f->amount;

        (void) h;
        w->date_off_us = f->amount;
        w->date_until_us = end_of(w, f);
        if (w->date_off_us_max < amount)
                w->date_off_us_max = amount;
}

static void deleted(World *w, Host *h, const Fault *f) {
        Item *item = &w->items[h->leads.label];

        (void) f;
        item->there = item->unclear = item->by_hand = false;
        w->deleted_by_hand = true;
}

static void spoiled(World *w, Host *h, const Fault *f) {
        Item *item = &w->items[h->leads.label];
        Record *record = &item->record;
        int64_t now_ms = store_clock_us(w) / 1000;

        if (!item->there)
                *record = (Record) {
                        .is_ours_by_shape = true, .holder = "by#hand", .host = "0", .boot = "0", .lease_ms = 60000,
                        .start_time_ms = now_ms, .expire_time_ms = now_ms + 60000,
                };
        item->there = item->by_hand = w->deleted_by_hand = true;
        item->applied_us = w->now_us;
        snprintf(record->version, sizeof(record->version), "by-hand-%llu", (unsigned long long) w->now_us);
        if (f->amount == 0)
                record->expire_time_ms += LONG_SPOILED_MS;
        else if (f->amount == 1)
                record->start_time_ms = -record->start_time_ms;
        else
                record->lease_ms = f->amount == 2 ? 1 : LONG_SPOILED_MS;
}

static void unclear(World *w, Host *h, const Fault *f) {
        Item *item = &w->items[h->leads.label];

        (void) f;
        item->there = item->unclear = item->by_hand = w->deleted_by_hand = true;
}

static void table_refused(World *w, Host *h, const Fault *f) {
        w->table_refused_until_us = end_of(w, f);
        hear(w, h, LOCK_EVENT_TABLE);
}

static void wall_clock_set(World *w, Host *h, const Fault *f) {
        set_wall_clock(w, h, f->amount);
}

static void slewed(World *w, Host *h, const Fault *f) {
        clock_slew(w, h, f->amount);
}

static void power_cut(World *w, Host *h, const Fault *f) {
        h->off_for_us = f->for_us;
        power_off(w, h);
}

static void reboot(World *w, Host *h, const Fault *f) {
        h->off_for_us = f->for_us;
        if (!h->daemon_up || h->original) {
                power_off(w, h);
                return;
        }
        h->powering_off = true;
        schedule_event(w, 0, EV_DAEMON_HEARS, h, h->daemon, (Event) { .type = LOCK_EVENT_STOP });
}

static void twin_starts(World *w, Host *h, const Fault *f) {
        Host *twin = h + 1;

        cut(w, h, f);
        if (!twin->powered)
                schedule(w, draw_us(&h->random, 0, f->for_us), EV_POWER_ON, twin, twin->boot);
}

static void daemon_dies(World *w, Host *h, const Fault *f) {
        (void) f;
        if (h->daemon_up)
                daemon_killed(w, h, draw_us(&h->random, USEC_PER_SEC, 2 * USEC_PER_SEC));
}

static void daemon_stopped(World *w, Host *h, const Fault *f) {
        h->daemon_stopped_until_us = end_of(w, f);
}

static void guard_dies(World *w, Host *h, const Fault *f) {
        (void) f;
        if (guard_may_suffer(w, h))
                guard_down(w, h);
}

static void guard_stopped(World *w, Host *h, const Fault *f) {
        if (guard_may_suffer(w, h))
                h->guard_stopped_until_us = end_of(w, f);
}

static void guard_fails(World *w, Host *h, const Fault *f) {
        (void) w, (void) f;
        h->guard_fails = true;
}

static void pid1_stopped(World *w, Host *h, const Fault *f) {
        if (pid1_may_suffer(w, h))
                h->pid1_stopped_until_us = end_of(w, f);
}

static void reloads(World *w, Host *h, const Fault *f) {
        (void) f;
        if (pid1_may_suffer(w, h))
                h->pid1_stopped_until_us = w->now_us + draw_us(&h->random, 0, RELOAD_US_MAX);
        tell_change(w, h);
}

static void run_full(World *w, Host *h, const Fault *f) {
        h->run_full_until_us = end_of(w, f);
        /* In half of the cases the daemon starts anew meanwhile, and now and then without its guard. */
        if (f->amount >= 2)
                restart(w, h);
        if (f->amount == 3)
                guard_dies(w, h, f);
}

static void target_ends(World *w, Host *h, const Fault *f) {
        h->oneshot_done = f->kind == FAULT_TARGET_ENDS && h->populated && !h->original;
        if (h->populated)
                schedule(w, 0, EV_TARGET_EXIT, h, h->target);
}

static void target_stubborn(World *w, Host *h, const Fault *f) {
        (void) w, (void) f;
        h->stubborn = true;
}

static void target_unkillable(World *w, Host *h, const Fault *f) {
        h->unkillable_until_us = end_of(w, f);
        hear(w, h, LOCK_EVENT_STOP);
}

static void target_by_hand(World *w, Host *h, const Fault *f) {
        (void) f;
        schedule(w, 0, EV_PID1_START_TARGET, h, h->boot);
}

static void late_exec(World *w, Host *h, const Fault *f) {
        h->late_exec = true;
        cut_requests(w, h, f);
}

static void unbound(World *w, Host *h, const Fault *f) {
        h->unbound_until_us = end_of(w, f);
        tell_change(w, h);
}

static void units_refused(World *w, Host *h, const Fault *f) {
        h->refused_until_us = end_of(w, f);
}

static void stopped_by_hand(World *w, Host *h, const Fault *f) {
        (void) f;
        hear(w, h, LOCK_EVENT_STOP);
}

static void restarted(World *w, Host *h, const Fault *f) {
        (void) f;
        restart(w, h);
}

static void asked(World *w, Host *h, const Fault *f) {
        hear(w, h, (LockEventType) f->amount);
}

static void unlocked(World *w, Host *h, const Fault *f) {
        (void) f;
        hear(w, h, LOCK_EVENT_FORCE_UNLOCK);
}

static void other_times(World *w, Host *h, const Fault *f) {
        h->lease_us = (usec_t) f->amount;
        restart(w, h);
}

static void other_label(World *w, Host *h, const Fault *f) {
        (void) f;
        h->configured.label = 1;
        restart(w, h);
}

static void other_name(World *w, Host *h, const Fault *f) {
        (void) f;
        h->configured.name = 1;
        restart(w, h);
}

static void still(World *w, Host *h, const Fault *f) {
        if (f->kind == FAULT_SUSPEND && f->for_us % 2 == 0) /* else logind is not there */
                guard_told_of_sleep(w, h, true);
        stand_still(w, h, f->for_us, f->kind == FAULT_SUSPEND);
}

static void drifts(World *w, Host *h, const Fault *f) {
        (void) f;
        clock_drift(w, h, DRIFT_PPM);
}

/* Two processors never count alike to the microsecond, and what the copy's programs waited for from the outside never
 * comes: they look again by themselves. */
static void cloned(World *w, Host *h, const Fault *f) {
        Host *copy = &w->hosts[w->plan->n_hosts - 1];
        unsigned id = copy->id;

        (void) f;
        if (copy == h || copy->powered)
                return;
        *copy = *h;
        copy->id = id;
        copy->watchdog_pending_us = 0;
        copy->random = draw(&w->random);
        copy->raw.value_us += draw_us(&copy->random, 1, 1000);
        copy->lock.request = REQUEST_NONE;
        requests_forget(copy);
}

static void guard_and_pid1(World *w, Host *h, const Fault *f) {
        h->guard_stopped_until_us = h->pid1_stopped_until_us = h->daemon_stopped_until_us = end_of(w, f);
}

static void stuck(World *w, Host *h, const Fault *f) {
        h->unkillable_until_us = h->requests_cut_until_us = end_of(w, f);
}

/* The host that takes over by two clocks sees both of them ahead; the holder hears nothing of it. */
static void both_clocks(World *w, Host *h, const Fault *f) {
        date_off(w, h, f);
        for (unsigned i = 0; i < w->plan->n_hosts; i++)
                if (i != f->host)
                        cut_requests(w, &w->hosts[i], f);
        set_wall_clock(w, h, f->amount);
        restart(w, h);
}

static const struct {
        const char *name;
        void (*begin)(World *w, Host *h, const Fault *f);
} faults[_FAULT_MAX] = {
        [FAULT_CUT] = { "is cut off", cut },
        [FAULT_CUT_REQUESTS] = { "its requests get lost", cut_requests },
        [FAULT_CUT_ANSWERS] = { "its answers get lost", cut_answers },
        [FAULT_SLOW] = { "its network is slow", slow },
        [FAULT_STORE_DOWN] = { "the store is down", store_down },
        [FAULT_THROTTLED] = { "the store throttles", throttled },
        [FAULT_FAILS_AFTER] = { "the store applies, and answers 500", fails_after },
        [FAULT_DATE] = { "the store's Date is off", date_off },
        [FAULT_DELETED] = { "the item is deleted by hand", deleted },
        [FAULT_SPOILED] = { "absurd times are written by hand", spoiled },
        [FAULT_UNCLEAR] = { "the item is made unreadable by hand", unclear },
        [FAULT_TABLE_REFUSED] = { "the table is refused", table_refused },
        [FAULT_WALL] = { "wall clock is set", wall_clock_set },
        [FAULT_SLEW] = { "BOOTTIME is slewed", slewed },
        [FAULT_POWER] = { "power is cut", power_cut },
        [FAULT_REBOOT] = { "reboots", reboot },
        [FAULT_TWIN] = { "is cut off and restarted elsewhere", twin_starts },
        [FAULT_DAEMON_KILLED] = { "daemon is killed", daemon_dies },
        [FAULT_DAEMON_STOPPED] = { "daemon is stopped", daemon_stopped },
        [FAULT_GUARD_KILLED] = { "guard is killed", guard_dies },
        [FAULT_GUARD_STOPPED] = { "guard is stopped", guard_stopped },
        [FAULT_GUARD_FAILS] = { "guard's next start fails", guard_fails },
        [FAULT_PID1_STOPPED] = { "PID 1 is stopped", pid1_stopped },
        [FAULT_RELOAD] = { "PID 1 reloads", reloads },
        [FAULT_RUN_FULL] = { "/run is full", run_full },
        [FAULT_TARGET_FAILS] = { "target fails", target_ends },
        [FAULT_TARGET_ENDS] = { "target ends well", target_ends },
        [FAULT_TARGET_STUBBORN] = { "target ignores SIGTERM", target_stubborn },
        [FAULT_TARGET_UNKILLABLE] = { "target can't be killed", target_unkillable },
        [FAULT_TARGET_BY_HAND] = { "target is started by hand", target_by_hand },
        [FAULT_LATE_EXEC] = { "PID 1 hangs between condition and program", late_exec },
        [FAULT_UNBOUND] = { "the binding is removed", unbound },
        [FAULT_UNITS_REFUSED] = { "the units don't fit the plan", units_refused },
        [FAULT_STOP] = { "cloudlock is stopped", stopped_by_hand },
        [FAULT_RESTART] = { "cloudlock is restarted", restarted },
        [FAULT_ASKED] = { "is asked for an operation", asked },
        [FAULT_UNLOCKED] = { "is asked for force-unlock", unlocked },
        [FAULT_TIMES] = { "the lease is configured anew", other_times },
        [FAULT_LABEL] = { "the label is configured anew", other_label },
        [FAULT_NAME] = { "my_id is configured anew", other_name },
        [FAULT_STILL] = { "all clocks stand still", still },
        [FAULT_SUSPEND] = { "is suspended", still },
        [FAULT_DRIFT] = { "clocks run slow by 1 %", drifts },
        [FAULT_CLONE] = { "is cloned while it runs", cloned },
        [FAULT_BOTH] = { "guard and PID 1 are stopped", guard_and_pid1 },
        [FAULT_STUCK] = { "target can't be killed, and cut off", stuck },
        [FAULT_CLOCKS] = { "Date and wall clock are off by the same", both_clocks },
};

const char *fault_name(FaultKind kind) {
        return faults[kind].name;
}

void befall(World *w, Host *h, const Fault *f) {
        faults[f->kind].begin(w, h, f);
}
