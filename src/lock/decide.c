/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What follows from the state, worked out anew after every event: first the permit to run, then the one request that
 * is due. Total and without memory of its own: whatever happened before, the same state leads to the same actions. */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lock-internal.h"

/* A write that got no answer for this part of the lease makes way for a new one with a later expire_time. */
#define WRITE_AGE_DIVISOR 4u

/* What a lease must leave a target to be started for, and how often the start is asked for until the guard is up. */
#define START_ROOM_US (2 * USEC_PER_SEC)
#define START_REPEAT_US (5 * USEC_PER_SEC)

void add_action(LockActions *actions, LockActionType type) {
        assert(actions->n < LOCK_ACTIONS_MAX);
        actions->list[actions->n++] = (LockAction) { .type = type };
}

bool forbidden_to_lead(const Lock *lock, const LockNow *now) {
        return lock->exiting || lock->release_wanted || stands_down(lock, now) || clock_is_off(lock) || lock->table_refusal[0] ||
               lock->short_gap ||
               (lock->units_known && (!lock->units.bound || lock->units.refusal[0]));
}

static bool guard_is_down(const LockUnits *units) {
        return units->guard == UNIT_INACTIVE || units->guard == UNIT_FAILED;
}

/* PID 1 says that all is over, in a picture that was asked for after the permit last changed. */
static bool units_down(const Lock *lock) {
        const LockUnits *units = &lock->units;

        return lock->units_known && units->asked_boot_us >= lock->permit_since_boot_us && !units->job_pending &&
               guard_is_down(units) && units->targets_down;
}

/* Proof that nothing runs and nothing is about to: PID 1's word alone is none, the cgroups have to be empty. */
bool units_quiet(const Lock *lock) {
        return units_down(lock) && !lock->units.populated;
}

/* `kill`: the file goes, and the guard kills at once. Otherwise the permit is a good one, a polite stop begins now, and
 * kill_at stays. */
void end_permit(Lock *lock, const LockNow *now, bool kill, LockActions *actions) {
        assert(kill || (lock->permit == PERMIT_GOOD && !lock->revoked));
        if (kill) {
                if (!lock->revoked)
                        add_action(actions, LOCK_ACTION_REVOKE);
                lock->revoked = true;
        } else if (!deadline_passed(lock->lease.stop_boot_us, lock->lease.stop_raw_us, now)) {
                lock->lease.stop_boot_us = now->boot_us;
                lock->lease.stop_raw_us = now_raw_suspend_us(now);
                add_action(actions, LOCK_ACTION_LEASE);
        }
        lock->permit = PERMIT_ENDING;
        lock->guard_since_boot_us = 0;
        lock->permit_since_boot_us = now->boot_us;
        lock->stop_boot_us = lock->look_boot_us = now->boot_us;
}

/* A start that would be over at once is not worth its while: the next renewal makes room. */
static bool lease_has_room(const Lock *lock, const LockNow *now) {
        LockLease lease = lease_of_horizon(lock);

        return lock->horizon_known && !deadline_passed(usec_sub(lease.stop_boot_us, START_ROOM_US),
                                                       usec_sub(lease.stop_raw_us, START_ROOM_US), now);
}

static void start_target(Lock *lock, const LockNow *now, LockActions *actions) {
        lock->lease = lease_of_horizon(lock);
        lock->permit = PERMIT_GOOD;
        lock->permit_since_boot_us = now->boot_us;
        lock->guard_since_boot_us = 0;
        lock->revoked = false;
        lock->reason[0] = '\0';
        add_action(actions, LOCK_ACTION_LEASE);
        add_action(actions, LOCK_ACTION_START_GUARD);
        lock->look_boot_us = usec_add(now->boot_us, LOOK_BUSY_US);
        lock->start_boot_us = usec_add(now->boot_us, START_REPEAT_US);
}

/* The call met a bus that was down: what PID 1 was asked for since shows neither the guard nor a job. A call that is under
 * way must not come twice: once the guard runs it would pull in again a target that has done its work. */
static bool start_is_lost(const Lock *lock, const LockNow *now) {
        const LockUnits *units = &lock->units;

        return lock->guard_since_boot_us == 0 && lock->start_boot_us != 0 && now->boot_us >= lock->start_boot_us &&
               units->asked_boot_us > usec_sub(lock->start_boot_us, START_REPEAT_US) &&
               guard_is_down(units) && !units->job_pending;
}

