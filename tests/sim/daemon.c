/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What cloudlockd does around the core, in the same order as src/cloudlockd/{leader,pump,perform}.c. */

#include <stdio.h>
#include <string.h>

#include "sim.h"

#define CUT_AFTER_US_MAX (3 * USEC_PER_MINUTE)

static void fill_ids(const Host *h, LockParameters *parameters) {
        static const char *const names[] = { "a#", "b#", "c#", "d#", "e#" };
        char *p;

        p = stpcpy(parameters->holder, names[(h->machine + h->leads.name) % HOSTS_MAX]);
        memcpy(p, h->machine_id, 8);
        p[8] = '\0';
        memcpy(parameters->host, h->machine_id, sizeof(parameters->host));
        memcpy(parameters->boot, h->boot_id, sizeof(parameters->boot));
}

static void arm(World *w, Host *h) {
        usec_t due_us = true_time_us(w, h, lock_deadline(&h->lock));

        /* pump.c: a deadline is looked at again not before a millisecond has passed. */
        h->daemon_due_us = due_us > w->now_us + USEC_PER_MSEC ? due_us : w->now_us + USEC_PER_MSEC;
}

static void tell_guard(World *w, Host *h) {
        if (h->guard_up)
                schedule(w, draw_us(&h->random, 0, 5 * USEC_PER_MSEC), EV_GUARD_FILE, h, h->guard_run);
}

static void revoke(World *w, Host *h) {
        h->has_lease = false;
        note(w, h, "removes the lease file");
        tell_guard(w, h);
}

static double seconds_until(const World *w, const Host *h, usec_t boot_us) {
        return ((double) boot_us - (double) host_now(w, h).boot_us) / 1e6;
}

/* Returns false when it can't be written; it is removed then. */
static bool write_lease(World *w, Host *h, const LockLease *lease) {
        if (w->now_us < h->run_full_until_us) {
                revoke(w, h);
                return false;
        }
        note(w, h, "lease: stop in %.3f s, kill in %.3f s", seconds_until(w, h, lease->stop_boot_us),
             seconds_until(w, h, lease->kill_boot_us));
        h->has_lease = true;
        h->lease = *lease;
        h->lease_label = h->leads.label;
        judge_lease(w, h);
        tell_guard(w, h);
        return true;
}

/* What is full for the one file may still have room for the other. */
static bool write_journal(World *w, Host *h, const LockWrite *write) {
        if (w->now_us < h->run_full_until_us && !chance(&h->random, 4))
                return false;
        memcpy(h->journal, write->journal, write->n_journal * sizeof(write->journal[0]));
        h->n_journal = write->n_journal;
        h->journal_of = h->leads;
        return true;
}

static void stop_daemon(Host *h) {
        h->daemon_up = false;
        h->daemon++;
        h->daemon_due_us = USEC_INFINITY;
        requests_forget(h);
}

static void begin(World *w, Host *h, Identity identity, LockEventType event);

/* leader.c: the old lock of an edited configuration is given up first, then the configured one is taken. */
static void exits(World *w, Host *h) {
        note(w, h, "the daemon is through in order");
        if (h->leaving && !h->stopping) {
                h->leaving = false;
                h->n_journal = 0;
                h->daemon++;
                h->daemon_looks = (Looks) {};
                begin(w, h, h->configured, LOCK_EVENT_TICK);
                return;
        }
        h->leaving = false;
        stop_daemon(h);
        if (h->powering_off)
                schedule(w, USEC_PER_MSEC, EV_POWER_OFF, h, h->boot);
        else
                schedule(w, draw_us(&h->random, USEC_PER_SEC, 60 * USEC_PER_SEC), EV_DAEMON_START, h, h->boot);
}

/* Each call may be the last: a crash leaves what was done before it. Returns what is to be heard after all actions. */
static LockEventType perform(World *w, Host *h, const LockAction *action) {
        switch (action->type) {
        case LOCK_ACTION_READ:
                h->sent = host_now(w, h);
                send_request(w, h, NULL);
                break;
        case LOCK_ACTION_WRITE:
                judge_attempt(w, h, action->write);
                if (!write_journal(w, h, action->write))
                        return LOCK_EVENT_REQUEST_FAILED;
                judge_send(w, h, action->write);
                h->sent = host_now(w, h);
                send_request(w, h, action->write);
                break;
        case LOCK_ACTION_DELETE:
                h->sent = host_now(w, h);
                send_delete(w, h, action->unlock);
                break;
        case LOCK_ACTION_LEASE:
                if (!write_lease(w, h, &action->lease))
                        return LOCK_EVENT_LEASE_UNWRITABLE;
                break;
        case LOCK_ACTION_REVOKE:
                revoke(w, h);
                break;
        case LOCK_ACTION_START_GUARD:
                if (!by_chance(w, h, w->plan->weather.call_lost))
                        schedule(w, draw_us(&h->random, USEC_PER_MSEC, 50 * USEC_PER_MSEC), EV_PID1_START_GUARD, h, h->boot);
                break;
        case LOCK_ACTION_STOP_UNITS:
                call_stop(w, h);
                break;
        case LOCK_ACTION_LOOK:
                call_look(w, h, EV_PID1_LOOK_DAEMON);
                break;
        case LOCK_ACTION_EXIT:
                exits(w, h);
                break;
        }
        return _LOCK_EVENT_MAX;
}

