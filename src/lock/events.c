/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each event tells about the item, the permit and the units. What follows from it is decide.c's. */

#include <stdio.h>
#include <string.h>

#include "lock-internal.h"

/* A lapse that the guard noticed a moment before the core did is no failure of the guard. */
#define LAPSE_SLACK_US (2 * USEC_PER_SEC)

static void set_reason(Lock *lock, const char *reason) {
        snprintf(lock->reason, sizeof(lock->reason), "%s", reason);
}

static void stand_down(Lock *lock, usec_t until_boot_us, const char *reason) {
        lock->stand_down_boot_us = until_boot_us;
        set_reason(lock, reason);
}

static void forget_foreign_base(Lock *lock, const char *version) {
        if (!version_is_ours(lock, version) && strcmp(version, lock->base) != 0)
                lock->n_ours = 0;
}

/* From start_time: what is left of it in the store's time of this answer is waited for in elapsed time, so that a Date
 * which steps later changes nothing. A creation counts from when it is known to be there, though it was sent before:
 * whoever held until the deletion may have renewed in between. */
static void begin_wait(Lock *lock, const LockNow *now) {
        int64_t start_ms = lock->record.start_time_ms, left_us;

        if (version_creates(lock, lock->record.version))
                lock->start_floor_ms = store_time_high_ms(lock, now) +
                                       (int64_t) (usec_sub(creator_wait_us(lock), lock->p.gap_us) / USEC_PER_MSEC) + 1;
        if (start_ms < lock->start_floor_ms)
                start_ms = lock->start_floor_ms;
        left_us = start_ms * 1000 + (int64_t) lock->p.gap_us - lock->offset_low_us - (int64_t) now->boot_us;
        lock->gap_end = gap_end_after(now, left_us > 0 ? (usec_t) left_us : 0);
}

static void hold(Lock *lock, const LockNow *now) {
        if (lock->own == OWN_HELD)
                return;
        lock->own = OWN_HELD;
        lock->tenure_lease_us = (usec_t) lock->record.lease_ms * USEC_PER_MSEC;
        lock->renew_boot_us = now->boot_us;
        begin_wait(lock, now);
}

/* Somebody else's record, or none, where ours should be: kill now, no grace. */
static void lose(Lock *lock, const LockNow *now, LockActions *actions) {
        Own before = lock->own;

        end_tenure(lock, now);
        lock->write_open = false;
        lock->start_floor_ms = 0;
        if (before == OWN_NONE || (before == OWN_UNKNOWN && lock->permit == PERMIT_NONE))
                return;
        snprintf(lock->reason, sizeof(lock->reason), "lost the lock to %.200s",
                 lock->has_record ? lock->record.holder : "nobody: the record was deleted");
        if (lock->permit != PERMIT_NONE)
                end_permit(lock, now, true, actions);
}

static void show_record(Lock *lock, const LockNow *now, const LockEvent *event) {
        bool changed = lock->unclear || event->has_record != lock->has_record ||
                       (event->has_record && !records_equal(&event->record, &lock->record));

        lock->shown_boot_us = now->boot_us;
        lock->unclear = false;
        if (!changed)
                return;
        lock->has_record = event->has_record;
        lock->record = event->has_record ? event->record : (Record) {};
        lock->seen = *now;
        lock->expired_by_clocks = false;
}

/* What there is settles what became of a deletion, and whether one is still about what there is. */
static void settle_unlock(Lock *lock) {
        if (lock->unlock_state == UNLOCK_SENT || strcmp(lock->unlock.version, lock->record.version) != 0 ||
            strcmp(lock->unlock.holder, lock->record.holder) != 0)
                lock->unlock_state = UNLOCK_NONE;
}

static void answered(Lock *lock, const LockNow *now, const LockAnswer *answer) {
        lock->request = REQUEST_NONE;
        lock->failures = 0;
        lock->retry_boot_us = 0;
        lock->answered_boot_us = now->boot_us;
        lock->failing_since_boot_us = 0;
        learn_store_time(lock, answer, now);
}

static usec_t min_us(usec_t a_us, usec_t b_us) {
        return a_us < b_us ? a_us : b_us;
}

/* A tenure keeps the lease that it began with; a longer interval that was configured since must not outlast it. */
static usec_t renew_interval_us(const Lock *lock) {
        return min_us(lock->p.renew_us, lock->tenure_lease_us / 4);
}