static void decide_permit_good(Lock *lock, const LockNow *now, LockActions *actions) {
        bool stuck = lock->guard_since_boot_us == 0 && lock->units_known &&
                     now->boot_us >= usec_add(lock->permit_since_boot_us, GUARD_START_US_MAX);

        if (stuck) {
                lock->stand_down_boot_us = usec_add(now->boot_us, STAND_DOWN_US);
                snprintf(lock->reason, sizeof(lock->reason), "the guard did not start in time");
        }
        if (deadline_passed(lock->lease.stop_boot_us, lock->lease.stop_raw_us, now))
                end_permit(lock, now, false, actions);
        else if (lock->own == OWN_NONE || (forbidden_to_lead(lock, now) && (lock->exiting || lock->own == OWN_HELD)))
                end_permit(lock, now, false, actions);
        else if (start_is_lost(lock, now)) {
                add_action(actions, LOCK_ACTION_START_GUARD);
                lock->start_boot_us = usec_add(now->boot_us, START_REPEAT_US);
        }
}

static void decide_permit(Lock *lock, const LockNow *now, LockActions *actions) {
        if (lock->permit == PERMIT_GOOD)
                decide_permit_good(lock, now, actions);
        if (lock->permit == PERMIT_ENDING && units_quiet(lock)) {
                if (!lock->revoked)
                        add_action(actions, LOCK_ACTION_REVOKE);
                lock->permit = PERMIT_NONE;
                lock->revoked = false;
                lock->empty_since_boot_us = now->boot_us;
        }
        if (lock->permit == PERMIT_NONE && lock->own == OWN_HELD && !forbidden_to_lead(lock, now) &&
            units_quiet(lock) && gap_is_over(lock, now) && lease_has_room(lock, now))
                start_target(lock, now, actions);
}

/* Whatever of ours is alive without a permit is stopped, again and again until a picture shows that it is gone. A
 * target that is not bound is not ours to stop: we refuse to lead instead. */
static void decide_units(Lock *lock, const LockNow *now, LockActions *actions) {
        bool alive = (lock->permit == PERMIT_ENDING && !units_down(lock)) ||
                     (lock->permit == PERMIT_NONE && lock->units_known && lock->units.bound && !units_down(lock));
        usec_t interval_us = lock->p.poll_us < UNITS_AGE_US_MAX / 2 ? lock->p.poll_us : UNITS_AGE_US_MAX / 2;
        bool busy = alive || (lock->permit == PERMIT_GOOD && lock->guard_since_boot_us == 0) || lock->exiting ||
                    lock->permit == PERMIT_ENDING;

        if (alive && now->boot_us >= lock->stop_boot_us) {
                add_action(actions, LOCK_ACTION_STOP_UNITS);
                lock->stop_boot_us = usec_add(now->boot_us, STOP_REPEAT_US);
        }
        if (now->boot_us >= lock->look_boot_us) {
                add_action(actions, LOCK_ACTION_LOOK);
                lock->look_boot_us = usec_add(now->boot_us, busy ? LOOK_BUSY_US : interval_us);
        }
}

static bool record_takeable(const Lock *lock, const LockNow *now) {
        if (lock->fault)
                return false;
        if (lock->has_record && record_is_released(&lock->record))
                return handover_remaining_us(lock, now) == 0;
        return !lock->has_record || lock->expired_by_clocks || observer_remaining_us(lock, now) == 0;
}

/* A lock that is not held. Never while anything of ours is alive: what runs was not started under the lock to be taken. */
static bool may_acquire(const Lock *lock, const LockNow *now) {
        return lock->permit == PERMIT_NONE && lock->table_known && !forbidden_to_lead(lock, now) &&
               units_quiet(lock) && now->boot_us <= usec_add(lock->units.asked_boot_us, UNITS_AGE_US_MAX);
}

static void send_read(Lock *lock, LockActions *actions) {
        lock->request = REQUEST_READ;
        add_action(actions, LOCK_ACTION_READ);
}

/* An open write of this kind is sent again as it was; else, or when it has grown old, a new one is made. */
static void send_write(Lock *lock, WriteKind kind, const LockNow *now, LockActions *actions) {
        bool again = lock->write_open && lock->write_kind == kind &&
                     now->boot_us < usec_add(lock->write_first_sent.boot_us,
                                             (usec_t) lock->write.record.lease_ms * USEC_PER_MSEC / WRITE_AGE_DIVISOR);

        if (!again)
                prepare_write(lock, kind, now);
        /* A release may be applied without our hearing of it: from here on nothing may start on an older grant. */
        if (kind == WRITE_RELEASE)
                lock->horizon_known = false;
        lock->request = REQUEST_WRITE;
        add_action(actions, LOCK_ACTION_WRITE);
        actions->list[actions->n - 1].write = &lock->write;
}

