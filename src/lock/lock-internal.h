/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lock's insides, shared by the files of this folder (and by tests that need its size).
 *
 * Three things that are independent of each other make up the state; everything else is derived from them:
 *   - what we know of the item (Own), with at most one write whose fate is open;
 *   - the permit to run: the lease file and what may still run under it (Permit);
 *   - what forbids to lead: exiting, standing down, a refusal of the units, a clock that is off, a bad record.
 */

#include "lock.h"

typedef enum Own {
        OWN_UNKNOWN, /* not read yet: an earlier run of this daemon may hold it */
        OWN_NONE,
        OWN_HELD,    /* the last write that the store answered, or the record it showed, is ours */
} Own;

typedef enum Permit {
        PERMIT_NONE,   /* no lease file: nothing of ours can start */
        PERMIT_GOOD,   /* a lease file that allows the target to run until its stop_at */
        PERMIT_ENDING, /* stopped, lapsed or revoked: not yet proven empty */
} Permit;

typedef enum Request { REQUEST_NONE, REQUEST_READ, REQUEST_WRITE, REQUEST_DELETE } Request;
typedef enum WriteKind { WRITE_ACQUIRE, WRITE_RENEW, WRITE_RELEASE } WriteKind;

/* What becomes of a force-unlock. Sent once: what is not known to be applied is looked at, not tried again. */
typedef enum Unlock { UNLOCK_NONE, UNLOCK_WANTED, UNLOCK_SENT } Unlock;

/* A point in time on the two clocks that a holder looks at: whichever comes first. */
typedef struct Deadline {
        usec_t boot_us;
        usec_t raw_us; /* RAW plus the time suspended */
} Deadline;

struct Lock {
        LockParameters p;
        uint64_t random[4];

        /* The item. */
        Own own;
        bool has_record;
        Record record;           /* as last shown or confirmed */
        LockNow seen;            /* the answer that first showed this record */
        usec_t shown_boot_us;    /* the answer that last showed it */
        bool expired_by_clocks;  /* rule (b) held for this record */
        bool fault;              /* this record needs a person */
        bool unclear;            /* there is none, but an item: of `record` holder and version, where readable */
        bool duplicate_id;
        bool short_gap;          /* the original's record, and our gap is too short to mix with it */
        int64_t longest_lease_ms; /* of all records seen: whoever held before a deletion may have had it */
        uint64_t highest_fence;

        /* Versions of ours that may be in the table, or get there late; none can without its condition `base`. */
        LockVersion ours[LOCK_JOURNAL_MAX];
        size_t n_ours;
        char base[RECORD_VERSION_MAX + 1]; /* the foreign version (empty: no item) that they were conditional on */

        /* Requests: one at a time; a write stays open until it is answered or given up. */
        Request request;
        bool write_open;
        WriteKind write_kind;
        LockWrite write;
        LockNow write_first_sent; /* t0 */
        Unlock unlock_state;
        LockDelete unlock;
        bool read_wanted;
        unsigned failures;
        usec_t retry_boot_us;     /* no request before */
        usec_t poll_boot_us;
        usec_t answered_boot_us, failing_since_boot_us;

        /* The store's time: CLOCK_BOOTTIME plus something between these two, microseconds since the epoch. */
        bool offset_known;
        int64_t offset_low_us, offset_high_us;
        int64_t skew_us; /* wall clock minus store */

        /* The tenure. */
        usec_t tenure_lease_us;
        bool kept;                  /* by an operator: the target's end is no failure */
        bool horizon_known;
        Deadline horizon;
        usec_t renew_boot_us, renewed_boot_us;
        int64_t start_floor_ms;     /* a creator's start_time, once it knows since when its record is there */
        int64_t expire_high_ms;     /* the highest expire_time that was sent in it */
        Deadline gap_end; /* on plain RAW: like an observer, who waits on it believes the slower clock */

