/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The world's clockwork: the earliest event is taken and handed to whom it is for, and then the judge looks. */

#include <stdarg.h>
#include <string.h>

#include "cleanup.h"
#include "sim.h"

#define FIRST_DAEMON_US (5 * USEC_PER_SEC)

static const char *const event_names[_EV_MAX] = {
        [EV_REQUEST] = "request", [EV_ANSWER] = "answer", [EV_TIMEOUT] = "no answer", [EV_DAEMON_START] = "daemon starts",
        [EV_DAEMON_TICK] = "daemon's timer", [EV_DAEMON_UNITS] = "daemon sees the units", [EV_DAEMON_HEARS] = "daemon hears",
        [EV_GUARD_TICK] = "guard's timer", [EV_GUARD_FILE] = "guard sees the file", [EV_GUARD_UNITS] = "guard sees the units",
        [EV_GUARD_CHANGED] = "guard hears of a change", [EV_GUARD_TERM] = "guard gets SIGTERM",
        [EV_PID1_LOOK_DAEMON] = "PID 1 is asked by the daemon", [EV_PID1_LOOK_GUARD] = "PID 1 is asked by the guard",
        [EV_PID1_START_GUARD] = "PID 1 starts the guard", [EV_PID1_GUARD_READY] = "PID 1 hears READY=1",
        [EV_PID1_START_TARGET] = "PID 1 starts the target", [EV_PID1_CONDITION] = "PID 1 runs the condition",
        [EV_PID1_EXEC] = "PID 1 runs the program", [EV_PID1_STOP] = "PID 1 stops the units",
        [EV_PID1_TARGET_KILL] = "PID 1 kills the target", [EV_PID1_TARGET_GONE] = "PID 1 sees the target gone",
        [EV_PID1_GUARD_GONE] = "PID 1 sees the guard gone", [EV_PID1_WATCHDOG] = "PID 1's watchdog",
        [EV_TARGET_EXIT] = "target ends", [EV_POWER_ON] = "power on",
        [EV_POWER_OFF] = "power off", [EV_RESUME] = "resumes", [EV_FAULT] = "fault", [EV_HEAL] = "heal",
        [EV_ORIGINAL_TICK] = "original looks",
};

static bool faulty(const World *w) {
        return w->now_us < w->plan->faults_until_us;
}

bool by_chance(World *w, Host *h, unsigned one_in) {
        return one_in > 0 && faulty(w) && chance(&h->random, one_in);
}

void say(const World *w, const Host *h, const char *format, ...) {
        va_list ap;

        printf("%12.6f ", (double) w->now_us / 1e6);
        if (h)
                printf("host%u %-13s ", h->id, h->original ? "original" : h->daemon_up ? lock_state_name(h->lock.state) : "-");
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
}

/* Who is stopped (SIGSTOP) gets its events when it goes on. */
static usec_t stopped_until_us(const Host *h, unsigned kind) {
        usec_t until_us = 0;

        if (kind >= EV_ANSWER && kind <= EV_DAEMON_HEARS && kind != EV_DAEMON_START)
                until_us = h->daemon_stopped_until_us;
        else if (kind >= EV_GUARD_TICK && kind <= EV_GUARD_TERM)
                until_us = h->guard_stopped_until_us;
        else if ((kind >= EV_PID1_LOOK_DAEMON && kind <= EV_PID1_WATCHDOG) || kind == EV_DAEMON_START)
                until_us = h->pid1_stopped_until_us;
        if (kind != EV_REQUEST && kind < EV_POWER_ON && h->still_until_us > until_us)
                until_us = h->still_until_us;
        return until_us;
}

