/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A hostile world for the shipped cores: a store, some hosts, each with a daemon (src/lock), a guard (src/guard), a
 * PID 1 and a target, on one true time. A schedule (Plan) is drawn from its seed alone, and so is everything that
 * happens in it: a seed replays to the byte. The whole world is one flat struct, so that it can be copied and tried in
 * another order (explore.c). */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "guard-core.h"
#include "lock-internal.h"
#include "plan.h"

#define HOSTS_MAX 5
#define LABELS_MAX 2
#define EVENTS_MAX 512
#define MESSAGES_MAX 64

/* What the store's clock shows when true time is 0. */
#define EPOCH_US (INT64_C(1763928000) * (int64_t) USEC_PER_SEC)

typedef enum Kind {
        /* the network and the store */
        EV_REQUEST, /* a request gets to the store */
        EV_ANSWER,  /* its answer gets to the daemon */
        EV_TIMEOUT, /* the daemon waits no longer */
        /* the daemon */
        EV_DAEMON_START,
        EV_DAEMON_TICK,
        EV_DAEMON_UNITS,
        EV_DAEMON_HEARS, /* an event without further data */
        /* the guard */
        EV_GUARD_TICK,
        EV_GUARD_FILE, /* inotify: the lease file was replaced or removed */
        EV_GUARD_UNITS,
        EV_GUARD_CHANGED,
        EV_GUARD_TERM,
        /* PID 1 */
        EV_PID1_LOOK_DAEMON,
        EV_PID1_LOOK_GUARD,
        EV_PID1_START_GUARD,
        EV_PID1_GUARD_READY,
        EV_PID1_START_TARGET,
        EV_PID1_CONDITION,
        EV_PID1_EXEC,
        EV_PID1_STOP,
        EV_PID1_TARGET_KILL,
        EV_PID1_TARGET_GONE,
        EV_PID1_GUARD_GONE,
        EV_PID1_WATCHDOG,
        /* the target's processes */
        EV_TARGET_EXIT,
        /* the world */
        EV_POWER_ON,
        EV_POWER_OFF,
        EV_RESUME, /* a machine that stood still goes on */
        EV_FAULT,
        EV_HEAL,
        /* a host that follows the original program */
        EV_ORIGINAL_TICK,
        _EV_MAX,
} Kind;

typedef enum Invariant {
        INVARIANT_NONE,
        INVARIANT_OVERLAP,
        INVARIANT_EARLY_RELEASE,
        INVARIANT_START_WITHOUT_LEASE,
        INVARIANT_START_BEFORE_GAP,
        INVARIANT_START_WITHIN_LEASE,
        INVARIANT_LEASE_BEYOND_HORIZON,
        INVARIANT_LEASE_BEYOND_RECORD,
        INVARIANT_EARLY_TAKEOVER,
        INVARIANT_VERSION_REUSED,
        INVARIANT_VERSION_CHANGED,
        INVARIANT_EXPIRE_TIME_LOWERED,
        INVARIANT_LEASE_MS_MISSING,
        INVARIANT_FENCE_NOT_RAISED,
        INVARIANT_FOREIGN_HELD,
        INVARIANT_OWN_LOCK_LOST,
        INVARIANT_UNJOURNALED,
        INVARIANT_GUARD_LEFT,
        INVARIANT_WATCHDOG_LATE,
        INVARIANT_GUARD_LATE,
        INVARIANT_RUNS_BEYOND_LEASE,
        INVARIANT_OUT_OF_TURN,
        INVARIANT_KEPT_BEYOND_TENURE,
        INVARIANT_OWN_LOCK_DELETED,
        INVARIANT_NOBODY_RUNS,
        _INVARIANT_MAX,
} Invariant;

const char *invariant_name(Invariant invariant);

/* What PID 1 shows, in few bytes. */
typedef struct Picture {
        usec_t asked_boot_us;
        uint8_t guard, target; /* UnitPhase */
        bool guard_job, start_job, stop_job, populated, bound, refused, oneshot;
} Picture;

typedef struct Event {
        usec_t at_us; /* true time */
        uint32_t order;
        uint32_t generation; /* of the daemon, guard, target or boot that it is for: a later one is not disturbed */
        uint32_t number;     /* of a request; of a fault */
        uint8_t kind, host, message, type;
        Picture picture;
} Event;

/* A request and what becomes of it. */
typedef struct Message {
        bool is_write, is_delete, acquires;
        unsigned label;
        uint64_t run;
        usec_t first_sent_us; /* true time of the first attempt of this write */
        LockWrite write;
        LockDelete unlock;
        LockEventType outcome;
        bool has_record;
        Record record;
        usec_t applied_us; /* true time at which the record's version got into the table */
        int64_t date_off_us;
        int64_t date_s;
} Message;

typedef struct Item {
        bool there, unclear;
        bool by_hand;
        Record record;
        usec_t first_sent_us, applied_us; /* of the record's version */
        /* Until when, on true time, each host may run its target by what it was granted. */
        usec_t busy_until_us[HOSTS_MAX];
        uint64_t fence_used;
        uint64_t run; /* who wrote it: host and generation of the daemon */
} Item;

