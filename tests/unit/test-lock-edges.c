/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What hardly ever happens: events at odd moments, states that no event leads to, the edges of numbers. */

#include "lock-bench.h"

static void unwritable(void) {
        step((LockEvent) { .type = LOCK_EVENT_LEASE_UNWRITABLE });
}

static void a_failed_guard_is_over(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        units_are(UNIT_DEACTIVATING, UNIT_INACTIVE, false);
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
        units_are(UNIT_FAILED, UNIT_INACTIVE, false);
        CHECK(find(LOCK_ACTION_WRITE));
}

static void a_lease_is_revoked_once(void) {
        come_to_run();
        unwritable();
        CHECK(find(LOCK_ACTION_REVOKE));
        CHECK_EQ(lock.permit, PERMIT_ENDING);
        unwritable();
        CHECK(!find(LOCK_ACTION_REVOKE));
        CHECK_EQ(lock.permit, PERMIT_ENDING);
}

static void an_unwritable_lease_before_the_start(void) {
        Record r = peer_record();

        set_up();
        read_record(&r);
        unwritable();
        CHECK_EQ(lock.state, LOCK_STANDING_DOWN);
        CHECK(!find(LOCK_ACTION_REVOKE) && !find(LOCK_ACTION_STOP_UNITS));
}

/* No event leads there; should one, the target is stopped. */
static void a_permit_without_the_lock_is_ended(void) {
        come_to_run();
        lock.own = OWN_NONE;
        tick_at(now.boot_us + SEC);
        CHECK_EQ(lease_written().stop_boot_us, now.boot_us);
        CHECK(find(LOCK_ACTION_STOP_UNITS));
        CHECK_EQ(lock.state, LOCK_LOST);
}

static void units_are_looked_at_however_rare_the_poll(void) {
        Record r = peer_record();

        set_up();
        lock.p.poll_us = 10 * UNITS_AGE_US_MAX;
        read_record(&r);
        tick_at(lock.look_boot_us);
        CHECK(find(LOCK_ACTION_LOOK));
        units_quiet_now();
        CHECK(lock_deadline(&lock) < now.boot_us + UNITS_AGE_US_MAX);
        tick_at(lock_deadline(&lock));
        CHECK(find(LOCK_ACTION_LOOK));
}

/* The units are down, and a process is left: that nobody signals. */
static void what_is_left_is_looked_at_often(void) {
        come_to_run();
        tick_at(lock.lease.stop_boot_us);
        CHECK_EQ(lock.state, LOCK_LAPSED);
        jump_to(now.boot_us + SEC);
        units_are(UNIT_INACTIVE, UNIT_INACTIVE, true);
        CHECK(find(LOCK_ACTION_LOOK));
        CHECK(!find(LOCK_ACTION_STOP_UNITS) && !find(LOCK_ACTION_REVOKE));
        CHECK_EQ(lock_deadline(&lock), now.boot_us + LOOK_BUSY_US);
}

static void an_old_picture_shows_no_start(void) {
        LockEvent event = { .type = LOCK_EVENT_UNITS };

        come_to_wait();
        tick_at(lock.gap_end.boot_us);
        CHECK(find(LOCK_ACTION_START_GUARD));
        event.units = (LockUnits) { .asked_boot_us = now.boot_us - 1, .bound = true, .guard = UNIT_ACTIVE, .target = UNIT_ACTIVE,
                                    .populated = true, .stop_budget_us = 5 * SEC };
        step(event);
        CHECK_EQ(lock.state, LOCK_STARTING);
        event.units.asked_boot_us = now.boot_us;
        step(event);
        CHECK_EQ(lock.state, LOCK_RUNNING);
}

/* The guard refuses a lease that is as good as over: no reason to leave the lock to others. */
static void a_guard_that_came_too_late_is_no_failure(void) {
        come_to_wait();
        tick_at(lock.gap_end.boot_us);
        CHECK(find(LOCK_ACTION_START_GUARD));
        jump_to(lock.lease.stop_boot_us - SEC);
        step((LockEvent) { .type = LOCK_EVENT_GUARD_FAILED });
        CHECK(find(LOCK_ACTION_STOP_UNITS));
        CHECK_EQ(lock.permit, PERMIT_ENDING);
        CHECK_EQ(lock.state, LOCK_LAPSED);
        CHECK_EQ(lock.stand_down_boot_us, 0);
}

static void an_answer_without_a_date_is_none(void) {
        Record r = peer_record();
        LockView view;

        set_up();
        r.expire_time_ms = 0;
        step((LockEvent) { .type = LOCK_EVENT_READ, .answer = { .sent = now }, .has_record = true, .record = r });
        lock_view(&lock, &view);
        CHECK(view.store_failing && !view.has_record);
        CHECK_EQ(view.state, LOCK_STARTING_UP);
        CHECK(!find(LOCK_ACTION_WRITE));
        tick_at(lock.retry_boot_us);
        CHECK(find(LOCK_ACTION_READ));
}

static void once_out_nothing_happens_any_more(void) {
        Record r = peer_record();

        set_up();
        read_record(&r);
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        CHECK(find(LOCK_ACTION_EXIT));
        CHECK_EQ(lock.state, LOCK_STOPPED);
        CHECK_EQ(lock_deadline(&lock), USEC_INFINITY);
        r.expire_time_ms = 0;
        jump_to(now.boot_us + MIN_);
        read_record(&r);
        CHECK_EQ(actions.n, 0);
        units_quiet_now();
        CHECK_EQ(actions.n, 0);
        CHECK_EQ(lock.state, LOCK_STOPPED);
}

