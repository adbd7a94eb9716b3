/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A hostile world for the shipped cores: one store, some hosts, each with a daemon (src/lock), a guard (src/guard), a
 * PID 1 and a target, on one true time. Everything is drawn from one seed, so that a seed replays to the byte. */

#include <stdbool.h>
#include <stdint.h>

#include "guard-core.h"
#include "lock-internal.h"

#define HOSTS_MAX 5

typedef enum Kind {
        /* the network and the store */
        EV_REQUEST,  /* a request gets to the store */
        EV_ANSWER,   /* its answer gets to the daemon */
        EV_TIMEOUT,  /* the daemon waits no longer */
        /* the daemon */
        EV_DAEMON_START,
        EV_DAEMON_TICK,
        EV_DAEMON_UNITS,
        EV_DAEMON_JOB, /* the guard's start job ended */
        EV_DAEMON_STOP, /* or another thing that the daemon hears of once: its event tells */
        /* the guard */
        EV_GUARD_TICK,
        EV_GUARD_UNITS,
        EV_GUARD_TERM,
        /* PID 1 */
        EV_PID1_LOOK_DAEMON,
        EV_PID1_LOOK_GUARD,
        EV_PID1_START_GUARD,
        EV_PID1_GUARD_READY,
        EV_PID1_CONDITION,
        EV_PID1_EXEC,
        EV_PID1_STOP,
        EV_PID1_TARGET_KILL,
        EV_PID1_TARGET_GONE,
        EV_PID1_GUARD_GONE,
        EV_PID1_WATCHDOG,
        /* the target's process */
        EV_TARGET_EXIT,
        /* the world */
        EV_POWER_ON,
        EV_FAULT,
} Kind;

typedef struct Event {
        struct Event *next_spare;
        usec_t at_us; /* true time */
        uint64_t order;
        Kind kind;
        unsigned host;
        uint64_t generation; /* of the daemon, guard, target or boot that it is for: a later one is not disturbed */
        uint64_t request; /* its number; of a tick: which arming of the timer */
        bool is_write;
        LockWrite write;
        LockEvent lock_event;
        GuardUnits guard_units;
} Event;

typedef struct Host {
        unsigned id;
        bool powered;
        uint64_t boot; /* counts boots; part of the boot id */
        usec_t booted_us;
        int64_t boot_ppm, raw_ppm; /* how wrong the elapsed-time clocks run */
        int64_t wall_off_us;
        bool cut;     /* from the network */
        bool cut_next; /* as soon as the answer under way is in */

        /* /run */
        bool has_lease;
        LockLease lease;
        char journal[LOCK_JOURNAL_MAX][RECORD_VERSION_MAX + 1];
        size_t n_journal;

        bool daemon_up;
        uint64_t daemon; /* generation */
        uint64_t request, daemon_tick; /* what is armed now; older ones are void */
        LockNow sent;
        usec_t daemon_paused_us; /* until then */
        Lock lock;

        bool guard_up, permit;
        uint64_t guard_run; /* generation */
        uint64_t guard_tick;
        usec_t guard_paused_us, watchdog_us;
        Guard guard;

        usec_t pid1_paused_us;
        UnitPhase guard_unit, target_unit;
        bool start_job, stop_job;

        bool populated;
        bool stubborn;      /* ignores SIGTERM */
        uint64_t target;    /* generation */
} Host;

typedef struct Statistics {
        uint64_t events, lock_steps, guard_steps, starts, takeovers;
        usec_t simulated_us;
        uint64_t reached[_LOCK_STATE_MAX][_LOCK_EVENT_MAX];
} Statistics;

typedef struct World {
        uint64_t seed, random;
        usec_t now_us, faults_until_us;
        unsigned n_hosts;
        Host hosts[HOSTS_MAX];
        unsigned loss_one_in, slow_one_in; /* the network's weather */
        usec_t fault_every_us;
        usec_t lease_us, gap_us, renew_us, poll_us, budget_us;

        bool has_item;
        Record item;
        unsigned last_runner;

        Event **heap, *spare;
        size_t n_heap, heap_size;
        uint64_t order;

        bool trace;
        const char *violation;
        Statistics *statistics;
} World;

/* world.c */
uint64_t draw(World *w);
usec_t draw_us(World *w, usec_t from_us, usec_t to_us);
bool chance(World *w, unsigned one_in);
Event *schedule(World *w, usec_t in_us, Kind kind, const Host *h, uint64_t generation);
void note(World *w, const Host *h, const char *format, ...) __attribute__((format(printf, 3, 4)));
void violate(World *w, const char *what);
LockNow host_now(const World *w, const Host *h);
void world_run(World *w, uint64_t seed, Statistics *statistics, bool trace);

/* store.c */
void send_request(World *w, Host *h, const LockWrite *write);
void store_apply(World *w, Event *e);

/* daemon.c */
void daemon_start(World *w, Host *h);
void daemon_down(World *w, Host *h);
void daemon_event(World *w, Host *h, const LockEvent *event);

/* guard.c */
void guard_begin(World *w, Host *h, bool finishing);
void guard_down(World *w, Host *h);
void guard_event(World *w, Host *h, const GuardEvent *event);
void guard_reads_lease(World *w, Host *h);

/* pid1.c */
void pid1_event(World *w, Host *h, const Event *e);
void target_exits(World *w, Host *h, bool killed);

/* faults.c */
void fault(World *w);
void power_on(World *w, Host *h);
void power_off(World *w, Host *h);
