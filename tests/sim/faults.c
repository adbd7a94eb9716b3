/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How faults begin and are over again, and what several of them bring about. */

#include <stdio.h>
#include <string.h>

#include "sim.h"

void power_off(World *w, Host *h) {
        note(w, h, "is off");
        h->powered = h->populated = h->daemon_up = h->guard_up = h->permit = false;
        h->guard_job = h->start_job = h->stop_job = false;
        h->still = h->leaving = h->cut_next = h->oneshot_done = h->late_exec = h->powering_off = h->guard_fails = false;
        h->daemon++;
        h->guard_run++;
        h->target++;
        h->boot++;
        h->daemon_stopped_until_us = h->guard_stopped_until_us = h->pid1_stopped_until_us = h->still_until_us = 0;
        h->unkillable_until_us = h->run_full_until_us = 0;
        h->daemon_due_us = h->guard_due_us = USEC_INFINITY;
        requests_forget(h);
        h->frozen = false;
        h->stop_calls = 0;
        h->judged_kill_raw_us = 0;
        h->has_lease = h->kept = false; /* /run is gone */
        h->n_journal = h->n_old_versions = 0;
        h->guard_unit = h->target_unit = UNIT_INACTIVE;
        h->java.holds = false;
        schedule(w, h->off_for_us, EV_POWER_ON, h, h->boot);
}

void power_on(World *w, Host *h) {
        h->powered = true;
        h->boot++;
        snprintf(h->machine_id, sizeof(h->machine_id), "%032u", h->machine + 1);
        snprintf(h->boot_id, sizeof(h->boot_id), "%08u%08u%016u", h->machine + 1, h->id, h->boot);
        clocks_begin(w, h);
        note(w, h, "is on");
        if (h->original)
                original_power_on(w, h);
        else
                schedule(w, draw_us(&h->random, 0, 5 * USEC_PER_SEC), EV_DAEMON_START, h, h->boot);
}

void hear(World *w, Host *h, LockEventType type) {
        if (h->daemon_up)
                schedule_event(w, USEC_PER_MSEC, EV_DAEMON_HEARS, h, h->daemon, (Event) { .type = (uint8_t) type });
}

void restart(World *w, Host *h) {
        if (h->daemon_up)
                daemon_killed(w, h, draw_us(&h->random, 100 * USEC_PER_MSEC, USEC_PER_SEC));
}

void set_wall_clock(World *w, Host *h, int64_t off_us) {
        h->wall_off_us = off_us;
        hear(w, h, LOCK_EVENT_CLOCK_JUMP);
}

void fault_begin(World *w, const Fault *f) {
        Host *h = &w->hosts[f->host];
        bool original_may_suffer = f->kind < FAULT_WALL || f->kind == FAULT_POWER || f->kind == FAULT_TARGET_FAILS;

        if (!h->powered || h->still || (h->original && !original_may_suffer))
                return;
        w->statistics->faults[f->kind]++;
        note(w, h, "FAULT: %s (for %.3f s; %.3f)", fault_name(f->kind), (double) f->for_us / 1e6, (double) f->amount / 1e6);
        befall(w, h, f);
}

static void heal_host(World *w, Host *h) {
        bool edited = h->configured.label != 0 || h->configured.name != 0;

        h->requests_cut_until_us = h->answers_cut_until_us = h->slow_until_us = w->now_us;
        h->unbound_until_us = h->refused_until_us = h->run_full_until_us = w->now_us;
        h->cut_next = h->guard_fails = false;
        h->configured = (Identity) {};
        h->paused = h->kept = false;
        if (!h->powered)
                return;
        if (h->boottime.slew_ppm != 0)
                clock_slew(w, h, 0);
        set_wall_clock(w, h, 0);
        tell_change(w, h);
        hear(w, h, LOCK_EVENT_RESUME);
        hear(w, h, LOCK_EVENT_UNKEEP);
        if (edited)
                restart(w, h);
}

/* All that can be mended is; then the world has to come to rest. */
void fault_heal(World *w) {
        note(w, NULL, "the faults are over");
        w->store_down_until_us = w->throttled_until_us = w->fails_after_until_us = w->table_refused_until_us = w->now_us;
        w->date_until_us = w->now_us;
        for (unsigned i = 0; i < LABELS_MAX; i++)
                if (w->items[i].by_hand) {
                        w->items[i].there = w->items[i].unclear = w->items[i].by_hand = false;
                        w->deleted_by_hand = true;
                }
        for (unsigned i = 0; i < w->plan->n_hosts; i++)
                heal_host(w, &w->hosts[i]);
        w->healed = true;
        w->quiet_since_us = 0;
}