/* A clock runs straight from a point. */
typedef struct Clock {
        usec_t from_us, value_us;
        int64_t ppm, slew_ppm;
} Clock;

typedef struct Identity {
        unsigned label, name;
} Identity;

/* Asking PID 1 for a picture: one at a time. */
typedef struct Looks {
        bool waits, again;
} Looks;

/* What a host that follows the original program keeps. */
typedef struct Original {
        bool holds;
        int64_t expire_time_ms, start_time_ms;
        bool termed;
        usec_t renew_us;
        uint32_t versions;
} Original;

typedef struct Host {
        unsigned id;
        unsigned machine; /* whose machine id it shows */
        uint64_t random;
        bool original;
        bool powered;
        usec_t off_for_us;
        uint32_t boot; /* generation */
        char machine_id[RECORD_ID_SIZE], boot_id[RECORD_ID_SIZE];

        /* clocks */
        Clock boottime, raw;
        usec_t suspended_us;
        int64_t wall_off_us;
        bool slewed; /* ever, in this boot */
        usec_t still_until_us; /* no event of this host before */
        bool still;

        /* the network */
        usec_t requests_cut_until_us, answers_cut_until_us, slow_until_us;
        bool cut_next; /* as soon as the answer under way is in */

        /* what an operator configured, and what the daemon leads */
        Identity configured, leads;
        usec_t lease_us, gap_us;

        /* /run */
        bool has_lease;
        LockLease lease;
        unsigned lease_label;
        Identity journal_of;
        LockVersion journal[LOCK_JOURNAL_MAX];
        size_t n_journal;
        usec_t run_full_until_us;

        /* what operators asked for, on disk and in /run */
        bool paused, kept;

        /* the daemon */
        bool daemon_up, leaving, stopping, powering_off;
        uint32_t daemon; /* generation */
        uint32_t request; /* number of the one that is waited for */
        bool waits;
        LockNow sent;
        usec_t request_sent_us, request_due_us, daemon_due_us;
        usec_t daemon_stopped_until_us;
        Looks daemon_looks;
        Lock lock;

        /* what the judge remembers of it */
        usec_t step_back_us, steps_back_until_us; /* as a release asked for, in this run of the daemon; true time */
        char open_version[RECORD_VERSION_MAX + 1]; /* the write that has no answer yet */
        bool open_releases, open_asked;
        usec_t first_sent_us;
        uint64_t old_versions[LOCK_JOURNAL_MAX];
        size_t n_old_versions;
        usec_t granted_applied_us, granted_lease_us;
        int64_t granted_record_end_us;
        usec_t judged_kill_raw_us;
        char expired_version[RECORD_VERSION_MAX + 1]; /* two clocks said so */
        char shown_version[RECORD_VERSION_MAX + 1];   /* to this run of the daemon */
        usec_t shown_us, shown_lease_us;

        /* the guard */
        bool guard_up, permit, guard_fails, term_pending;
        Looks guard_looks;
        uint32_t guard_run; /* generation */
        usec_t guard_due_us, pid1_heard_us;
        usec_t guard_stopped_until_us, watchdog_us, watchdog_pending_us;
        Guard guard;

        /* PID 1 */
        usec_t pid1_stopped_until_us, unbound_until_us, refused_until_us;
        UnitPhase guard_unit, target_unit;
        unsigned stop_calls; /* not yet heard */
        bool guard_job, start_job, stop_job, oneshot_done; /* start jobs of guard and target; a stop of both */

        /* the target */
        bool populated, frozen, stubborn, late_exec;
        unsigned runs_label;
        usec_t unkillable_until_us;
        uint32_t target; /* generation */
        Original java;
} Host;

typedef struct Statistics {
        uint64_t schedules, lock_steps, guard_steps, starts, takeovers, writes;
        usec_t shortest_us, longest_us, rest_us_max; /* rest: from the end of the faults until one host runs for good */
        usec_t simulated_us;
        uint64_t reached[_LOCK_STATE_MAX][_LOCK_EVENT_MAX];
        uint64_t guard_reached[GUARD_DONE + 1][GUARD_EVENT_WAKE + 1];
        uint64_t faults[_FAULT_MAX];
        uint64_t overlaps, overlaps_too_long;
        usec_t overlap_us_max;
} Statistics;

typedef struct World {
        const Plan *plan;
        Statistics *statistics;
        bool trace, measure; /* measure: outside the assumptions, overlaps are counted */

        /* From here on it is copied when another order is tried. */
        uint64_t random, digest;
        usec_t now_us;
        usec_t store_down_until_us, throttled_until_us, fails_after_until_us, table_refused_until_us, date_until_us;
        int64_t date_off_us, date_off_us_max;
        Item items[LABELS_MAX];
        bool deleted_by_hand;
        unsigned last_runner;
        bool healed;
        usec_t quiet_since_us, overlap_since_us;
        Invariant violation;
        const char *violation_text;
        uint64_t messages_used;
        uint32_t order;
        unsigned n_events;
        Event events[EVENTS_MAX];
        Host hosts[HOSTS_MAX];
        Message messages[MESSAGES_MAX];
        LockEvent scratch; /* large: filled only where it is read */
} World;

