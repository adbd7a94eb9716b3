/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What others see of the lock: its state by name, its next deadline, the view. Derived, never stored. */

#include <stdio.h>
#include <string.h>

#include "lock-internal.h"

static LockState derive_held(const Lock *lock, const LockNow *now) {
        if (forbidden_to_lead(lock, now))
                return lock->permit == PERMIT_NONE && units_quiet(lock) ? LOCK_RELEASING : LOCK_STOPPING;
        switch (lock->permit) {
        case PERMIT_GOOD:
                return lock->guard_since_boot_us != 0 && (lock->units.target == UNIT_ACTIVE || holds_on_exit(lock)) ?
                        LOCK_RUNNING : LOCK_STARTING;
        case PERMIT_ENDING:
                return LOCK_LAPSED;
        case PERMIT_NONE:
                break;
        }
        if (!gap_is_over(lock, now))
                return LOCK_WAITING;
        return units_quiet(lock) ? LOCK_LAPSED : LOCK_STARTING;
}

static LockState derive_not_held(const Lock *lock, const LockNow *now) {
        if (lock->permit == PERMIT_ENDING)
                return lock->exiting ? LOCK_STOPPING : LOCK_LOST;
        if (lock->exiting)
                return LOCK_STOPPING;
        if (lock->fault)
                return LOCK_FAULT;
        if (stands_down(lock, now))
                return LOCK_STANDING_DOWN;
        if (forbidden_to_lead(lock, now))
                return LOCK_REFUSING;
        return lock->write_open ? LOCK_ACQUIRING : LOCK_STANDBY;
}

LockState derive_state(const Lock *lock, const LockNow *now) {
        if (lock->exited)
                return LOCK_STOPPED;
        switch (lock->own) {
        case OWN_UNKNOWN:
                return lock->exiting ? LOCK_STOPPING : LOCK_STARTING_UP;
        case OWN_HELD:
                return derive_held(lock, now);
        case OWN_NONE:
                break;
        }
        return derive_not_held(lock, now);
}

static void sooner(usec_t *deadline_us, usec_t now_us, usec_t candidate_us) {
        /* What is due already was seen to in the last step, or waits for an event and not for time. */
        if (candidate_us > now_us && candidate_us < *deadline_us)
                *deadline_us = candidate_us;
}

/* When the earlier of a deadline's two clocks gets there, on CLOCK_BOOTTIME. */
static usec_t on_boottime(const Lock *lock, usec_t boot_us, usec_t raw_us) {
        usec_t by_raw_us = usec_add(lock->now.boot_us, usec_sub(raw_us, now_raw_suspend_us(&lock->now)));

        return boot_us < by_raw_us ? boot_us : by_raw_us;
}

usec_t lock_deadline(const Lock *lock) {
        usec_t now_us = lock->now.boot_us, deadline_us = USEC_INFINITY;

        if (lock->exited)
                return USEC_INFINITY;
        sooner(&deadline_us, now_us, lock->look_boot_us);
        sooner(&deadline_us, now_us, lock->stand_down_boot_us);
        if (lock->permit == PERMIT_GOOD) {
                sooner(&deadline_us, now_us, on_boottime(lock, lock->lease.stop_boot_us, lock->lease.stop_raw_us));
                sooner(&deadline_us, now_us, usec_add(lock->permit_since_boot_us, GUARD_START_US_MAX));
                if (lock->guard_since_boot_us == 0)
                        sooner(&deadline_us, now_us, lock->start_boot_us);
        } else
                sooner(&deadline_us, now_us, lock->stop_boot_us);
        if (lock->exiting) {
                sooner(&deadline_us, now_us, usec_add(lock->exiting_since_boot_us, RELEASE_US_MAX));
                sooner(&deadline_us, now_us, usec_add(lock->empty_since_boot_us, RELEASE_US_MAX));
                sooner(&deadline_us, now_us, usec_add(lock->exiting_since_boot_us, UNITS_AGE_US_MAX));
        }
        if (lock->own == OWN_HELD)
                sooner(&deadline_us, now_us, gap_end_boot_us(lock));
        if (lock->request != REQUEST_NONE)
                return deadline_us;
        if (lock->retry_boot_us > now_us) {
                sooner(&deadline_us, now_us, lock->retry_boot_us);
                return deadline_us;
        }
        if (lock->own == OWN_HELD)
                sooner(&deadline_us, now_us, is_blind(lock, &lock->now) ? lock->poll_boot_us : lock->renew_boot_us);
        else {
                sooner(&deadline_us, now_us, lock->poll_boot_us);
                sooner(&deadline_us, now_us, usec_add(now_us, observer_remaining_us(lock, &lock->now)));
                sooner(&deadline_us, now_us, usec_add(now_us, handover_remaining_us(lock, &lock->now)));
        }
        return deadline_us;
}

