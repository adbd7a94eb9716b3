/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What cloudlockd does around the core, in the same order as src/cloudlockd/perform.c. */

#include <stdio.h>
#include <string.h>

#include "sim.h"

static void fill_ids(const Host *h, LockParameters *parameters) {
        snprintf(parameters->holder, sizeof(parameters->holder), "host%u#%08u", h->id, h->id);
        snprintf(parameters->host, sizeof(parameters->host), "%032u", h->id + 1);
        snprintf(parameters->boot, sizeof(parameters->boot), "%016u%016llu", h->id + 1, (unsigned long long) h->boot);
}

static void arm(World *w, Host *h) {
        usec_t now_us = host_now(w, h).boot_us, deadline_us = lock_deadline(&h->lock);
        Event *e;

        if (deadline_us == USEC_INFINITY)
                return;
        /* A slow clock reaches its deadline a little later: look again then. */
        e = schedule(w, deadline_us > now_us + USEC_PER_MSEC ? deadline_us - now_us : USEC_PER_MSEC, EV_DAEMON_TICK, h, h->daemon);
        e->lock_event.type = LOCK_EVENT_TICK;
        e->request = ++h->daemon_tick;
}

static void write_lease(World *w, Host *h, const LockLease *lease) {
        note(w, h, "lease: stop in %.3f s, kill in %.3f s", (double) lease->stop_boot_us / 1e6 - (double) host_now(w, h).boot_us / 1e6,
             (double) lease->kill_boot_us / 1e6 - (double) host_now(w, h).boot_us / 1e6);
        h->has_lease = true;
        h->lease = *lease;
        if (h->guard_up)
                schedule(w, draw_us(w, 0, 5 * USEC_PER_MSEC), EV_GUARD_TICK, h, h->guard_run);
}

static void revoke(World *w, Host *h) {
        h->has_lease = false;
        note(w, h, "revokes the lease");
        if (h->guard_up)
                schedule(w, draw_us(w, 0, 5 * USEC_PER_MSEC), EV_GUARD_TICK, h, h->guard_run);
}

/* Each call may be the last: a crash leaves what was done before it. Returns false after one. */
static bool perform(World *w, Host *h, const LockAction *action) {
        if (w->now_us < w->faults_until_us && chance(w, 3000)) {
                note(w, h, "crashes between two actions");
                daemon_down(w, h);
                return false;
        }
        switch (action->type) {
        case LOCK_ACTION_READ:
                send_request(w, h, NULL);
                break;
        case LOCK_ACTION_WRITE:
                memcpy(h->journal, action->write->journal, sizeof(h->journal));
                h->n_journal = action->write->n_journal;
                send_request(w, h, action->write);
                break;
        case LOCK_ACTION_LEASE:
                write_lease(w, h, &action->lease);
                break;
        case LOCK_ACTION_REVOKE:
                revoke(w, h);
                break;
        case LOCK_ACTION_START_GUARD:
                schedule(w, draw_us(w, USEC_PER_MSEC, 50 * USEC_PER_MSEC), EV_PID1_START_GUARD, h, h->boot);
                break;
        case LOCK_ACTION_STOP_UNITS:
                /* polkit may take its time, and a call can get lost */
                if (!chance(w, 20))
                        schedule(w, draw_us(w, USEC_PER_MSEC, 50 * USEC_PER_MSEC), EV_PID1_STOP, h, h->boot);
                break;
        case LOCK_ACTION_LOOK:
                schedule(w, draw_us(w, USEC_PER_MSEC, 20 * USEC_PER_MSEC), EV_PID1_LOOK_DAEMON, h, h->daemon)
                        ->lock_event.units.asked_boot_us = host_now(w, h).boot_us;
                break;
        case LOCK_ACTION_EXIT:
                note(w, h, "the daemon exits in order");
                h->daemon_up = false;
                h->daemon++;
                schedule(w, draw_us(w, USEC_PER_SEC, 120 * USEC_PER_SEC), EV_DAEMON_START, h, h->boot);
                return false;
        }
        return true;
}

void daemon_event(World *w, Host *h, const LockEvent *event) {
        LockEvent timed = *event;
        LockActions actions;
        LockNow now = host_now(w, h);

        timed.answer.sent = h->sent;
        w->statistics->lock_steps++;
        w->statistics->reached[h->lock.state][event->type]++;
        lock_step(&h->lock, &now, &timed, &actions);
        for (size_t i = 0; i < actions.n; i++)
                if (!perform(w, h, &actions.list[i]))
                        return;
        arm(w, h);
}

void daemon_start(World *w, Host *h) {
        LockNow now = host_now(w, h);
        LockParameters parameters = {
                .gap_us = w->gap_us, .lease_us = w->lease_us, .renew_us = w->renew_us, .poll_us = w->poll_us,
                .max_clock_skew_us = CLOCK_SKEW_US_DEFAULT, .request_us = request_timeout_us(w->lease_us),
                .seed = { draw(w), draw(w), draw(w), draw(w) | 1 },
                .n_journal = h->n_journal, .lease_on_disk = h->has_lease, .lease = h->lease,
        };

        fill_ids(h, &parameters);
        memcpy(parameters.journal, h->journal, sizeof(parameters.journal));
        h->daemon_up = true;
        h->daemon++;
        h->request++;
        lock_init(&h->lock, &parameters, &now);
        note(w, h, "the daemon starts");
        daemon_event(w, h, &(LockEvent) { .type = LOCK_EVENT_TICK });
        if (h->daemon_up)
                schedule(w, draw_us(w, USEC_PER_MSEC, 5 * USEC_PER_SEC), EV_DAEMON_STOP, h, h->daemon)->lock_event.type = LOCK_EVENT_TABLE;
}

void daemon_down(World *w, Host *h) {
        h->daemon_up = false;
        h->daemon++;
        schedule(w, draw_us(w, USEC_PER_SEC, chance(w, 4) ? 90 * USEC_PER_SEC : 2 * USEC_PER_SEC), EV_DAEMON_START, h, h->boot);
}
