/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Observing: other hosts' records, the original's, absurd ones, and when they may be taken. A row of the behaviour
 * table or a time rule each; see cloudlock(7). */

#include "lock-bench.h"

static void nobody_lowers_a_creators_start_time(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        r.start_time_ms = store_ms() + 400000;
        read_record(&r);
        CHECK_EQ(lock.write.record.start_time_ms, r.start_time_ms);
}

static void standby_counts_from_the_answer_and_takes_over_on_time(void) {
        Record r = peer_record();
        usec_t seen_us;

        set_up();
        jump_to(now.boot_us + 3 * SEC);
        read_record(&r);
        seen_us = now.boot_us;
        CHECK_EQ(lock.state, LOCK_STANDBY);
        for (usec_t t = seen_us + 10 * SEC; t < seen_us + 10 * MIN_; t += 10 * SEC) {
                jump_to(t);
                units_quiet_now();
                if (lock.request == REQUEST_READ)
                        read_record(&r);
        }
        tick_at(seen_us + 10 * MIN_);
        CHECK(lock.request != REQUEST_WRITE);
        if (lock.request == REQUEST_READ)
                read_record(&r);
        CHECK_EQ(lock_deadline(&lock), seen_us + 10 * MIN_ + 10 * MIN_ / DRIFT_DIVISOR + 1);
        tick_at(lock_deadline(&lock));
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_STR(lock.write.expected[0], "peer-version-1");
}

static void a_new_version_restarts_the_count(void) {
        Record r = peer_record();

        set_up();
        read_record(&r);
        jump_to(now.boot_us + 9 * MIN_);
        tick_at(now.boot_us);
        strcpy(r.version, "peer-version-2");
        read_record(&r);
        jump_to(now.boot_us + 9 * MIN_);
        units_quiet_now();
        CHECK(!find(LOCK_ACTION_WRITE));
}

static void observer_believes_the_slower_clock(void) {
        Record r = peer_record();
        usec_t seen_us;

        set_up();
        read_record(&r);
        seen_us = now.boot_us;
        jump_to(seen_us + 11 * MIN_);
        now.raw_us = seen_us + 9 * MIN_; /* BOOTTIME was slewed, or RAW did not count a suspend */
        units_quiet_now();
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK(observer_remaining_us(&lock, &now) > 59 * SEC);
}

static void originals_record_needs_both_clocks_past_expiry(void) {
        Record r = { .start_time_ms = 5 };

        set_up();
        strcpy(r.holder, "java");
        strcpy(r.version, "java-version");
        r.expire_time_ms = store_ms() - 59000;
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_STANDBY);
        CHECK(!find(LOCK_ACTION_WRITE));
        jump_to(now.boot_us + 10 * SEC);
        units_quiet_now();
        wall_off_us = -10 * (int64_t) SEC; /* our own clock is not past it yet */
        set_now(now.boot_us);
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
        wall_off_us = 0;
        jump_to(now.boot_us + 10 * SEC);
        tick_at(now.boot_us);
        read_record(&r);
        CHECK(find(LOCK_ACTION_WRITE));
}

static void cold_start_takes_a_long_expired_record(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = store_ms() - 61000 - 1000;
        read_record(&r);
        CHECK(find(LOCK_ACTION_WRITE));
}

static void our_name_with_another_boot_is_foreign(void) {
        Record r = peer_record();

        set_up();
        strcpy(r.host, self_host);
        strcpy(r.holder, "self#11111111");
        strcpy(r.version, "journaled");
        strcpy(lock.ours[0].text, "journaled");
        lock.n_ours = 1;
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_STANDBY);
        CHECK(!lock.duplicate_id);
        strcpy(r.host, peer_host);
        jump_to(now.boot_us + 10 * SEC);
        tick_at(now.boot_us);
        read_record(&r);
        CHECK(lock.duplicate_id);
}

static void our_boot_without_the_journal_is_foreign(void) {
        Record r = peer_record();

        set_up();
        strcpy(r.host, self_host);
        strcpy(r.boot, self_boot);
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_STANDBY);
}

static void same_name_from_the_original_is_foreign(void) {
        Record r = { .expire_time_ms = 0, .start_time_ms = 5 };

        set_up();
        strcpy(r.holder, "self");
        strcpy(r.version, "x");
        r.expire_time_ms = store_ms() + 60000;
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_STANDBY);
        CHECK(lock.duplicate_id);
}

static void absurd_records_need_a_person(void) {
        Record r = peer_record();

        set_up();
        r.lease_ms = 1;
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_FAULT);
        r = peer_record();
        r.expire_time_ms = store_ms() + INT64_C(90000000);
        strcpy(r.version, "v3");
        jump_to(now.boot_us + 10 * SEC);
        tick_at(now.boot_us);
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_FAULT);
        jump_to(now.boot_us + 1000 * MIN_);
        units_quiet_now();
        CHECK(!find(LOCK_ACTION_WRITE));
        if (lock.request == REQUEST_NONE)
                tick_at(now.boot_us + 10 * SEC);
        step((LockEvent) { .type = LOCK_EVENT_READ_UNCLEAR, .answer = answer() });
        CHECK_EQ(lock.state, LOCK_FAULT);
}