static void view_reason(const Lock *lock, LockView *view) {
        char span[SPAN_TEXT_MAX], limit[SPAN_TEXT_MAX];
        int64_t skew_us = lock->skew_us;

        snprintf(view->reason, sizeof(view->reason), "%s", lock->paused ? "paused on request" : lock->reason);
        if (lock->fault)
                snprintf(view->reason, sizeof(view->reason),
                         "the item in the table makes no sense as a lock; a person must look at it and delete it");
        if (lock->table_refusal[0])
                snprintf(view->reason, sizeof(view->reason), "%s", lock->table_refusal);
        else if (lock->units_known && lock->units.refusal[0])
                snprintf(view->reason, sizeof(view->reason), "%s", lock->units.refusal);
        else if (lock->own == OWN_HELD && is_blind(lock, &lock->now))
                snprintf(view->reason, sizeof(view->reason),
                         "systemd does not answer over D-Bus: nothing can be started, and the lock is left to run out");
        else if (lock->short_gap)
                snprintf(view->reason, sizeof(view->reason),
                         "%.100s is the original program: beside it cloudlock_restart_gap has to be 2min or more, on every host",
                         lock->record.holder);
        else if (lock->offset_known && clock_is_off(lock))
                snprintf(view->reason, sizeof(view->reason), "the clock is %s %s (limit %s): set it",
                         format_span(span, sizeof(span), (usec_t) (skew_us < 0 ? -skew_us : skew_us)),
                         skew_us < 0 ? "slow" : "fast",
                         format_span(limit, sizeof(limit), lock->p.max_clock_skew_us));
}

/* When we shall judge the record's lease to be over: rule (a) for others' records, the horizon for ours. */
static usec_t expiry(const Lock *lock) {
        usec_t remaining_us;

        if (lock->own == OWN_HELD)
                return lock->horizon_known ? lock->horizon.boot_us : 0;
        if (!lock->has_record || lock->fault || record_is_released(&lock->record))
                return 0;
        if (lock->record.is_ours_by_shape) {
                remaining_us = observer_remaining_us(lock, &lock->now);
                return remaining_us > 0 ? usec_add(lock->now.boot_us, remaining_us) : lock->now.boot_us;
        }
        if (lock->record.expire_time_ms * 1000 < lock->offset_low_us)
                return 0;
        return usec_add((usec_t) (lock->record.expire_time_ms * 1000 - lock->offset_low_us), EXPIRED_MARGIN_US);
}