/* Backoff doubles and is drawn from its whole width ("full jitter"); with short leases it stays within two requests,
 * so that a deadline is not slept through. */
static void failed(Lock *lock, const LockNow *now) {
        usec_t limit_us = 2 * lock->p.request_us < BACKOFF_US_MAX ? 2 * lock->p.request_us : BACKOFF_US_MAX;
        usec_t tenure_limit_us = lock->own == OWN_HELD ? renew_interval_us(lock) : limit_us;
        unsigned shift = lock->failures < 16 ? lock->failures : 16;
        usec_t width_us = BACKOFF_US_MIN << shift;

        lock->request = REQUEST_NONE;
        lock->failures++;
        lock->retry_boot_us = now->boot_us + BACKOFF_US_MIN / 2 +
                lock_draw_below(lock, min_us(width_us, min_us(limit_us, tenure_limit_us)));
        if (lock->failing_since_boot_us == 0)
                lock->failing_since_boot_us = now->boot_us;
}

/* A lease that makes sense counts in a record that makes none, too: its holder may have had it. */
static void remember_extremes(Lock *lock) {
        const Record *record = &lock->record;

        if (!record->is_ours_by_shape)
                return;
        if (record->lease_ms > lock->longest_lease_ms && record->lease_ms <= (int64_t) (LEASE_US_MAX / USEC_PER_MSEC))
                lock->longest_lease_ms = record->lease_ms;
        if (!lock->fault && record->fence > lock->highest_fence)
                lock->highest_fence = record->fence;
}

static void on_read(Lock *lock, const LockNow *now, const LockEvent *event, LockActions *actions) {
        bool mine;

        /* Without a Date nothing can be judged. */
        if (event->answer.date_s <= 0) {
                failed(lock, now);
                return;
        }
        answered(lock, now, &event->answer);
        lock->read_wanted = false;
        lock->poll_boot_us = usec_add(now->boot_us, lock->p.poll_us);
        show_record(lock, now, event);
        settle_unlock(lock);
        lock->fault = lock->has_record && record_needs_person(&lock->record, &event->answer);
        mine = lock->has_record && !lock->fault && record_is_mine(lock, &lock->record);
        lock->duplicate_id = lock->has_record && record_is_duplicate_id(lock, &lock->record);
        lock->expired_by_clocks |= lock->has_record && !lock->fault && record_expired_by_clocks(lock, &event->answer, now);
        lock->short_gap = lock->has_record && !lock->record.is_ours_by_shape && lock->p.gap_us < MIXED_FLEET_GAP_US_MIN;
        if (lock->has_record)
                remember_extremes(lock);
        if (mine && !record_is_released(&lock->record)) {
                /* The read settles which write arrived; it extends nothing, so renew at once. */
                lock->renew_boot_us = now->boot_us;
                hold(lock, now);
                return;
        }
        if (!mine)
                forget_foreign_base(lock, lock->record.version);
        lose(lock, now, actions);
}

static void on_unclear(Lock *lock, const LockNow *now, const LockEvent *event, LockActions *actions) {
        answered(lock, now, &event->answer);
        lock->read_wanted = false;
        lock->poll_boot_us = usec_add(now->boot_us, lock->p.poll_us);
        lock->has_record = false;
        lock->record = (Record) {};
        strcpy(lock->record.holder, event->record.holder);
        strcpy(lock->record.version, event->record.version);
        lock->n_ours = 0;
        lock->fault = lock->unclear = true;
        settle_unlock(lock);
        lose(lock, now, actions);
}

/* A lease whose stop_at has passed is not revived: the guard stops already. */
static void extend_lease(Lock *lock, const LockNow *now, LockActions *actions) {
        if (lock->permit != PERMIT_GOOD || !lock->units_known || !lock->horizon_known ||
            deadline_passed(lock->lease.stop_boot_us, lock->lease.stop_raw_us, now))
                return;
        lock->lease = lease_of_horizon(lock);
        add_action(actions, LOCK_ACTION_LEASE);
}