/* Nothing may run, and PID 1 can't be asked: neither could it be started, nor proven down for a release. Whoever keeps
 * such a lock keeps it from those who could run. What was last seen alive, in spite of its end, keeps it. */
bool is_blind(const Lock *lock, const LockNow *now) {
        usec_t asked_boot_us = lock->units.asked_boot_us;
        bool fresh = lock->units_known && asked_boot_us >= lock->permit_since_boot_us;

        return lock->permit != PERMIT_GOOD && !(fresh && lock->units.populated) &&
               now->boot_us > usec_add(fresh ? asked_boot_us : lock->permit_since_boot_us, UNITS_AGE_US_MAX);
}

static void decide_held(Lock *lock, const LockNow *now, LockActions *actions) {
        if (forbidden_to_lead(lock, now) && lock->permit == PERMIT_NONE && units_quiet(lock))
                send_write(lock, WRITE_RELEASE, now, actions);
        else if (is_blind(lock, now)) {
                if (now->boot_us >= lock->poll_boot_us)
                        send_read(lock, actions);
        } else if (lock->write_open || now->boot_us >= lock->renew_boot_us)
                send_write(lock, WRITE_RENEW, now, actions);
}

static void send_delete(Lock *lock, LockActions *actions) {
        lock->request = REQUEST_DELETE;
        lock->unlock_state = UNLOCK_SENT;
        add_action(actions, LOCK_ACTION_DELETE);
        actions->list[actions->n - 1].unlock = &lock->unlock;
}

static void decide_request(Lock *lock, const LockNow *now, LockActions *actions) {
        if (lock->unlock_state == UNLOCK_WANTED && !may_unlock(lock))
                lock->unlock_state = UNLOCK_NONE;
        if (lock->request != REQUEST_NONE || now->boot_us < lock->retry_boot_us)
                return;
        /* An acquisition that is no longer wanted may have been applied: only a read tells. */
        if (lock->read_wanted || lock->own == OWN_UNKNOWN ||
            (lock->own == OWN_NONE && lock->write_open && !may_acquire(lock, now)))
                send_read(lock, actions);
        else if (lock->unlock_state == UNLOCK_WANTED)
                send_delete(lock, actions);
        else if (lock->own == OWN_HELD)
                decide_held(lock, now, actions);
        else if (may_acquire(lock, now) && record_takeable(lock, now))
                send_write(lock, WRITE_ACQUIRE, now, actions);
        else if (now->boot_us >= lock->poll_boot_us)
                send_read(lock, actions);
}

/* Out, once nothing runs: with the lock given back, or when the store will not take it back in time (it expires by
 * itself). Without any picture of the units the guard alone sees to the end of the target. */
static void decide_exit(Lock *lock, const LockNow *now, LockActions *actions) {
        usec_t since_us = lock->exiting_since_boot_us > lock->empty_since_boot_us ? lock->exiting_since_boot_us
                                                                                  : lock->empty_since_boot_us;
        bool in_time = now->boot_us < usec_add(since_us, RELEASE_US_MAX);
        bool blind = !lock->units_known ||
                     now->boot_us > usec_add(lock->units.asked_boot_us, UNITS_AGE_US_MAX);

        /* What is not bound is not ours to wait for, nor is the lock released beside it. */
        bool over = lock->permit == PERMIT_NONE && (units_quiet(lock) || (lock->units_known && !lock->units.bound));

        if (!lock->exiting)
                return;
        if (blind && now->boot_us >= usec_add(lock->exiting_since_boot_us, UNITS_AGE_US_MAX))
                lock->exited = true;
        else if (over)
                lock->exited = (lock->own == OWN_NONE && !lock->write_open) || !in_time || (lock->own == OWN_UNKNOWN && lock->n_ours == 0);
        if (lock->exited)
                add_action(actions, LOCK_ACTION_EXIT);
}

void decide(Lock *lock, const LockNow *now, LockActions *actions) {
        if (lock->stand_down_boot_us != 0 && now->boot_us >= lock->stand_down_boot_us) {
                lock->stand_down_boot_us = 0;
                lock->reason[0] = '\0';
        }
        decide_permit(lock, now, actions);
        decide_exit(lock, now, actions);
        if (lock->exited)
                return;
        decide_units(lock, now, actions);
        decide_request(lock, now, actions);
        for (size_t i = 0; i < actions->n; i++)
                if (actions->list[i].type == LOCK_ACTION_LEASE)
                        actions->list[i].lease = lock->lease;
}