static void view_next(const Lock *lock, LockView *view) {
        static const LockNext nexts[_LOCK_STATE_MAX] = {
                [LOCK_STANDBY] = LOCK_NEXT_TAKEOVER,     [LOCK_WAITING] = LOCK_NEXT_TARGET_START,
                [LOCK_RUNNING] = LOCK_NEXT_RENEW,        [LOCK_STARTING] = LOCK_NEXT_RENEW,
                [LOCK_STANDING_DOWN] = LOCK_NEXT_STAND_UP, [LOCK_REFUSING] = LOCK_NEXT_POLL,
                [LOCK_FAULT] = LOCK_NEXT_POLL,           [LOCK_STOPPING] = LOCK_NEXT_KILL,
                [LOCK_LAPSED] = LOCK_NEXT_KILL,
        };
        const usec_t at[_LOCK_NEXT_MAX] = {
                [LOCK_NEXT_POLL] = lock->poll_boot_us,
                [LOCK_NEXT_TAKEOVER] = view->handover_boot_us != 0 ? view->handover_boot_us : view->expires_boot_us,
                [LOCK_NEXT_TARGET_START] = gap_end_boot_us(lock),
                [LOCK_NEXT_RENEW] = lock->renew_boot_us,
                [LOCK_NEXT_STOP] = view->stop_boot_us,
                [LOCK_NEXT_KILL] = view->kill_boot_us,
                [LOCK_NEXT_STAND_UP] = view->stand_down_boot_us == USEC_INFINITY ? 0 : view->stand_down_boot_us,
        };

        view->next = nexts[lock->state];
        if (view->next == LOCK_NEXT_RENEW && lock->failing_since_boot_us != 0)
                view->next = LOCK_NEXT_STOP;
        if (view->next == LOCK_NEXT_TAKEOVER && at[LOCK_NEXT_TAKEOVER] == 0)
                view->next = LOCK_NEXT_POLL;
        view->next_boot_us = at[view->next];
        if (view->next_boot_us == 0)
                view->next = LOCK_NEXT_NONE;
}

/* While the lock is given up its successor is a wish, and then what the record says. */
static void view_handover(const Lock *lock, LockView *view) {
        usec_t remaining_us = handover_remaining_us(lock, &lock->now);

        if (lock->release_wanted)
                strcpy(view->successor, lock->successor);
        else if (remaining_us > 0) {
                strcpy(view->successor, lock->record.successor);
                view->handover_boot_us = usec_add(lock->now.boot_us, remaining_us);
        }
}

void lock_view(const Lock *lock, LockView *ret) {
        LockView view = {
                .state = lock->state,
                .state_since_boot_us = lock->state_since_boot_us,
                .held = lock->own == OWN_HELD,
                .has_record = lock->has_record,
                .record = lock->record,
                .record_seen_boot_us = lock->shown_boot_us,
                .expires_boot_us = expiry(lock),
                .fence = lock->own == OWN_HELD ? lock->record.fence : 0,
                .renewed_boot_us = lock->own == OWN_HELD ? lock->renewed_boot_us : 0,
                .store_failing = lock->failing_since_boot_us != 0,
                .store_answered_boot_us = lock->answered_boot_us,
                .store_failing_since_boot_us = lock->failing_since_boot_us,
                .skew_known = lock->offset_known,
                .skew_us = lock->skew_us,
                .duplicate_id = lock->duplicate_id,
                .unclear = lock->unclear,
                .unlocking = lock->unlock_state != UNLOCK_NONE,
                .paused = lock->paused,
                .kept = lock->kept,
                .stand_down_boot_us = lock->paused ? USEC_INFINITY : lock->stand_down_boot_us,
        };

        if (lock->permit != PERMIT_NONE && !lock->revoked) {
                view.stop_boot_us = lock->lease.stop_boot_us;
                view.kill_boot_us = lock->lease.kill_boot_us;
        }
        view_handover(lock, &view);
        view_reason(lock, &view);
        view_next(lock, &view);
        *ret = view;
}

size_t lock_size(void) {
        return sizeof(Lock);
}

void lock_init(Lock *lock, const LockParameters *parameters, const LockNow *now) {
        *lock = (Lock) { .p = *parameters, .now = *now };
        memcpy(lock->random, parameters->seed, sizeof(lock->random));
        memcpy(lock->ours, parameters->journal, sizeof(lock->ours));
        lock->n_ours = parameters->n_journal;
        lock->permit = parameters->lease_on_disk ? PERMIT_GOOD : PERMIT_NONE;
        lock->lease = parameters->lease;
        lock->paused = parameters->paused;
        lock->kept = parameters->kept;
        lock->permit_since_boot_us = lock->state_since_boot_us = now->boot_us;
        lock->state = derive_state(lock, now);
}
