/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The whole decision, pure: events with their time go in, actions come out. No clock, no I/O, no allocation, no
 * logging; the seed is all the randomness there is. The daemon pumps real events through it, the simulator
 * pretended ones, through the same object file.
 *
 *     step(lock, now, event) -> actions, to be carried out in order
 *     deadline(lock, now)    -> when it wants EVENT_TICK next
 *     view(lock)             -> what D-Bus, the socket and cloudlockctl show
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "time-limits.h"

#define LOCK_VERSIONS_MAX 8 /* writes whose fate is unknown, the newest included */
#define LOCK_JOURNAL_MAX (LOCK_VERSIONS_MAX + 1)
#define LOCK_EXPECTED_MAX (LOCK_JOURNAL_MAX + 1) /* ours, and the one that we saw */
#define LOCK_ACTIONS_MAX 8
#define LOCK_REASON_MAX 320

/* The reason of who stands down as an operator released the lock; by it cloudlockctl tells that from a failure. */
#define LOCK_REASON_RELEASED "released on request"

/* All clocks at one moment, microseconds. */
typedef struct LockNow {
        usec_t boot_us; /* CLOCK_BOOTTIME */
        usec_t mono_us; /* CLOCK_MONOTONIC */
        usec_t raw_us;  /* CLOCK_MONOTONIC_RAW */
        usec_t wall_us; /* CLOCK_REALTIME */
} LockNow;

typedef enum LockState {
        LOCK_STARTING_UP,   /* nothing known of the table yet */
        LOCK_STANDBY,       /* another host's record, or none that we may take */
        LOCK_ACQUIRING,     /* our acquisition is on its way */
        LOCK_WAITING,       /* held; the target starts when the gap is over */
        LOCK_STARTING,      /* held; the guard or the target is on its way up */
        LOCK_RUNNING,       /* held; the target runs (with on_target_exit=hold: may run) */
        LOCK_LAPSED,        /* the lease ran out under us; the record may still be ours */
        LOCK_STOPPING,      /* held; the target is being stopped and then the lock released */
        LOCK_RELEASING,     /* the target is proven empty; the release is on its way */
        LOCK_LOST,          /* somebody else's record where ours should be: being killed */
        LOCK_STANDING_DOWN, /* will not take the lock for a while, or until told otherwise */
        LOCK_REFUSING,      /* will not lead: unbound target, time plan, clock; see reason */
        LOCK_FAULT,         /* a record that needs a person */
        LOCK_STOPPED,       /* given up in order; the daemon may exit */
        _LOCK_STATE_MAX,
} LockState;

const char *lock_state_name(LockState state);

/* What the lease file says. */
typedef struct LockLease {
        usec_t stop_boot_us, stop_raw_us; /* raw: RAW plus the time suspended */
        usec_t kill_boot_us, kill_raw_us;
        uint64_t fence;
} LockLease;

/* A version that we sent. */
typedef struct LockVersion {
        char text[RECORD_VERSION_MAX + 1];
        bool creates; /* its write creates the item: should it turn up, nobody says for how long it was under way */
} LockVersion;

/* What the core is told once. Strings are copied. */
typedef struct LockParameters {
        char holder[RECORD_HOLDER_MAX + 1]; /* my_id '#' 8 hex digits */
        char host[RECORD_ID_SIZE];          /* app-specific machine id */
        char boot[RECORD_ID_SIZE];
        usec_t gap_us, lease_us, renew_us, poll_us, max_clock_skew_us;
        usec_t request_us; /* how long one request may take, all in */
        bool hold_on_exit; /* cloudlock_on_target_exit=hold */
        bool paused, kept; /* as operators left it: LOCK_EVENT_PAUSE, LOCK_EVENT_KEEP */
        uint64_t seed[4];  /* not all zero; unique to this run of the daemon: versions are drawn from it */
        /* Versions that an earlier run of the daemon in this boot sent, from the journal. */
        LockVersion journal[LOCK_JOURNAL_MAX];
        size_t n_journal;
        bool lease_on_disk; /* a lease file of this boot and lock is there: the target may be running under it */
        LockLease lease;    /* what it says */
} LockParameters;

/* What PID 1 and the cgroups say. */
typedef enum UnitPhase {
        UNIT_INACTIVE,
        UNIT_ACTIVATING, /* auto-restart included */
        UNIT_ACTIVE,
        UNIT_DEACTIVATING,
        UNIT_FAILED,
} UnitPhase;