/* What is no operator's wish is never refused; and what is no event at all is no more than a tick. */
static void events_that_nobody_asked_for_are_taken(void) {
        set_up();
        for (LockEventType type = 0; type < LOCK_EVENT_RELEASE; type++)
                CHECK_EQ(lock_refuses(&lock, &(LockEvent) { .type = type }), LOCK_ACCEPTED);
        CHECK_EQ(lock_refuses(&lock, &(LockEvent) { .type = _LOCK_EVENT_MAX }), LOCK_ACCEPTED);
        CHECK_EQ(lock.request, REQUEST_READ);
        step((LockEvent) { .type = _LOCK_EVENT_MAX });
        CHECK_EQ(actions.n, 0);
        CHECK_EQ(lock.request, REQUEST_READ);
}

/* A Date that was far back made our own record absurd; the next one shows that it was ours throughout. */
static void an_unlock_is_dropped_for_our_own_record(void) {
        LockEvent event = { .type = LOCK_EVENT_FORCE_UNLOCK };
        Record r;

        come_to_wait();
        r = lock.record;
        step((LockEvent) { .type = LOCK_EVENT_CLOCK_JUMP });
        written();
        step((LockEvent) { .type = LOCK_EVENT_READ, .answer = { .sent = now, .date_s = 1 }, .has_record = true, .record = r });
        CHECK_EQ(lock.state, LOCK_FAULT);
        step((LockEvent) { .type = LOCK_EVENT_CLOCK_JUMP });
        CHECK(find(LOCK_ACTION_READ));
        strcpy(event.wish.unlock.holder, r.holder);
        strcpy(event.wish.unlock.version, r.version);
        CHECK_EQ(lock_refuses(&lock, &event), LOCK_ACCEPTED);
        step(event);
        CHECK_EQ(lock.unlock_state, UNLOCK_WANTED);
        read_record(&r);
        CHECK(!find(LOCK_ACTION_DELETE));
        CHECK_EQ(lock.own, OWN_HELD);
        CHECK_EQ(lock.unlock_state, UNLOCK_NONE);
}

/* The version alone ought to tell; should anybody write another record with it, the count begins anew. */
static void whatever_changes_restarts_the_count(void) {
        for (unsigned i = 0; i < 9; i++) {
                Record r = peer_record(), before;

                set_up();
                before = r = peer_record();
                read_record(&r);
                switch (i) {
                case 0: strcpy(r.holder, "other#22222222"); break;
                case 1: r.host[0] = '3'; break;
                case 2: r.boot[0] = 'c'; break;
                case 3: r.expire_time_ms--; break;
                case 4: r.start_time_ms--; break;
                case 5: r.is_ours_by_shape = false; break;
                case 6: r.lease_ms--; break;
                case 7: r.fence++; break;
                default: strcpy(r.successor, "self");
                }
                tick_at(now.boot_us + 20 * SEC);
                CHECK_EQ(lock.request, REQUEST_READ);
                read_record(&r);
                CHECK_EQ(lock.seen.boot_us, now.boot_us);
                CHECK(!records_equal(&before, &lock.record));
        }
}

static void what_was_never_sent_creates_nothing(void) {
        come_to_wait();
        CHECK(!version_creates(&lock, "never-sent"));
}

/* An expire_time beyond what microseconds can count grants nothing. */
static void a_horizon_beyond_numbers_is_none(void) {
        LockAnswer early = { .sent = { SEC, SEC, SEC, SEC }, .date_s = 1 };
        Deadline horizon;

        come_to_wait();
        horizon = holder_horizon(&lock, &early.sent, &early, INT64_MAX);
        CHECK_EQ(horizon.boot_us, early.sent.boot_us);
        CHECK_EQ(horizon.raw_us, early.sent.raw_us);
}

static const Case cases[] = {
        { "a failed guard is over", a_failed_guard_is_over },
        { "a lease is revoked once", a_lease_is_revoked_once },
        { "an unwritable lease before the start", an_unwritable_lease_before_the_start },
        { "a permit without the lock is ended", a_permit_without_the_lock_is_ended },
        { "units are looked at, however rare the poll", units_are_looked_at_however_rare_the_poll },
        { "what is left is looked at often", what_is_left_is_looked_at_often },
        { "an old picture shows no start", an_old_picture_shows_no_start },
        { "a guard that came too late is no failure", a_guard_that_came_too_late_is_no_failure },
        { "an answer without a Date is none", an_answer_without_a_date_is_none },
        { "once out, nothing happens any more", once_out_nothing_happens_any_more },
        { "events that nobody asked for are taken", events_that_nobody_asked_for_are_taken },
        { "an unlock is dropped for our own record", an_unlock_is_dropped_for_our_own_record },
        { "whatever changes restarts the count", whatever_changes_restarts_the_count },
        { "what was never sent creates nothing", what_was_never_sent_creates_nothing },
        { "a horizon beyond numbers is none", a_horizon_beyond_numbers_is_none },
};

int main(void) {
        return RUN_CASES(cases);
}