        /* The permit. */
        Permit permit;
        LockLease lease;            /* what the file says, while there is one */
        usec_t permit_since_boot_us; /* only snapshots asked for later count as proof */
        usec_t guard_since_boot_us;  /* its start job was done by then; 0: not yet */
        usec_t empty_since_boot_us;  /* when it was last proven that nothing runs */
        bool revoked;                /* the file is gone already */

        /* The units. */
        bool units_known;
        LockUnits units;
        usec_t look_boot_us, stop_boot_us, start_boot_us; /* when to look, to stop, to start, next */

        /* What forbids to lead. */
        bool exiting, exited;
        bool table_known;                    /* it was looked at */
        char table_refusal[LOCK_REASON_MAX]; /* why no lock may be led in this table */
        usec_t exiting_since_boot_us;
        usec_t stand_down_boot_us; /* until then; 0: not standing down */
        bool paused;               /* by an operator */
        bool release_wanted;       /* by an operator: then stand down for `release_for_us`, or hand over */
        usec_t release_for_us;
        char successor[RECORD_HOLDER_MAX + 1]; /* "": stand down */
        char reason[LOCK_REASON_MAX];

        LockNow now; /* of the last step */
        LockState state;
        usec_t state_since_boot_us;
};

/* random.c: a version-4 UUID (RFC 9562) and a number below `limit`, from the seed. */
void lock_draw_version(Lock *lock, const LockNow *now, char ret[RECORD_VERSION_MAX + 1]);
usec_t lock_draw_below(Lock *lock, usec_t limit_us);

/* times.c: all arithmetic of the promise. */
usec_t now_raw_suspend_us(const LockNow *now);
bool deadline_passed(usec_t boot_us, usec_t raw_us, const LockNow *now);
Deadline holder_horizon(const Lock *lock, const LockNow *t0, const LockAnswer *answer, int64_t expire_time_ms);
LockLease lease_of_horizon(const Lock *lock);
usec_t drift_us(usec_t us);
Deadline gap_end_after(const LockNow *from, usec_t wait_us);
bool gap_is_over(const Lock *lock, const LockNow *now);
usec_t gap_end_boot_us(const Lock *lock);
usec_t observer_remaining_us(const Lock *lock, const LockNow *now);
usec_t handover_remaining_us(const Lock *lock, const LockNow *now);
bool record_expired_by_clocks(const Lock *lock, const LockAnswer *answer, const LockNow *now);
void learn_store_time(Lock *lock, const LockAnswer *answer, const LockNow *now);
bool clock_is_off(const Lock *lock);

/* record-rules.c: whose record it is, and what the next one says. */
bool record_is_released(const Record *record);
bool record_is_mine(const Lock *lock, const Record *record);
bool record_is_duplicate_id(const Lock *lock, const Record *record);
bool successor_is_me(const Lock *lock, const char *successor);
bool records_equal(const Record *a, const Record *b);
bool version_is_ours(const Lock *lock, const char *version);
bool version_creates(const Lock *lock, const char *version);
usec_t creator_wait_us(const Lock *lock);
int64_t store_time_high_ms(const Lock *lock, const LockNow *now);
void prepare_write(Lock *lock, WriteKind kind, const LockNow *now);

/* operate.c: what operators ask for; the end of a tenure, given up or lost, ends what was asked for it. */
void take_wish(Lock *lock, const LockNow *now, const LockEvent *event);
void end_tenure(Lock *lock, const LockNow *now);
bool holds_on_exit(const Lock *lock);
bool stands_down(const Lock *lock, const LockNow *now);
bool may_unlock(const Lock *lock);

/* decide.c: what follows from the state. */
void decide(Lock *lock, const LockNow *now, LockActions *actions);
bool forbidden_to_lead(const Lock *lock, const LockNow *now);
bool units_quiet(const Lock *lock);
bool is_blind(const Lock *lock, const LockNow *now);
void end_permit(Lock *lock, const LockNow *now, bool kill, LockActions *actions);
void add_action(LockActions *actions, LockActionType type);

/* view.c */
LockState derive_state(const Lock *lock, const LockNow *now);