typedef struct LockUnits {
        usec_t asked_boot_us;    /* before the first question of this snapshot was put */
        bool bound;              /* every target is bound to the guard and may be gated */
        UnitPhase guard;
        UnitPhase target;        /* of several: failed if any is, else the most alive one */
        bool targets_down;       /* every target is inactive or failed */
        bool job_pending;        /* a job of guard or targets is queued or runs */
        bool populated;          /* a process is in a cgroup of theirs, or it could not be looked at */
        bool clean_oneshot;      /* inactive because every target was a oneshot that succeeded */
        usec_t stop_budget_us;   /* what the targets may take to stop */
        char refusal[LOCK_REASON_MAX]; /* why not bound, or why the plan cannot be kept; empty: fine */
} LockUnits;

typedef enum LockEventType {
        LOCK_EVENT_TICK,
        LOCK_EVENT_READ,             /* a consistent read was answered: has_record, record, answer */
        LOCK_EVENT_READ_UNCLEAR,     /* the item is there but is no lock record: needs a person; answer, and of record
                                      * holder and version, "" where they can't be read */
        LOCK_EVENT_WRITTEN,          /* the write or deletion was applied; answer */
        LOCK_EVENT_CONDITION_FAILED, /* its condition failed; answer */
        LOCK_EVENT_REQUEST_FAILED,   /* no answer, or an error: it may have been applied all the same */
        LOCK_EVENT_UNITS,            /* a new snapshot */
        LOCK_EVENT_GUARD_STARTED,    /* the guard's start job is done */
        LOCK_EVENT_GUARD_FAILED,     /* the guard's start job ended without success */
        LOCK_EVENT_LEASE_UNWRITABLE, /* the lease file could not be replaced (it is unlinked by now) */
        LOCK_EVENT_STOP,             /* stop, prove, release, then LOCK_ACTION_EXIT */
        LOCK_EVENT_CLOCK_JUMP,       /* CLOCK_REALTIME was set, or the machine resumed */
        LOCK_EVENT_TABLE,            /* the table was looked at: refusal, empty if locks may be led there */
        /* What operators ask for; nothing happens where lock_refuses() says no. */
        LOCK_EVENT_RELEASE,          /* stop, prove, release, then stand down, or hand over: wish */
        LOCK_EVENT_PAUSE,            /* stay standby until LOCK_EVENT_RESUME */
        LOCK_EVENT_RESUME,           /* ends a pause and a stand-down */
        LOCK_EVENT_KEEP,             /* for the rest of this tenure the target's end is no failure */
        LOCK_EVENT_UNKEEP,
        LOCK_EVENT_RENEW,            /* renew now */
        LOCK_EVENT_FORCE_UNLOCK,     /* delete somebody else's record: wish */
        _LOCK_EVENT_MAX,
} LockEventType;

/* An answer of the store, whatever it said. */
typedef struct LockAnswer {
        LockNow sent;   /* just before this attempt was sent */
        int64_t date_s; /* its Date header, seconds since the epoch; 0: it had none */
} LockAnswer;

/* Whether the record's times are beyond what any host may write, by the Date of the answer that showed it: cloudlock
 * leaves it alone then. */
bool record_needs_person(const Record *record, const LockAnswer *answer);

/* One DeleteItem: of the record that an operator was shown, and of no other. A version of "" could not be read: then the
 * item is deleted only while its version is none that a lock has. */
typedef struct LockDelete {
        char holder[RECORD_HOLDER_MAX + 1]; /* "": could not be read */
        char version[RECORD_VERSION_MAX + 1];
} LockDelete;

/* What an operator adds to a request. */
typedef struct LockWish {
        usec_t for_us; /* RELEASE: how long to stand down; USEC_INFINITY: until LOCK_EVENT_RESUME */
        /* RELEASE: holder, my_id or host id of who is to take the lock; everybody else, this host included, leaves it
         * alone for HANDOVER_US, and this host does not stand down. "": anybody, at once. */
        char successor[RECORD_HOLDER_MAX + 1];
        LockDelete unlock; /* FORCE_UNLOCK */
} LockWish;

typedef struct LockEvent {
        LockEventType type;
        LockWish wish;
        LockAnswer answer;
        bool has_record;
        Record record;
        LockUnits units;
        char refusal[LOCK_REASON_MAX];
} LockEvent;

typedef enum LockActionType {
        LOCK_ACTION_READ,         /* consistent GetItem */
        LOCK_ACTION_WRITE,        /* journal first, then UpdateItem */
        LOCK_ACTION_DELETE,       /* DeleteItem */
        LOCK_ACTION_LEASE,        /* replace the lease file */
        LOCK_ACTION_REVOKE,       /* unlink the lease file: kill now, or nothing is left to guard */
        LOCK_ACTION_START_GUARD,  /* the guard pulls the targets in */
        LOCK_ACTION_STOP_UNITS,   /* guard and targets, irreversibly; harmless to repeat */
        LOCK_ACTION_LOOK,         /* take a snapshot of the units now */
        LOCK_ACTION_EXIT,
} LockActionType;