static void on_daemon(World *w, Host *h, Event *e) {
        if (!h->daemon_up || (e->generation != h->daemon && e->kind != EV_DAEMON_TICK && e->kind != EV_TIMEOUT))
                return;
        if (e->kind == EV_DAEMON_TICK)
                daemon_hears(w, h, LOCK_EVENT_TICK);
        else if (e->kind == EV_DAEMON_UNITS)
                daemon_units(w, h, &e->picture);
        else {
                h->stopping |= e->type == LOCK_EVENT_STOP;
                daemon_hears(w, h, (LockEventType) e->type);
        }
}

static void on_request(World *w, Host *h, Event *e) {
        if (e->kind == EV_REQUEST)
                store_apply(w, h, e);
        else if (e->kind == EV_TIMEOUT) {
                requests_forget(h);
                if (!h->original)
                        daemon_hears(w, h, LOCK_EVENT_REQUEST_FAILED);
        } else {
                if (h->original)
                        original_answer(w, h, e);
                else if (h->daemon_up && e->generation == h->daemon && h->waits && e->number == h->request)
                        daemon_answer(w, h, e);
                message_free(w, e->message);
        }
}

static void on_world(World *w, Host *h, const Event *e) {
        switch (e->kind) {
        case EV_FAULT:
                fault_begin(w, &w->plan->faults[e->number]);
                break;
        case EV_HEAL:
                fault_heal(w);
                break;
        case EV_POWER_ON:
                if (e->generation == h->boot)
                        power_on(w, h);
                break;
        case EV_POWER_OFF:
                if (e->generation == h->boot)
                        power_off(w, h);
                break;
        case EV_RESUME:
                if (e->generation != h->boot)
                        break;
                h->still = false;
                note(w, h, "goes on");
                if (e->type) {
                        hear(w, h, LOCK_EVENT_CLOCK_JUMP);
                        guard_told_of_sleep(w, h, false);
                }
                break;
        case EV_DAEMON_START:
                if (h->powered && e->generation == h->boot && !h->daemon_up)
                        daemon_start(w, h);
                break;
        case EV_TARGET_EXIT:
                if (e->generation == h->target && h->populated)
                        target_exits(w, h, false);
                break;
        case EV_ORIGINAL_TICK:
                if (h->powered && e->generation == h->boot)
                        original_tick(w, h);
                break;
        default:
                break;
        }
}

static void dispatch(World *w, Event *e) {
        Host *h = &w->hosts[e->host];

        if (w->trace && e->kind != EV_DAEMON_TICK && e->kind != EV_GUARD_TICK && e->kind != EV_ORIGINAL_TICK &&
            e->kind != EV_PID1_WATCHDOG && e->kind != EV_FAULT && e->kind != EV_HEAL)
                say(w, h, "%s%s%s", event_names[e->kind], e->kind == EV_DAEMON_HEARS ? ": " : "",
                    e->kind == EV_DAEMON_HEARS ? lock_event_name((LockEventType) e->type) : "");
        if (e->kind <= EV_TIMEOUT)
                on_request(w, h, e);
        else if (e->kind != EV_DAEMON_START && e->kind <= EV_DAEMON_HEARS)
                on_daemon(w, h, e);
        else if (e->kind >= EV_GUARD_TICK && e->kind <= EV_GUARD_TERM)
                guard_hears(w, h, e);
        else if (e->kind >= EV_PID1_LOOK_DAEMON && e->kind <= EV_PID1_WATCHDOG) {
                if (h->powered)
                        pid1_event(w, h, e);
        } else
                on_world(w, h, e);
}