static void begin_or_extend(Lock *lock, const LockNow *now, const LockEvent *event, LockActions *actions) {
        lock->fault = lock->duplicate_id = false;
        lock->renewed_boot_us = now->boot_us;
        if (lock->own != OWN_HELD) {
                lock->reason[0] = '\0';
                hold(lock, now);
        }
        /* Others have to know at once since when a creation counts. */
        lock->renew_boot_us = lock->record.start_time_ms < lock->start_floor_ms ? now->boot_us :
                usec_add(lock->write_first_sent.boot_us, renew_interval_us(lock));
        if (event->answer.date_s <= 0)
                return; /* no Date, no horizon: what was granted before stands */
        lock->horizon = holder_horizon(lock, &lock->write_first_sent, &event->answer, lock->record.expire_time_ms);
        lock->horizon_known = true;
        extend_lease(lock, now, actions);
}

/* As after a read that shows no record: whoever creates the next one waits for whom the deleted one may have let run. */
static void on_deleted(Lock *lock, const LockNow *now) {
        show_record(lock, now, &(LockEvent) {});
        lock->unlock_state = UNLOCK_NONE;
        lock->fault = lock->duplicate_id = lock->short_gap = false;
        forget_foreign_base(lock, "");
}

static void on_written(Lock *lock, const LockNow *now, const LockEvent *event, LockActions *actions) {
        bool deleted = lock->request == REQUEST_DELETE;

        answered(lock, now, &event->answer);
        if (deleted) {
                on_deleted(lock, now);
                return;
        }
        lock->write_open = false;
        lock->has_record = true;
        lock->record = lock->write.record;
        lock->seen = *now;
        lock->shown_boot_us = now->boot_us;
        lock->expired_by_clocks = false;
        remember_extremes(lock);
        /* Everything sent earlier was conditional on versions that are gone now: it can no longer land. */
        strcpy(lock->ours[0].text, lock->record.version);
        lock->ours[0].creates = lock->write.create;
        lock->n_ours = 1;
        if (lock->write_kind == WRITE_RELEASE) {
                end_tenure(lock, now);
                lock->poll_boot_us = usec_add(now->boot_us, lock->p.poll_us);
                return;
        }
        begin_or_extend(lock, now, event, actions);
}

static bool lease_nearly_over(const Lock *lock, const LockNow *now) {
        return deadline_passed(usec_sub(lock->lease.stop_boot_us, LAPSE_SLACK_US),
                               usec_sub(lock->lease.stop_raw_us, LAPSE_SLACK_US), now);
}

static const char *end_reason(const LockUnits *units) {
        if (units->guard != UNIT_ACTIVE)
                return "the guard was stopped or ended";
        if (units->target == UNIT_FAILED)
                return "the target failed";
        return units->clean_oneshot ? "the target has done its work" : "the target ended";
}

/* Whether what we started is over without our doing: the lease goes to somebody else then. */
static bool ended_by_itself(const Lock *lock, const LockNow *now) {
        const LockUnits *units = &lock->units;

        if (lock->permit != PERMIT_GOOD || lock->guard_since_boot_us == 0 ||
            units->asked_boot_us < lock->guard_since_boot_us)
                return false;
        if (lease_nearly_over(lock, now))
                return false;
        if (units->guard == UNIT_ACTIVATING || (units->guard == UNIT_ACTIVE && units->job_pending))
                return false;
        if (units->guard != UNIT_ACTIVE)
                return true;
        return !holds_on_exit(lock) && (units->target == UNIT_INACTIVE || units->target == UNIT_FAILED);
}

/* The first picture after a restart: what runs under the lease found on disk goes on undisturbed. */
static void recognize(Lock *lock, const LockNow *now, LockActions *actions) {
        if (lock->permit != PERMIT_GOOD)
                return;
        if (lock->units.guard != UNIT_ACTIVE && lock->units.guard != UNIT_ACTIVATING) {
                end_permit(lock, now, false, actions);
                return;
        }
        lock->guard_since_boot_us = lock->units.asked_boot_us;
        /* The renewal may have been quicker than PID 1: what it granted waits for the budget that is known now. */
        extend_lease(lock, now, actions);
}

static void on_units(Lock *lock, const LockNow *now, const LockEvent *event, LockActions *actions) {
        bool first = !lock->units_known;

        lock->units = event->units;
        lock->units_known = true;
        if (first)
                recognize(lock, now, actions);
        /* The guard's job is done, whether or not its signal got through. */
        if (lock->permit == PERMIT_GOOD && lock->guard_since_boot_us == 0 && lock->units.guard == UNIT_ACTIVE &&
            lock->units.asked_boot_us >= lock->permit_since_boot_us)
                lock->guard_since_boot_us = now->boot_us;
        if (!ended_by_itself(lock, now))
                return;
        stand_down(lock, lock->units.clean_oneshot ? USEC_INFINITY : usec_add(now->boot_us, STAND_DOWN_US),
                   end_reason(&lock->units));
}

