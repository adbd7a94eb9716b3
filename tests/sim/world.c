/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* Faults rage for so long; then the world has to come to rest with one host running. */
#define FAULTS_US (20 * USEC_PER_MINUTE)
/* Stand-down, a lease by another host, its gap, and what an unlucky last fault costs. */
#define REST_US (30 * USEC_PER_MINUTE)
#define FIRST_FAULT_US (25 * USEC_PER_SEC)

static const char *const kind_names[] = {
        [EV_REQUEST] = "request", [EV_ANSWER] = "answer", [EV_TIMEOUT] = "timeout", [EV_DAEMON_START] = "daemon-start",
        [EV_DAEMON_TICK] = "daemon-tick", [EV_DAEMON_UNITS] = "daemon-units", [EV_DAEMON_JOB] = "daemon-job",
        [EV_DAEMON_STOP] = "daemon-stop", [EV_GUARD_TICK] = "guard-tick", [EV_GUARD_UNITS] = "guard-units",
        [EV_GUARD_TERM] = "guard-term", [EV_PID1_LOOK_DAEMON] = "pid1-look", [EV_PID1_LOOK_GUARD] = "pid1-look-guard",
        [EV_PID1_START_GUARD] = "pid1-start-guard", [EV_PID1_GUARD_READY] = "pid1-guard-ready",
        [EV_PID1_CONDITION] = "pid1-condition", [EV_PID1_EXEC] = "pid1-exec", [EV_PID1_STOP] = "pid1-stop",
        [EV_PID1_TARGET_KILL] = "pid1-target-kill", [EV_PID1_TARGET_GONE] = "pid1-target-gone",
        [EV_PID1_GUARD_GONE] = "pid1-guard-gone", [EV_PID1_WATCHDOG] = "pid1-watchdog", [EV_TARGET_EXIT] = "target-exit",
        [EV_POWER_ON] = "power-on", [EV_FAULT] = "fault",
};