void world_begin(World *w, const Plan *plan, Statistics *statistics, bool trace) {
        memset(w, 0, offsetof(World, events));
        w->plan = plan;
        w->statistics = statistics;
        w->trace = trace;
        w->measure = plan->outside != _FAULT_MAX;
        w->random = plan->seed ^ 0x5851f42d4c957f2d;
        w->now_us = USEC_PER_SEC;
        w->last_runner = HOSTS_MAX;
        for (unsigned i = 0; i < plan->n_hosts; i++) {
                Host *h = &w->hosts[i];

                memset(h, 0, sizeof(*h));
                h->id = h->machine = i;
                h->random = draw(&w->random);
                h->original = i < plan->n_original;
                h->lease_us = plan->lease_us;
                h->gap_us = plan->gaps_differ && i % 2 > 0 ? 0 : plan->gap_us;
                h->daemon_due_us = h->guard_due_us = h->request_due_us = USEC_INFINITY;
                /* The twin is the same machine, elsewhere, and off until the other one seems dead. */
                if (plan->twin && i == plan->n_hosts - 1)
                        h->machine = i - 1;
                else
                        schedule(w, draw_us(&h->random, 0, FIRST_DAEMON_US), EV_POWER_ON, h, 0);
        }
        for (unsigned i = 0; i < plan->n_faults; i++)
                schedule_event(w, plan->faults[i].at_us - w->now_us, EV_FAULT, NULL, 0, (Event) { .number = i });
        schedule(w, plan->faults_until_us - w->now_us, EV_HEAL, NULL, 0);
}

/* A timer of a host, if it is the earliest so far. */
static void consider(const Host *h, Kind kind, usec_t due_us, Event *best) {
        if (due_us == USEC_INFINITY || due_us >= best->at_us)
                return;
        due_us = MAX(due_us, stopped_until_us(h, kind));
        if (due_us < best->at_us)
                *best = (Event) { .at_us = due_us, .kind = (uint8_t) kind, .host = (uint8_t) h->id };
}

/* The next thing to happen, taken out of the queue; false when nothing ever will. */
bool world_next(World *w, Event *ret) {
        Event best = { .at_us = w->n_events > 0 ? w->events[0].at_us : USEC_INFINITY, .kind = _EV_MAX };

        for (unsigned i = 0; i < w->plan->n_hosts; i++) {
                const Host *h = &w->hosts[i];

                consider(h, EV_DAEMON_TICK, h->daemon_due_us, &best);
                consider(h, EV_TIMEOUT, h->request_due_us, &best);
                consider(h, EV_GUARD_TICK, h->guard_due_us, &best);
        }
        if (best.at_us == USEC_INFINITY)
                return false;
        *ret = best.kind == _EV_MAX ? pop(w, 0) : best;
        return true;
}

void world_step(World *w, Event *e) {
        usec_t until_us = stopped_until_us(&w->hosts[e->host], e->kind);

        w->now_us = MAX(e->at_us, w->now_us);
        if (until_us > w->now_us) {
                e->at_us = until_us;
                push(w, e);
                return;
        }
        w->digest = (w->digest ^ w->now_us ^ (uint64_t) e->kind << 56 ^ (uint64_t) e->host << 48) * 0x9e3779b97f4a7c15;
        dispatch(w, e);
        judge_step(w);
}

static bool at_rest(const World *w) {
        return w->healed && w->quiet_since_us > 0 && w->now_us >= w->quiet_since_us + w->plan->lease_us * 3 / 2;
}

void world_run(World *w, const Plan *plan, Statistics *statistics, bool trace) {
        usec_t end_us = plan->faults_until_us + plan_rest_us(plan);
        Event e;

        world_begin(w, plan, statistics, trace);
        while (!w->violation && !at_rest(w) && w->now_us < end_us && world_next(w, &e))
                world_step(w, &e);
        if (!w->violation && !at_rest(w))
                violate(w, NULL, INVARIANT_NOBODY_RUNS, "the faults are over, and no host came to run the target for good");
        if (at_rest(w))
                statistics->rest_us_max = MAX(statistics->rest_us_max, w->quiet_since_us - plan->faults_until_us);
        statistics->schedules++;
        statistics->simulated_us += w->now_us;
        if (statistics->shortest_us == 0 || w->now_us < statistics->shortest_us)
                statistics->shortest_us = w->now_us;
        statistics->longest_us = MAX(statistics->longest_us, w->now_us);
}