/* One UpdateItem: sets every attribute of `record` (an empty successor goes), on condition that the item's version is
 * one of `expected` (or, with `create`, that there is none). */
typedef struct LockWrite {
        Record record;
        bool create;
        char expected[LOCK_EXPECTED_MAX][RECORD_VERSION_MAX + 1];
        size_t n_expected;
        /* What the journal must hold before this is sent: every version that may be ours in the table. */
        LockVersion journal[LOCK_JOURNAL_MAX];
        size_t n_journal;
} LockWrite;

typedef struct LockAction {
        LockActionType type;
        const LockWrite *write; /* of WRITE: points into the lock, valid until the next step */
        const LockDelete *unlock; /* of DELETE: the same */
        LockLease lease;        /* of LEASE */
} LockAction;

typedef struct LockActions {
        LockAction list[LOCK_ACTIONS_MAX];
        size_t n;
} LockActions;

typedef enum LockNext {
        LOCK_NEXT_NONE,
        LOCK_NEXT_POLL,
        LOCK_NEXT_TAKEOVER,     /* the other's lease is over then */
        LOCK_NEXT_TARGET_START, /* the gap is over then */
        LOCK_NEXT_RENEW,
        LOCK_NEXT_STOP,         /* no renewal succeeds: the target is stopped then */
        LOCK_NEXT_KILL,
        LOCK_NEXT_STAND_UP,     /* the stand-down is over then */
        _LOCK_NEXT_MAX,
} LockNext;

const char *lock_next_name(LockNext next);

/* Why what an operator asks for can't be done now. */
typedef enum LockRefusal {
        LOCK_ACCEPTED,
        LOCK_REFUSED_NOT_HELD,
        LOCK_REFUSED_HELD, /* or it may be: release first */
        LOCK_REFUSED_NOT_KEPT,
        LOCK_REFUSED_NOT_STANDING_DOWN,
        LOCK_REFUSED_SAME_HOST,    /* a handover to oneself */
        LOCK_REFUSED_NO_RECORD,
        LOCK_REFUSED_OTHER_RECORD, /* not the one that is there: look again */
        _LOCK_REFUSAL_MAX,
} LockRefusal;

/* As in the names of errors: "NotHeld". */
const char *lock_refusal_name(LockRefusal refusal);

/* Everything that is shown. Times are on CLOCK_BOOTTIME, 0 where there is none. */
typedef struct LockView {
        LockState state;
        char reason[LOCK_REASON_MAX]; /* why it refuses, stands down, lost it; empty where the state says it all */
        usec_t state_since_boot_us;
        bool held;
        bool has_record;
        Record record;                /* as last seen or written */
        bool unclear;                 /* there is an item, but no record: of `record` holder and version, if readable */
        usec_t record_seen_boot_us;   /* when the store last showed it */
        usec_t expires_boot_us;       /* when the record's lease is over, by our own judgement; 0: unknown */
        uint64_t fence;               /* of our tenure; 0 while not held */
        usec_t renewed_boot_us;       /* the last confirmed write of this tenure */
        usec_t stop_boot_us, kill_boot_us;
        bool store_failing;           /* the last request failed */
        usec_t store_answered_boot_us;
        usec_t store_failing_since_boot_us;
        bool skew_known;
        int64_t skew_us;              /* wall clock minus store's */
        bool duplicate_id;            /* another machine uses our my_id */
        bool paused, kept;
        usec_t stand_down_boot_us;    /* until then; USEC_INFINITY: until told otherwise */
        char successor[RECORD_HOLDER_MAX + 1]; /* whom the lock is being handed over to; "": nobody */
        usec_t handover_boot_us;      /* until then it is left to the successor; 0: not yet released */
        bool unlocking;               /* the deletion that was asked for is under way, or its fate is open */
        LockNext next;
        usec_t next_boot_us;
} LockView;

/* Fixed size, plain data: copying it copies the lock (the simulator does). Defined in lock-internal.h. */
typedef struct Lock Lock;
size_t lock_size(void);

void lock_init(Lock *lock, const LockParameters *parameters, const LockNow *now);

/* Appends nothing to `actions` that was there before: it starts from empty. */
void lock_step(Lock *lock, const LockNow *now, const LockEvent *event, LockActions *actions);

/* Whether an operator's event can be taken now. Events of other kinds always are. */
LockRefusal lock_refuses(const Lock *lock, const LockEvent *event);

/* On CLOCK_BOOTTIME; USEC_INFINITY: never. */
usec_t lock_deadline(const Lock *lock);

void lock_view(const Lock *lock, LockView *ret);