/* pump.c: what an action brought about at once is an event of its own, the newest first. */
static void step(World *w, Host *h, LockEvent *event) {
        LockEventType heard[LOCK_ACTIONS_MAX];
        unsigned n_heard = 0;
        LockNow now = host_now(w, h);
        LockActions actions;
        uint32_t run = h->daemon;
        bool held = h->lock.own == OWN_HELD && h->lock.n_ours < LOCK_VERSIONS_MAX;

        judge_wish(h, event);
        w->statistics->lock_steps++;
        w->statistics->reached[h->lock.state][event->type]++;
        lock_step(&h->lock, &now, event, &actions);
        judge_wishes(w, h);
        h->paused = h->lock.paused;
        h->kept = h->lock.kept;
        if (held)
                judge_lost(w, h, event);
        for (size_t i = 0; i < actions.n && h->daemon == run; i++) {
                LockEventType next;

                if (by_chance(w, h, w->plan->weather.crash)) {
                        note(w, h, "the daemon crashes between two actions");
                        daemon_killed(w, h, USEC_PER_SEC);
                        return;
                }
                next = perform(w, h, &actions.list[i]);
                if (next != _LOCK_EVENT_MAX)
                        heard[n_heard++] = next;
        }
        while (n_heard > 0 && h->daemon == run) {
                w->scratch.type = heard[--n_heard];
                step(w, h, &w->scratch);
        }
}

static void daemon_event(World *w, Host *h, LockEvent *event) {
        step(w, h, event);
        if (by_chance(w, h, w->plan->weather.asked))
                hear(w, h, draw_wish(w->plan, &h->random));
        if (h->daemon_up)
                arm(w, h);
}

/* To another host by one of its names, or to nobody that there is. */
static void draw_successor(const World *w, Host *h, char *ret) {
        const Host *to = &w->hosts[draw(&h->random) % w->plan->n_hosts];
        LockParameters named = {};

        fill_ids(to, &named);
        if (to->original || chance(&h->random, 4))
                strcpy(ret, "nobody");
        else if (chance(&h->random, 2))
                strcpy(ret, named.host);
        else
                strcpy(ret, named.holder);
        if (chance(&h->random, 3))
                ret[strcspn(ret, "#")] = '\0';
}

/* What operators say besides; now and then they look at what is not there any more. */
static void draw_words(const World *w, Host *h, LockEventType type, LockWish *wish) {
        if (type == LOCK_EVENT_RELEASE) {
                wish->for_us = chance(&h->random, 4) ? USEC_INFINITY : draw_us(&h->random, 0, STAND_DOWN_US);
                wish->successor[0] = '\0';
                if (chance(&h->random, 2))
                        draw_successor(w, h, wish->successor);
        } else if (type == LOCK_EVENT_FORCE_UNLOCK) {
                strcpy(wish->unlock.holder, h->lock.record.holder);
                strcpy(wish->unlock.version, chance(&h->random, 8) ? "an older one" : h->lock.record.version);
        }
}

void daemon_hears(World *w, Host *h, LockEventType type) {
        LockEvent *event = &w->scratch;

        event->type = type;
        event->refusal[0] = '\0';
        draw_words(w, h, type, &event->wish);
        if (type == LOCK_EVENT_TABLE && w->now_us < w->table_refused_until_us)
                strcpy(event->refusal, "this table is none to lead locks in");
        daemon_event(w, h, event);
        if (type == LOCK_EVENT_TABLE && w->now_us < w->table_refused_until_us && h->daemon_up)
                schedule_event(w, 30 * USEC_PER_SEC, EV_DAEMON_HEARS, h, h->daemon, (Event) { .type = LOCK_EVENT_TABLE });
}