/* plan.c: one of the operations. */
LockEventType draw_wish(const Plan *plan, uint64_t *random);

/* queue.c */
void schedule(World *w, usec_t in_us, Kind kind, const Host *h, uint32_t generation);
void schedule_event(World *w, usec_t in_us, Kind kind, const Host *h, uint32_t generation, Event e);
void push(World *w, const Event *e);
Event pop(World *w, unsigned i);
Message *message_new(World *w, uint8_t *ret_number);
void message_free(World *w, uint8_t number);

/* clocks.c */
void clocks_begin(World *w, Host *h);
LockNow host_now(const World *w, const Host *h);
GuardNow host_guard_now(const World *w, const Host *h);
usec_t true_time_us(const World *w, const Host *h, usec_t boot_us);
usec_t true_time_of_raw_us(const World *w, const Host *h, usec_t raw_us);
void clock_drift(World *w, Host *h, int64_t ppm);
void clock_slew(World *w, Host *h, int64_t ppm);
void stand_still(World *w, Host *h, usec_t for_us, bool suspend);
int64_t store_clock_us(const World *w);

/* world.c */
void world_begin(World *w, const Plan *plan, Statistics *statistics, bool trace);
void world_step(World *w, Event *e);
bool world_next(World *w, Event *ret);
void world_run(World *w, const Plan *plan, Statistics *statistics, bool trace);
const char *lock_event_name(LockEventType type);
bool by_chance(World *w, Host *h, unsigned one_in);
void say(const World *w, const Host *h, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define note(w, ...) do { if ((w)->trace) say((w), __VA_ARGS__); } while (0)

/* judge.c: the invariants, on true time. */
void violate(World *w, const Host *h, Invariant invariant, const char *text);
void judge_step(World *w);
void judge_remember(Host *h, const char *version);
void judge_attempt(World *w, Host *h, const LockWrite *write);
void judge_send(World *w, Host *h, const LockWrite *write);
void judge_apply(World *w, const Host *h, const Message *m);
void judge_delete(World *w, const Host *h);
void judge_wish(Host *h, const LockEvent *event);
void judge_wishes(World *w, Host *h);
void judge_answer(World *w, Host *h, const Message *m);
void judge_held(World *w, const Host *h);
void judge_lease(World *w, Host *h);
void judge_lost(World *w, const Host *h, const LockEvent *event);
void judge_start(World *w, const Host *h);
void judge_guard(World *w, const Host *h);

/* store.c */
void send_request(World *w, Host *h, const LockWrite *write);
void send_delete(World *w, Host *h, const LockDelete *unlock);
void store_apply(World *w, Host *h, const Event *e);
void requests_forget(Host *h);

/* daemon.c */
void daemon_start(World *w, Host *h);
void daemon_killed(World *w, Host *h, usec_t again_in_us);
void daemon_hears(World *w, Host *h, LockEventType type);
void daemon_answer(World *w, Host *h, const Event *e);
void daemon_units(World *w, Host *h, const Picture *picture);

/* guard.c */
void guard_begin(World *w, Host *h, bool finishing);
void guard_down(World *w, Host *h);
void guard_hears(World *w, Host *h, const Event *e);
void guard_told_of_sleep(World *w, Host *h, bool sleeps);

/* pid1.c */
void pid1_event(World *w, Host *h, const Event *e);
void tell_change(World *w, Host *h);
void call_look(World *w, Host *h, Kind kind);
void call_stop(World *w, Host *h);
void target_exits(World *w, Host *h, bool killed);

/* faults.c */
void fault_begin(World *w, const Fault *f);
void fault_heal(World *w);
void power_on(World *w, Host *h);
void power_off(World *w, Host *h);
void hear(World *w, Host *h, LockEventType type);
void restart(World *w, Host *h);
void set_wall_clock(World *w, Host *h, int64_t off_us);

/* befall.c */
const char *fault_name(FaultKind kind);
void befall(World *w, Host *h, const Fault *f);
bool guard_may_suffer(const World *w, const Host *h);

/* original.c */
void original_power_on(World *w, Host *h);
void original_tick(World *w, Host *h);
void original_answer(World *w, Host *h, const Event *e);
void original_target_gone(World *w, Host *h);

/* shorten.c: drops from a failing plan whatever it fails without. */
void shorten(Plan *plan, Invariant invariant);

/* explore.c: every order of events, to a depth. Returns whether nothing was violated. */
bool explore(unsigned depth, Statistics *statistics);

/* report.c */
void report_table(const Statistics *statistics);
bool report_unreached(const Statistics *statistics);
void report_sums(const Statistics *statistics, double seconds);
void statistics_add(Statistics *to, const Statistics *from);