static void creator_waits_out_the_longest_lease_it_saw(void) {
        Record r = peer_record();

        set_up();
        r.lease_ms = 3600000;
        r.fence = 9000000000000000;
        read_record(&r);
        jump_to(now.boot_us + 10 * SEC);
        tick_at(now.boot_us);
        read_none();
        CHECK(lock.write.create);
        CHECK(lock.write.record.start_time_ms >= store_ms() + 3600000 - 120000);
        CHECK(lock.write.record.fence > 9000000000000000);
}

static void times_at_the_edge_of_numbers_are_a_fault(void) {
        const int64_t edges[] = { INT64_MAX, INT64_MAX - 1000, INT64_MIN, -1 };
        LockView view;

        for (size_t i = 0; i < ELEMENTSOF(edges); i++) {
                Record r = peer_record();

                set_up();
                r.expire_time_ms = edges[i];
                read_record(&r);
                CHECK_EQ(lock.state, LOCK_FAULT);
                lock_view(&lock, &view);
                CHECK(!lock.expired_by_clocks);
        }
}

static void a_table_that_is_refused_is_not_led_in(void) {
        Record r = peer_record();

        set_up();
        lock.table_known = false;
        r.expire_time_ms = 0;
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
        step((LockEvent) { .type = LOCK_EVENT_TABLE, .refusal = "eventually consistent" });
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.state, LOCK_REFUSING);
        step((LockEvent) { .type = LOCK_EVENT_TABLE });
        CHECK(find(LOCK_ACTION_WRITE));
}

static void beside_the_original_a_short_gap_is_refused(void) {
        Record r = { .expire_time_ms = 1, .start_time_ms = 5, .holder = "java", .version = "x" };

        set_up();
        lock.p.gap_us = 2 * MIN_ - 1;
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.state, LOCK_REFUSING);
        set_up();
        read_record(&r);
        CHECK(find(LOCK_ACTION_WRITE));
}

static void a_slow_answer_counts_from_when_it_came(void) {
        Record r = peer_record();
        LockAnswer slow;

        set_up();
        slow = answer();
        jump_to(now.boot_us + 8 * SEC);
        step((LockEvent) { .type = LOCK_EVENT_READ, .answer = slow, .has_record = true, .record = r });
        CHECK_EQ(observer_remaining_us(&lock, &now), 10 * MIN_ + 10 * MIN_ / DRIFT_DIVISOR + 1);
}

static void our_own_clock_alone_expires_nothing(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = store_ms() - 50000;
        wall_off_us = 39 * (int64_t) SEC;
        set_now(now.boot_us);
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK(!lock.expired_by_clocks);
        /* Set to next year, looked at, and set right: what it seemed to say then is nothing. */
        wall_off_us = INT64_C(365) * 86400 * (int64_t) SEC;
        jump_to(now.boot_us + SEC);
        step((LockEvent) { .type = LOCK_EVENT_CLOCK_JUMP });
        read_record(&r);
        wall_off_us = 0;
        jump_to(now.boot_us + SEC);
        step((LockEvent) { .type = LOCK_EVENT_CLOCK_JUMP });
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
}

/* A record was over, and could not be taken; somebody else did. */
static void what_expired_was_that_record(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = store_ms() - 61000 - 1000;
        units_are(UNIT_INACTIVE, UNIT_INACTIVE, true);
        read_record(&r);
        CHECK(lock.expired_by_clocks);
        jump_to(now.boot_us + 10 * SEC);
        tick_at(now.boot_us);
        r = peer_record();
        strcpy(r.version, "peer-version-2");
        read_record(&r);
        units_quiet_now();
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK(lock.request != REQUEST_WRITE);
}

static const Case cases[] = {
        { "nobody lowers a creator's start time", nobody_lowers_a_creators_start_time },
        { "standby counts from the answer, takes over on time", standby_counts_from_the_answer_and_takes_over_on_time },
        { "a new version restarts the count", a_new_version_restarts_the_count },
        { "observer believes the slower clock", observer_believes_the_slower_clock },
        { "the original's record needs both clocks past expiry", originals_record_needs_both_clocks_past_expiry },
        { "cold start takes a long expired record", cold_start_takes_a_long_expired_record },
        { "our name with another boot is foreign", our_name_with_another_boot_is_foreign },
        { "our boot without the journal is foreign", our_boot_without_the_journal_is_foreign },
        { "same name from the original is foreign", same_name_from_the_original_is_foreign },
        { "a slow answer counts from when it came", a_slow_answer_counts_from_when_it_came },
        { "our own clock alone expires nothing", our_own_clock_alone_expires_nothing },
        { "what expired was that record", what_expired_was_that_record },
        { "absurd records need a person", absurd_records_need_a_person },
        { "creator waits out the longest lease it saw", creator_waits_out_the_longest_lease_it_saw },
        { "times at the edge of numbers are a fault", times_at_the_edge_of_numbers_are_a_fault },
        { "a table that is refused is not led in", a_table_that_is_refused_is_not_led_in },
        { "beside the original a short gap is refused", beside_the_original_a_short_gap_is_refused },
};

int main(void) {
        return RUN_CASES(cases);
}