void daemon_answer(World *w, Host *h, const Event *e) {
        const Message *m = &w->messages[e->message];
        LockEvent *event = &w->scratch;

        requests_forget(h);
        event->type = m->outcome;
        event->answer = (LockAnswer) { .sent = h->sent, .date_s = m->date_s };
        event->has_record = m->has_record;
        if (!m->is_write)
                event->record = m->record; /* of an unclear item, what can be read */
        judge_answer(w, h, m);
        daemon_event(w, h, event);
        if (h->daemon_up)
                judge_held(w, h);
        if (h->cut_next) {
                usec_t for_us = draw_us(&h->random, USEC_PER_SEC, CUT_AFTER_US_MAX);

                note(w, h, "is cut off for %.3f s", (double) for_us / 1e6);
                h->requests_cut_until_us = h->answers_cut_until_us = w->now_us + for_us;
                h->cut_next = false;
        }
}

void daemon_units(World *w, Host *h, const Picture *picture) {
        LockEvent *event = &w->scratch;
        LockUnits *units = &event->units;

        event->type = LOCK_EVENT_UNITS;
        units->asked_boot_us = picture->asked_boot_us;
        units->bound = picture->bound;
        units->guard = (UnitPhase) picture->guard;
        units->target = (UnitPhase) picture->target;
        units->targets_down = picture->target == UNIT_INACTIVE || picture->target == UNIT_FAILED;
        units->job_pending = picture->guard_job || picture->start_job || picture->stop_job;
        units->populated = picture->populated;
        units->clean_oneshot = picture->oneshot;
        units->stop_budget_us = w->plan->budget_us;
        strcpy(units->refusal, picture->refused ? "the stop takes longer than the lease leaves" : "");
        h->daemon_looks.waits = false;
        daemon_event(w, h, event);
        if (h->daemon_looks.again && h->daemon_up)
                call_look(w, h, EV_PID1_LOOK_DAEMON);
}

static void remember_old_versions(Host *h, const LockParameters *parameters) {
        h->open_version[0] = h->shown_version[0] = '\0';
        h->step_back_us = h->steps_back_until_us = 0;
        h->n_old_versions = 0;
        for (size_t i = 0; i < parameters->n_journal; i++)
                judge_remember(h, parameters->journal[i].text);
}

/* leader.c, take_over(): what an earlier run of this boot left in /run for this lock. */
static void take_over(World *w, Host *h, LockParameters *parameters) {
        if (h->n_journal > 0 && h->journal_of.label == h->leads.label && h->journal_of.name == h->leads.name) {
                memcpy(parameters->journal, h->journal, sizeof(parameters->journal));
                parameters->n_journal = h->n_journal;
        }
        remember_old_versions(h, parameters);
        if (!h->has_lease)
                return;
        if (h->lease_label != h->leads.label) {
                revoke(w, h);
                return;
        }
        parameters->lease_on_disk = true;
        parameters->lease = h->lease;
}

static void begin(World *w, Host *h, Identity identity, LockEventType event) {
        LockNow now = host_now(w, h);
        LockParameters parameters = {
                .gap_us = h->gap_us, .lease_us = h->lease_us, .renew_us = w->plan->renew_us, .poll_us = w->plan->poll_us,
                .max_clock_skew_us = CLOCK_SKEW_US_DEFAULT, .request_us = request_timeout_us(w->plan->lease_us),
                .hold_on_exit = w->plan->hold_on_exit, .paused = h->paused, .kept = h->kept,
        };

        for (unsigned i = 0; i < 4; i++)
                parameters.seed[i] = draw(&h->random) | 1;
        h->leads = identity;
        requests_forget(h);
        fill_ids(h, &parameters);
        take_over(w, h, &parameters);
        lock_init(&h->lock, &parameters, &now);
        if (!h->leaving)
                schedule_event(w, draw_us(&h->random, USEC_PER_MSEC, 5 * USEC_PER_SEC), EV_DAEMON_HEARS, h, h->daemon,
                               (Event) { .type = LOCK_EVENT_TABLE });
        daemon_hears(w, h, event);
}

void daemon_start(World *w, Host *h) {
        note(w, h, "the daemon starts");
        h->daemon_up = true;
        h->daemon_looks = (Looks) {};
        h->stopping = h->powering_off = false;
        h->daemon++;
        h->leaving = h->n_journal > 0 &&
                     (h->journal_of.label != h->configured.label || h->journal_of.name != h->configured.name);
        begin(w, h, h->leaving ? h->journal_of : h->configured, h->leaving ? LOCK_EVENT_STOP : LOCK_EVENT_TICK);
}

void daemon_killed(World *w, Host *h, usec_t again_in_us) {
        stop_daemon(h);
        h->leaving = false;
        if (h->powering_off)
                schedule(w, USEC_PER_MSEC, EV_POWER_OFF, h, h->boot);
        else
                schedule(w, again_in_us, EV_DAEMON_START, h, h->boot);
}
