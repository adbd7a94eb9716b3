/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The arithmetic that the promise rests on. Two rules keep hosts apart: a holder counts from before it asked, an
 * observer from after it was told; and a holder believes the clock on which more time has passed, an observer the one
 * on which less has. (C. Gray, D. Cheriton: Leases, SOSP 1989; M. Burrows: Chubby, OSDI 2006.) */

#include "lock-internal.h"

usec_t drift_us(usec_t us) {
        return us / DRIFT_DIVISOR + 1;
}

usec_t now_raw_suspend_us(const LockNow *now) {
        return usec_add(now->raw_us, usec_sub(now->boot_us, now->mono_us));
}

bool deadline_passed(usec_t boot_us, usec_t raw_us, const LockNow *now) {
        return now->boot_us >= boot_us || now_raw_suspend_us(now) >= raw_us;
}

/* What is left of the lease by the record's own words: expire_time less headroom, against the answer's Date. It
 * bounds the horizon should the store's time, from which expire_time was reckoned, have been misjudged. */
static usec_t lease_by_record_us(const LockAnswer *answer, int64_t expire_time_ms) {
        int64_t left_us;

        if (__builtin_mul_overflow(expire_time_ms - answer->date_s * 1000, INT64_C(1000), &left_us))
                return 0;
        left_us -= (int64_t) (EXPIRE_HEADROOM_US + DATE_RESOLUTION_US);
        return left_us > 0 ? (usec_t) left_us : 0;
}

/* min(t0 + L·(1−ρ), t_send + (expire_time − headroom − Date) − 1 s), on each clock. */
Deadline holder_horizon(const Lock *lock, const LockNow *t0, const LockAnswer *answer, int64_t expire_time_ms) {
        usec_t by_lease_us = usec_sub(lock->tenure_lease_us, drift_us(lock->tenure_lease_us));
        usec_t by_record_us = lease_by_record_us(answer, expire_time_ms);
        usec_t boot_a = usec_add(t0->boot_us, by_lease_us), boot_b = usec_add(answer->sent.boot_us, by_record_us);
        usec_t raw_a = usec_add(now_raw_suspend_us(t0), by_lease_us);
        usec_t raw_b = usec_add(now_raw_suspend_us(&answer->sent), by_record_us);

        return (Deadline) { .boot_us = boot_a < boot_b ? boot_a : boot_b, .raw_us = raw_a < raw_b ? raw_a : raw_b };
}

LockLease lease_of_horizon(const Lock *lock) {
        usec_t kill_boot_us = usec_sub(lock->horizon.boot_us, KILL_MARGIN_US);
        usec_t kill_raw_us = usec_sub(lock->horizon.raw_us, KILL_MARGIN_US);

        return (LockLease) {
                .kill_boot_us = kill_boot_us,
                .kill_raw_us = kill_raw_us,
                .stop_boot_us = usec_sub(kill_boot_us, lock->units.stop_budget_us),
                .stop_raw_us = usec_sub(kill_raw_us, lock->units.stop_budget_us),
                .fence = lock->record.fence,
        };
}

/* What is missing until the record has stood unchanged for so long, counted from the answer that first showed it, on
 * CLOCK_BOOTTIME and on plain RAW (the shorter counts). */
static usec_t unchanged_remaining_us(const Lock *lock, const LockNow *now, usec_t for_us) {
        usec_t wait_us = usec_add(for_us, drift_us(for_us));
        usec_t by_boot_us = usec_sub(usec_add(lock->seen.boot_us, wait_us), now->boot_us);
        usec_t by_raw_us = usec_sub(usec_add(lock->seen.raw_us, wait_us), now->raw_us);

        return by_boot_us > by_raw_us ? by_boot_us : by_raw_us;
}

/* Rule (a): the record has stood unchanged for its own lease. How much of that is missing; infinity without the rule. */
usec_t observer_remaining_us(const Lock *lock, const LockNow *now) {
        if (!lock->has_record || !lock->record.is_ours_by_shape)
                return USEC_INFINITY;
        return unchanged_remaining_us(lock, now, (usec_t) lock->record.lease_ms * USEC_PER_MSEC);
}

/* For how long a released record is left to the successor that it names. A courtesy: nobody's safety hangs on it. */
usec_t handover_remaining_us(const Lock *lock, const LockNow *now) {
        if (!lock->has_record || !record_is_released(&lock->record) || !lock->record.successor[0] ||
            successor_is_me(lock, lock->record.successor))
                return 0;
        return unchanged_remaining_us(lock, now, HANDOVER_US);
}

/* The gap is waited for on the clock that has counted less, and a clock may run fast. */
Deadline gap_end_after(const LockNow *from, usec_t wait_us) {
        usec_t long_us = wait_us > 0 ? usec_add(wait_us, drift_us(wait_us)) : 0;

        return (Deadline) { .boot_us = usec_add(from->boot_us, long_us), .raw_us = usec_add(from->raw_us, long_us) };
}

bool gap_is_over(const Lock *lock, const LockNow *now) {
        return now->boot_us >= lock->gap_end.boot_us && now->raw_us >= lock->gap_end.raw_us;
}

/* When both clocks will be there, on CLOCK_BOOTTIME. */
usec_t gap_end_boot_us(const Lock *lock) {
        usec_t by_raw_us = usec_add(lock->now.boot_us, usec_sub(lock->gap_end.raw_us, lock->now.raw_us));

        return lock->gap_end.boot_us > by_raw_us || lock->now.raw_us >= lock->gap_end.raw_us ? lock->gap_end.boot_us : by_raw_us;
}

/* Rule (b): the answer's Date and our own wall clock, agreeing within the limit, are both past expire_time by the
 * margin. One clock alone never suffices. */
bool record_expired_by_clocks(const Lock *lock, const LockAnswer *answer, const LockNow *now) {
        int64_t limit_ms = lock->record.expire_time_ms + (int64_t) (EXPIRED_MARGIN_US / USEC_PER_MSEC);

        return !clock_is_off(lock) && answer->date_s * 1000 > limit_ms &&
               (int64_t) (now->wall_us / USEC_PER_MSEC) > limit_ms;
}

/* The true time lies in [Date, Date + 1 s) at some moment between sending and now. The skew is measured from the
 * middle of what is possible. */
void learn_store_time(Lock *lock, const LockAnswer *answer, const LockNow *now) {
        int64_t date_us = answer->date_s * (int64_t) USEC_PER_SEC;
        int64_t trip_us = (int64_t) usec_sub(now->boot_us, answer->sent.boot_us);

        if (answer->date_s <= 0)
                return;
        lock->offset_low_us = date_us - (int64_t) now->boot_us;
        lock->offset_high_us = date_us + (int64_t) DATE_RESOLUTION_US - (int64_t) answer->sent.boot_us;
        lock->skew_us = (int64_t) now->wall_us - date_us - ((int64_t) DATE_RESOLUTION_US + trip_us) / 2;
        lock->offset_known = true;
}

bool clock_is_off(const Lock *lock) {
        int64_t limit_us = (int64_t) lock->p.max_clock_skew_us;

        return !lock->offset_known || lock->skew_us >= limit_us || lock->skew_us <= -limit_us;
}