/* Our clock or the store's may have jumped, or we slept: look at the store at once. */
static void on_jump(Lock *lock, const LockNow *now) {
        lock->read_wanted = true;
        lock->retry_boot_us = now->boot_us;
        lock->look_boot_us = now->boot_us;
}

static void on_stop(Lock *lock, const LockNow *now) {
        if (lock->exiting)
                return;
        lock->exiting = true;
        lock->exiting_since_boot_us = now->boot_us;
        lock->retry_boot_us = now->boot_us;
        lock->look_boot_us = now->boot_us;
}

static void on_unwritable(Lock *lock, const LockNow *now, LockActions *actions) {
        stand_down(lock, usec_add(now->boot_us, STAND_DOWN_US), "the lease file cannot be written; is /run full?");
        if (lock->permit != PERMIT_NONE)
                end_permit(lock, now, true, actions);
}

/* A guard that refuses because the lease is as good as over is no failure. */
static void on_guard_failed(Lock *lock, const LockNow *now, LockActions *actions) {
        if (lock->permit != PERMIT_GOOD)
                return;
        if (!lease_nearly_over(lock, now))
                stand_down(lock, usec_add(now->boot_us, STAND_DOWN_US), "the guard did not start");
        end_permit(lock, now, false, actions);
}

static void take_event(Lock *lock, const LockNow *now, const LockEvent *event, LockActions *actions) {
        switch (event->type) {
        case LOCK_EVENT_TICK:
                break;
        case LOCK_EVENT_READ:
                on_read(lock, now, event, actions);
                break;
        case LOCK_EVENT_READ_UNCLEAR:
                on_unclear(lock, now, event, actions);
                break;
        case LOCK_EVENT_WRITTEN:
                on_written(lock, now, event, actions);
                break;
        case LOCK_EVENT_CONDITION_FAILED:
                /* This attempt was not applied; an earlier one of the same write may have been. Look. */
                answered(lock, now, &event->answer);
                lock->write_open = false;
                lock->read_wanted = true;
                break;
        case LOCK_EVENT_REQUEST_FAILED:
                lock->read_wanted |= lock->request == REQUEST_DELETE;
                failed(lock, now);
                break;
        case LOCK_EVENT_UNITS:
                on_units(lock, now, event, actions);
                break;
        case LOCK_EVENT_GUARD_STARTED:
                if (lock->permit == PERMIT_GOOD)
                        lock->guard_since_boot_us = now->boot_us;
                lock->look_boot_us = now->boot_us;
                break;
        case LOCK_EVENT_GUARD_FAILED:
                on_guard_failed(lock, now, actions);
                break;
        case LOCK_EVENT_TABLE:
                lock->table_known = true;
                snprintf(lock->table_refusal, sizeof(lock->table_refusal), "%s", event->refusal);
                break;
        case LOCK_EVENT_LEASE_UNWRITABLE:
                on_unwritable(lock, now, actions);
                break;
        case LOCK_EVENT_STOP:
                on_stop(lock, now);
                break;
        case LOCK_EVENT_CLOCK_JUMP:
                on_jump(lock, now);
                break;
        case LOCK_EVENT_RELEASE:
        case LOCK_EVENT_PAUSE:
        case LOCK_EVENT_RESUME:
        case LOCK_EVENT_KEEP:
        case LOCK_EVENT_UNKEEP:
        case LOCK_EVENT_RENEW:
        case LOCK_EVENT_FORCE_UNLOCK:
                take_wish(lock, now, event);
                break;
        case _LOCK_EVENT_MAX:
                break;
        }
}

void lock_step(Lock *lock, const LockNow *now, const LockEvent *event, LockActions *actions) {
        LockState state;

        actions->n = 0;
        if (lock->exited)
                return;
        lock->now = *now;
        take_event(lock, now, event, actions);
        decide(lock, now, actions);
        state = derive_state(lock, now);
        if (state != lock->state) {
                lock->state = state;
                lock->state_since_boot_us = now->boot_us;
        }
}