/* splitmix64, https://prng.di.unimi.it/splitmix64.c (public domain description) */
uint64_t draw(World *w) {
        uint64_t z = w->random += 0x9e3779b97f4a7c15;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

usec_t draw_us(World *w, usec_t from_us, usec_t to_us) {
        return from_us + draw(w) % (to_us - from_us + 1);
}

bool chance(World *w, unsigned one_in) {
        return draw(w) % one_in == 0;
}

void note(World *w, const Host *h, const char *format, ...) {
        va_list ap;

        if (!w->trace)
                return;
        printf("%12.6f ", (double) w->now_us / 1e6);
        if (h)
                printf("host%u %-13s ", h->id, h->daemon_up ? lock_state_name(h->lock.state) : "-");
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
}

void violate(World *w, const char *what) {
        note(w, NULL, "VIOLATION: %s", what);
        if (!w->violation)
                w->violation = what;
}

static bool before(const Event *a, const Event *b) {
        return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void push(World *w, Event *e) {
        size_t i;

        if (w->n_heap == w->heap_size) {
                w->heap_size = w->heap_size ? 2 * w->heap_size : 256;
                w->heap = reallocarray(w->heap, w->heap_size, sizeof(Event *));
                if (!w->heap)
                        abort();
        }
        for (i = w->n_heap++; i > 0 && before(e, w->heap[(i - 1) / 2]); i = (i - 1) / 2)
                w->heap[i] = w->heap[(i - 1) / 2];
        w->heap[i] = e;
}

static Event *pop(World *w) {
        Event *top = w->heap[0], *last = w->heap[--w->n_heap];
        size_t i = 0;

        for (size_t child; (child = 2 * i + 1) < w->n_heap; i = child) {
                if (child + 1 < w->n_heap && before(w->heap[child + 1], w->heap[child]))
                        child++;
                if (before(last, w->heap[child]))
                        break;
                w->heap[i] = w->heap[child];
        }
        w->heap[i] = last;
        return top;
}

Event *schedule(World *w, usec_t in_us, Kind kind, const Host *h, uint64_t generation) {
        Event *e = w->spare ? w->spare : malloc(sizeof(Event));

        if (!e)
                abort();
        w->spare = e == w->spare ? e->next_spare : w->spare;
        /* Most events have no payload, and it is large. */
        memset(e, 0, offsetof(Event, write));
        memset(&e->lock_event, 0, sizeof(*e) - offsetof(Event, lock_event));
        e->at_us = w->now_us + in_us;
        e->order = w->order++;
        e->kind = kind;
        e->host = h ? h->id : 0;
        e->generation = generation;
        push(w, e);
        return e;
}

static usec_t at_rate(usec_t us, int64_t ppm) {
        return (usec_t) ((int64_t) us + (int64_t) us / 1000000 * ppm);
}

LockNow host_now(const World *w, const Host *h) {
        usec_t up_us = w->now_us - h->booted_us, boot_us = at_rate(up_us, h->boot_ppm) + USEC_PER_SEC;

        return (LockNow) {
                .boot_us = boot_us,
                .mono_us = boot_us,
                .raw_us = at_rate(up_us, h->raw_ppm) + USEC_PER_SEC,
                .wall_us = (usec_t) ((int64_t) (w->now_us + 1763928000 * USEC_PER_SEC) + h->wall_off_us),
        };
}

/* Who is stopped (SIGSTOP) gets its events when it goes on. */
static usec_t paused_until(const Host *h, Kind kind) {
        switch (kind) {
        case EV_ANSWER: case EV_TIMEOUT: case EV_DAEMON_TICK: case EV_DAEMON_UNITS: case EV_DAEMON_JOB: case EV_DAEMON_STOP:
                return h->daemon_paused_us;
        case EV_GUARD_TICK: case EV_GUARD_UNITS: case EV_GUARD_TERM:
                return h->guard_paused_us;
        case EV_DAEMON_START: case EV_PID1_LOOK_DAEMON: case EV_PID1_LOOK_GUARD: case EV_PID1_START_GUARD:
        case EV_PID1_GUARD_READY: case EV_PID1_CONDITION: case EV_PID1_EXEC: case EV_PID1_STOP: case EV_PID1_TARGET_KILL:
        case EV_PID1_TARGET_GONE: case EV_PID1_GUARD_GONE: case EV_PID1_WATCHDOG:
                return h->pid1_paused_us;
        case EV_REQUEST: case EV_TARGET_EXIT: case EV_POWER_ON: case EV_FAULT:
                break;
        }
        return 0;
}

static void on_daemon(World *w, Host *h, Event *e) {
        if (!h->daemon_up || e->generation != h->daemon || (e->kind == EV_DAEMON_TICK && e->request != h->daemon_tick))
                return;
        if (e->kind == EV_ANSWER || e->kind == EV_TIMEOUT) {
                if (e->request != h->request)
                        return;
                h->request++;
        }
        daemon_event(w, h, &e->lock_event);
        if (e->kind == EV_ANSWER && h->cut_next) {
                note(w, h, "is cut off");
                h->cut = true;
                h->cut_next = false;
        }
}

static void on_guard(World *w, Host *h, Event *e) {
        if (!h->guard_up || e->generation != h->guard_run ||
            (e->kind == EV_GUARD_TICK && e->request != 0 && e->request != h->guard_tick))
                return;
        if (e->kind == EV_GUARD_TICK)
                guard_reads_lease(w, h);
        else
                guard_event(w, h, &(GuardEvent) { .type = e->kind == EV_GUARD_TERM ? GUARD_EVENT_TERM : GUARD_EVENT_UNITS,
                                                  .units = e->guard_units });
}

static void on_host(World *w, Host *h, Event *e) {
        switch (e->kind) {
        case EV_ANSWER: case EV_TIMEOUT: case EV_DAEMON_TICK: case EV_DAEMON_UNITS: case EV_DAEMON_JOB: case EV_DAEMON_STOP:
                on_daemon(w, h, e);
                break;
        case EV_GUARD_TICK: case EV_GUARD_UNITS: case EV_GUARD_TERM:
                on_guard(w, h, e);
                break;
        case EV_DAEMON_START:
                if (h->powered && e->generation == h->boot && !h->daemon_up)
                        daemon_start(w, h);
                break;
        case EV_TARGET_EXIT:
                if (e->generation == h->target && h->populated)
                        target_exits(w, h, false);
                break;
        case EV_PID1_LOOK_DAEMON: case EV_PID1_LOOK_GUARD: case EV_PID1_START_GUARD: case EV_PID1_GUARD_READY:
        case EV_PID1_CONDITION: case EV_PID1_EXEC: case EV_PID1_STOP: case EV_PID1_TARGET_KILL: case EV_PID1_TARGET_GONE:
        case EV_PID1_GUARD_GONE: case EV_PID1_WATCHDOG:
                if (h->powered)
                        pid1_event(w, h, e);
                break;
        case EV_REQUEST: case EV_POWER_ON: case EV_FAULT:
                break;
        }
}

static void dispatch(World *w, Event *e) {
        Host *h = &w->hosts[e->host];

        if (w->trace && e->kind != EV_DAEMON_TICK && e->kind != EV_GUARD_TICK)
                note(w, e->kind == EV_FAULT ? NULL : h, "%s", kind_names[e->kind]);
        if (e->kind == EV_REQUEST)
                store_apply(w, e);
        else if (e->kind == EV_FAULT)
                fault(w);
        else if (e->kind == EV_POWER_ON)
                power_on(w, h);
        else
                on_host(w, h, e);
}

static unsigned runners(const World *w) {
        unsigned n = 0;

        for (unsigned i = 0; i < w->n_hosts; i++)
                n += w->hosts[i].populated;
        return n;
}

static void set_up(World *w) {
        static const usec_t gaps_us[] = { 0, 10 * USEC_PER_SEC, 60 * USEC_PER_SEC, 180 * USEC_PER_SEC };

        w->loss_one_in = 3 + (unsigned) (draw(w) % 60);
        w->slow_one_in = 3 + (unsigned) (draw(w) % 60);
        w->fault_every_us = draw_us(w, 10 * USEC_PER_SEC, 90 * USEC_PER_SEC);
        w->n_hosts = 2 + (unsigned) (draw(w) % 2);
        w->lease_us = chance(w, 2) ? 60 * USEC_PER_SEC : 40 * USEC_PER_SEC;
        w->gap_us = gaps_us[draw(w) % 4];
        w->renew_us = 4 * USEC_PER_SEC;
        w->poll_us = 5 * USEC_PER_SEC;
        w->budget_us = 5 * USEC_PER_SEC;
        w->now_us = USEC_PER_SEC;
        w->faults_until_us = w->now_us + FAULTS_US;
        w->last_runner = HOSTS_MAX;
        for (unsigned i = 0; i < w->n_hosts; i++) {
                w->hosts[i].id = i;
                schedule(w, draw_us(w, 0, 20 * USEC_PER_SEC), EV_POWER_ON, &w->hosts[i], 0);
        }
        schedule(w, FIRST_FAULT_US, EV_FAULT, NULL, 0);
}

static void step_world(World *w, Event *e) {
        usec_t until_us;

        w->now_us = e->at_us;
        until_us = paused_until(&w->hosts[e->host], e->kind);
        if (until_us > w->now_us) {
                e->at_us = until_us;
                push(w, e);
                return;
        }
        w->statistics->events++;
        dispatch(w, e);
        e->next_spare = w->spare;
        w->spare = e;
        if (runners(w) > 1)
                violate(w, "two hosts run the target");
}

void world_run(World *w, uint64_t seed, Statistics *statistics, bool trace) {
        *w = (World) { .seed = seed, .random = seed * 0x2545f4914f6cdd1d + 1, .trace = trace, .statistics = statistics };
        set_up(w);
        while (w->n_heap > 0 && !w->violation && w->now_us < w->faults_until_us + REST_US)
                step_world(w, pop(w));
        if (!w->violation && runners(w) != 1)
                violate(w, "the world is at rest and not exactly one host runs the target");
        statistics->simulated_us += w->now_us;
        while (w->n_heap > 0)
                free(pop(w));
        for (Event *e; (e = w->spare);) {
                w->spare = e->next_spare;
                free(e);
        }
        free(w->heap);
        w->heap = NULL;
}
