/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Holding: acquiring, the gap, renewing, losing, what a lost answer means. A row of the behaviour
 * table or a time rule each; see cloudlock(7). */

#include "lock-bench.h"

static void starts_by_reading(void) {
        set_up();
        CHECK_EQ(lock.state, LOCK_STARTING_UP);
        CHECK_EQ(lock.request, REQUEST_READ);
}

static void takes_a_released_record_at_once(void) {
        Record r = peer_record();
        const LockAction *write;

        set_up();
        r.expire_time_ms = 0;
        read_record(&r);
        write = find(LOCK_ACTION_WRITE);
        CHECK(write);
        CHECK_EQ(write->write->create, false);
        CHECK_EQ(write->write->n_expected, 2);
        CHECK_STR(write->write->expected[0], "peer-version-1");
        CHECK_STR(write->write->expected[1], write->write->record.version);
        CHECK_STR(write->write->journal[0].text, write->write->record.version);
        CHECK_STR(write->write->record.holder, "self#11111111");
        CHECK_EQ(write->write->record.lease_ms, 600000);
        CHECK_EQ(write->write->record.fence, write->write->record.start_time_ms);
        written();
        CHECK_EQ(lock.state, LOCK_WAITING);
        CHECK(!find(LOCK_ACTION_LEASE) && !find(LOCK_ACTION_START_GUARD));
}

static void fence_grows_even_when_clocks_do_not(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        r.fence = (uint64_t) store_ms() + 1000000;
        read_record(&r);
        CHECK_EQ(lock.write.record.fence, r.fence + 1);
}

static void waits_the_gap_then_starts(void) {
        Record r = peer_record();
        usec_t acquired_us;

        set_up();
        r.expire_time_ms = 0;
        read_record(&r);
        written();
        acquired_us = now.boot_us;
        tick_at(acquired_us + 2 * MIN_ - 1);
        CHECK(!find(LOCK_ACTION_START_GUARD));
        CHECK(lock.gap_end.boot_us >= acquired_us + 2 * MIN_);
        CHECK(lock.gap_end.boot_us <= acquired_us + 2 * MIN_ + 2 * SEC);
        tick_at(lock.gap_end.boot_us);
        CHECK(find(LOCK_ACTION_LEASE) && find(LOCK_ACTION_START_GUARD));
        CHECK_EQ(lock.state, LOCK_STARTING);
        step((LockEvent) { .type = LOCK_EVENT_GUARD_STARTED });
        units_running();
        CHECK_EQ(lock.state, LOCK_RUNNING);
}

static void renews_and_extends_the_lease(void) {
        usec_t before_us;

        come_to_run();
        CHECK_EQ(lock.state, LOCK_RUNNING);
        before_us = lock.lease.kill_boot_us;
        tick_at(lock.renew_boot_us);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.write_kind, WRITE_RENEW);
        CHECK_EQ(lock.write.record.lease_ms, 600000);
        written();
        CHECK(find(LOCK_ACTION_LEASE));
        CHECK(lock.lease.kill_boot_us > before_us);
}

static void horizon_counts_from_the_first_attempt(void) {
        usec_t t0_us;

        come_to_run();
        tick_at(lock.renew_boot_us);
        t0_us = now.boot_us;
        jump_to(t0_us + 30 * SEC);
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        tick_at(lock.retry_boot_us);
        CHECK(find(LOCK_ACTION_WRITE));
        written();
        CHECK_EQ(lock.horizon.boot_us, t0_us + 10 * MIN_ - 10 * MIN_ / DRIFT_DIVISOR - 1);
        CHECK_EQ(lock.lease.kill_boot_us, lock.horizon.boot_us - KILL_MARGIN_US);
        CHECK_EQ(lock.lease.stop_boot_us, lock.lease.kill_boot_us - 5 * SEC);
}

static void horizon_is_bounded_by_the_record(void) {
        LockAnswer late;

        come_to_run();
        tick_at(lock.renew_boot_us);
        /* The store's clock turns out 100 s ahead of what expire_time was reckoned from. */
        late = answer();
        late.date_s += 100;
        step((LockEvent) { .type = LOCK_EVENT_WRITTEN, .answer = late });
        CHECK(lock.horizon.boot_us <= now.boot_us + 10 * MIN_ - 97 * SEC);
}

static void retries_carry_the_same_version(void) {
        char version[RECORD_VERSION_MAX + 1];

        come_to_run();
        tick_at(lock.renew_boot_us);
        strcpy(version, lock.write.record.version);
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK(lock_deadline(&lock) <= now.boot_us + 20 * SEC);
        tick_at(lock.retry_boot_us);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_STR(lock.write.record.version, version);
}

static void a_lost_answer_does_not_lose_the_lock(void) {
        Record applied;

        come_to_run();
        tick_at(lock.renew_boot_us);
        applied = lock.write.record;
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        tick_at(lock.retry_boot_us);
        step((LockEvent) { .type = LOCK_EVENT_CONDITION_FAILED, .answer = answer() });
        CHECK(find(LOCK_ACTION_READ));
        read_record(&applied);
        CHECK_EQ(lock.own, OWN_HELD);
        CHECK_EQ(lock.state, LOCK_RUNNING);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK(strcmp(lock.write.record.version, applied.version) != 0);
}

static void a_read_never_extends_the_lease(void) {
        usec_t kill_us;
        Record ours;

        come_to_run();
        kill_us = lock.lease.kill_boot_us;
        ours = lock.record;
        jump_to(now.boot_us + 30 * SEC);
        step((LockEvent) { .type = LOCK_EVENT_CLOCK_JUMP });
        CHECK(find(LOCK_ACTION_READ));
        read_record(&ours);
        CHECK(!find(LOCK_ACTION_LEASE));
        CHECK_EQ(lock.lease.kill_boot_us, kill_us);
}

static void foreign_record_means_kill_now(void) {
        Record r;

        come_to_run();
        tick_at(lock.renew_boot_us);
        step((LockEvent) { .type = LOCK_EVENT_CONDITION_FAILED, .answer = answer() });
        r = peer_record();
        read_record(&r);
        CHECK(find(LOCK_ACTION_REVOKE) && find(LOCK_ACTION_STOP_UNITS));
        CHECK_EQ(lock.state, LOCK_LOST);
        CHECK(!find(LOCK_ACTION_WRITE));
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK_EQ(lock.state, LOCK_STANDBY);
}

static void deleted_record_means_kill_now_and_a_long_wait(void) {
        come_to_run();
        tick_at(lock.renew_boot_us);
        step((LockEvent) { .type = LOCK_EVENT_CONDITION_FAILED, .answer = answer() });
        read_none();
        CHECK(find(LOCK_ACTION_REVOKE));
        CHECK(!find(LOCK_ACTION_WRITE));
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK(lock.write.create);
        CHECK(lock.write.record.start_time_ms >= store_ms() + 600000 - 120000);
        written();
        tick_at(now.boot_us + 10 * MIN_ - SEC);
        CHECK(!find(LOCK_ACTION_START_GUARD));
}

static void holder_believes_the_faster_clock(void) {
        come_to_run();
        jump_to(lock.lease.stop_boot_us - MIN_);
        now.raw_us += MIN_;
        step((LockEvent) { .type = LOCK_EVENT_TICK });
        CHECK_EQ(lock.permit, PERMIT_ENDING);
}

static void suspend_counts_for_the_holder_on_both_clocks(void) {
        come_to_run();
        jump_to(lock.lease.stop_boot_us);
        now.mono_us -= 8 * MIN_;
        now.raw_us -= 8 * MIN_;
        CHECK(now_raw_suspend_us(&now) >= lock.lease.stop_raw_us);
}

static void restart_adopts_and_the_target_never_notices(void) {
        Record r = peer_record();

        set_up();
        strcpy(r.host, self_host);
        strcpy(r.boot, self_boot);
        strcpy(r.holder, "self#11111111");
        strcpy(r.version, "journaled");
        parameters.n_journal = 2;
        strcpy(parameters.journal[0].text, "older");
        strcpy(parameters.journal[1].text, "journaled");
        parameters.lease_on_disk = true;
        parameters.lease = (LockLease) { now.boot_us + 5 * MIN_, now.raw_us + 5 * MIN_, now.boot_us + 6 * MIN_,
                                         now.raw_us + 6 * MIN_, 77 };
        lock_init(&lock, &parameters, &now);
        step((LockEvent) { .type = LOCK_EVENT_TICK });
        units_running();
        CHECK_EQ(lock.permit, PERMIT_GOOD);
        CHECK(!find(LOCK_ACTION_STOP_UNITS));
        read_record(&r);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.write_kind, WRITE_RENEW);
        CHECK_EQ(lock.write.record.fence, 77);
        CHECK_EQ(lock.write.record.start_time_ms, r.start_time_ms);
        CHECK(strcmp(lock.write.record.version, "journaled") != 0 && strcmp(lock.write.record.version, "older") != 0);
        CHECK(!find(LOCK_ACTION_REVOKE) && !find(LOCK_ACTION_STOP_UNITS));
        written();
        CHECK(find(LOCK_ACTION_LEASE));
        CHECK(!find(LOCK_ACTION_START_GUARD));
        CHECK_EQ(lock.state, LOCK_RUNNING);
}

static void released_by_us_starts_without_another_gap(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        strcpy(r.host, self_host);
        r.start_time_ms = store_ms() - 3600000;
        read_record(&r);
        CHECK_EQ(lock.write.record.start_time_ms, r.start_time_ms);
        written();
        CHECK(find(LOCK_ACTION_START_GUARD));
}

static void failures_back_off_within_the_deadline(void) {
        come_to_run();
        tick_at(lock.renew_boot_us);
        for (unsigned i = 0; i < 30; i++) {
                step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
                CHECK(lock.retry_boot_us > now.boot_us);
                CHECK(lock.retry_boot_us <= now.boot_us + BACKOFF_US_MAX + BACKOFF_US_MIN);
                if (lock.retry_boot_us >= lock.lease.stop_boot_us)
                        break;
                tick_at(lock.retry_boot_us);
                CHECK(find(LOCK_ACTION_WRITE));
        }
}

static void lapse_stops_then_starts_again_without_gap(void) {
        usec_t gap_end_us;

        come_to_run();
        gap_end_us = lock.gap_end.boot_us;
        tick_at(lock.renew_boot_us);
        tick_at(lock.lease.stop_boot_us);
        CHECK(find(LOCK_ACTION_STOP_UNITS));
        CHECK(!find(LOCK_ACTION_REVOKE));
        CHECK_EQ(lock.state, LOCK_LAPSED);
        CHECK_EQ(lock_deadline(&lock) <= now.boot_us + LOOK_BUSY_US, true);
        jump_to(now.boot_us + SEC);
        units_are(UNIT_DEACTIVATING, UNIT_DEACTIVATING, true);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK(find(LOCK_ACTION_REVOKE));
        CHECK_EQ(lock.state, LOCK_LAPSED);
        CHECK_EQ(lock.stand_down_boot_us, 0);
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        tick_at(lock.retry_boot_us);
        CHECK(find(LOCK_ACTION_WRITE));
        written();
        /* The write answered was old: what it granted may be over. The next one grants anew. */
        if (!find(LOCK_ACTION_START_GUARD)) {
                tick_at(now.boot_us + SEC);
                written();
        }
        CHECK(find(LOCK_ACTION_START_GUARD));
        CHECK_EQ(lock.gap_end.boot_us, gap_end_us);
}

static void answers_without_a_date_grant_nothing(void) {
        usec_t kill_us;

        come_to_run();
        kill_us = lock.lease.kill_boot_us;
        tick_at(lock.renew_boot_us);
        step((LockEvent) { .type = LOCK_EVENT_WRITTEN, .answer = { .sent = now } });
        CHECK_EQ(lock.lease.kill_boot_us, kill_us);
        CHECK(!find(LOCK_ACTION_LEASE));
}

static void versions_are_distinct_uuids(void) {
        char a[RECORD_VERSION_MAX + 1], b[RECORD_VERSION_MAX + 1];

        set_up();
        lock_draw_version(&lock, &now, a);
        lock_draw_version(&lock, &now, b);
        CHECK(strcmp(a, b) != 0);
        CHECK_EQ(strlen(a), 36);
        CHECK_EQ(a[14], '4');
        CHECK(strchr("89ab", a[19]));
}

static void a_lapsed_lease_is_not_revived(void) {
        come_to_run();
        tick_at(lock.renew_boot_us);
        jump_to(lock.lease.stop_boot_us + SEC);
        written();
        CHECK(!find(LOCK_ACTION_START_GUARD));
        CHECK_EQ(lock.permit, PERMIT_ENDING);
        CHECK_EQ(lock.stand_down_boot_us, 0);
}

static void adopt(usec_t lease_ms, usec_t left_us) {
        Record r = peer_record();

        set_up();
        strcpy(r.host, self_host);
        strcpy(r.boot, self_boot);
        strcpy(r.version, "journaled");
        r.lease_ms = (int64_t) lease_ms;
        parameters.n_journal = 1;
        strcpy(parameters.journal[0].text, "journaled");
        parameters.lease_on_disk = true;
        parameters.lease = (LockLease) { now.boot_us + left_us, now.raw_us + left_us, now.boot_us + left_us + 5 * SEC,
                                         now.raw_us + left_us + 5 * SEC, 77 };
        lock_init(&lock, &parameters, &now);
        step((LockEvent) { .type = LOCK_EVENT_TICK });
        read_record(&r);
        written();
}

static void adoption_extends_the_lease_whoever_answers_first(void) {
        adopt(600000, 10 * SEC);
        CHECK(!find(LOCK_ACTION_LEASE));
        units_running();
        CHECK(find(LOCK_ACTION_LEASE));
        CHECK(lock.lease.stop_boot_us > now.boot_us + 5 * MIN_);
        CHECK_EQ(lock.state, LOCK_RUNNING);
}

static void a_tenure_keeps_its_lease_and_renews_by_it(void) {
        adopt(40000, 20 * SEC);
        CHECK_EQ(lock.tenure_lease_us, 40 * SEC);
        CHECK_EQ(lock.write.record.lease_ms, 40000);
        CHECK(lock.renew_boot_us <= now.boot_us + 10 * SEC);
}

/* A live copy of a machine has the generator's state as well; its clocks are never the same to the microsecond. */
static void copies_of_a_machine_draw_different_versions(void) {
        char first[RECORD_VERSION_MAX + 1];
        Lock copy;

        come_to_run();
        set_now(lock.renew_boot_us);
        copy = lock;
        step((LockEvent) { .type = LOCK_EVENT_TICK });
        strcpy(first, lock.write.record.version);
        lock = copy;
        now.raw_us++;
        step((LockEvent) { .type = LOCK_EVENT_TICK });
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK(strcmp(first, lock.write.record.version) != 0);
}

static void a_gap_is_over_on_both_clocks(void) {
        usec_t end_us;

        come_to_wait();
        end_us = lock.gap_end.boot_us;
        set_now(end_us + 10 * SEC);
        now.raw_us = end_us - 1; /* CLOCK_BOOTTIME was slewed forward */
        units_quiet_now();
        written();
        CHECK(!find(LOCK_ACTION_START_GUARD));
        CHECK_EQ(lock.state, LOCK_WAITING);
        CHECK(lock_deadline(&lock) <= now.boot_us + 1 * SEC);
        now.raw_us = end_us;
        step((LockEvent) { .type = LOCK_EVENT_TICK });
        CHECK(find(LOCK_ACTION_START_GUARD));
}

static void a_gap_allows_for_a_fast_clock(void) {
        come_to_wait();
        CHECK(lock.gap_end.boot_us >= now.boot_us + 2 * MIN_ + 2 * MIN_ / 1000);
        CHECK(lock.gap_end.raw_us >= now.raw_us + 2 * MIN_ + 2 * MIN_ / 1000);
}

static void a_renewal_never_lowers_expire_time(void) {
        int64_t before_ms;

        come_to_run();
        before_ms = lock.record.expire_time_ms;
        /* The store's Date steps back by half a minute, and the next renewals are reckoned from it. */
        for (unsigned i = 0; i < 2; i++) {
                LockAnswer late = answer();

                late.date_s -= 30;
                step((LockEvent) { .type = LOCK_EVENT_WRITTEN, .answer = late });
                tick_at(lock.renew_boot_us);
                CHECK(find(LOCK_ACTION_WRITE));
        }
        CHECK(lock.write.record.expire_time_ms >= before_ms);
        CHECK(lock.write.record.expire_time_ms < before_ms + 3 * 60000);
}

/* For the lease of 10 min, on both clocks and with the drift; and the table is told at once. */
static void check_creator_waits_from_now(void) {
        CHECK(lock.gap_end.boot_us >= now.boot_us + 10 * MIN_ + 10 * MIN_ / 1000);
        CHECK(lock.gap_end.raw_us >= now.raw_us + 10 * MIN_ + 10 * MIN_ / 1000);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK(lock.write.record.start_time_ms >= store_ms() + 8 * 60000);
}

/* The write was sent, refused without our hearing of it, and landed when it was sent again: the holder that was there in
 * between may have renewed until somebody deleted its record. */
static void a_creation_counts_from_its_answer(void) {
        usec_t first_sent_us;

        set_up();
        read_none();
        CHECK(lock.write.create);
        first_sent_us = now.boot_us;
        set_now(first_sent_us + 30 * SEC);
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        tick_at(lock.retry_boot_us);
        CHECK(find(LOCK_ACTION_WRITE));
        written();
        check_creator_waits_from_now();
}

static void a_creation_found_by_a_read_counts_from_there(void) {
        Record created;

        set_up();
        read_none();
        created = lock.write.record;
        set_now(now.boot_us + 60 * SEC);
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        read_none(); /* not there yet */
        set_now(now.boot_us + 20 * SEC);
        units_quiet_now();
        read_record(&created);
        CHECK_EQ(lock.own, OWN_HELD);
        check_creator_waits_from_now();
}

static void a_creation_of_an_earlier_run_counts_from_its_adoption(void) {
        Record r;

        set_up();
        read_none();
        r = lock.write.record;
        CHECK(lock.write.journal[0].creates);
        parameters.n_journal = 1;
        parameters.journal[0] = lock.write.journal[0];
        set_now(now.boot_us + 9 * MIN_);
        lock_init(&lock, &parameters, &now);
        read_record(&r);
        CHECK_EQ(lock.own, OWN_HELD);
        CHECK(lock.gap_end.boot_us >= now.boot_us + 10 * MIN_ + 10 * MIN_ / 1000);
        /* Once renewed it is a record like any other. */
        written();
        CHECK(!lock.write.create && !lock.ours[0].creates);
        CHECK(lock.record.start_time_ms >= store_ms() + 8 * 60000);
}

static void a_gap_that_was_over_before_this_boot_is_over(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        strcpy(r.host, self_host);
        r.start_time_ms = store_ms() - 86400000; /* the bench booted 1000 s ago */
        read_record(&r);
        written();
        CHECK(gap_is_over(&lock, &now));
        CHECK(find(LOCK_ACTION_START_GUARD));
}

/* An answer that took its time, of a store whose clock turns out 100 s ahead. */
static void the_records_bound_counts_from_before_the_request(void) {
        LockAnswer slow;

        come_to_run();
        tick_at(lock.renew_boot_us);
        slow = answer();
        slow.date_s += 100;
        jump_to(now.boot_us + 8 * SEC);
        step((LockEvent) { .type = LOCK_EVENT_WRITTEN, .answer = slow });
        CHECK(lock.horizon.boot_us <= slow.sent.boot_us + 10 * MIN_ - 97 * SEC);
        CHECK(lock.horizon.raw_us <= slow.sent.raw_us + 10 * MIN_ - 97 * SEC);
}

/* An original whose clock is 40 s fast does not notice that it is; it may not take over while the target runs. */
static void expire_time_leaves_room_for_fast_clocks(void) {
        come_to_run();
        tick_at(lock.renew_boot_us);
        written();
        CHECK(lock.record.expire_time_ms - EPOCH_S * 1000 >= (int64_t) (lock.horizon.boot_us / 1000) + 45000);
}

static void every_unanswered_version_stays_ours(void) {
        Record first;

        come_to_run();
        tick_at(lock.renew_boot_us);
        first = lock.write.record;
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        /* Too old to be repeated. */
        tick_at(now.boot_us + 3 * MIN_);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK(strcmp(lock.write.record.version, first.version) != 0);
        CHECK_EQ(lock.write.n_expected, 3);
        CHECK_EQ(lock.write.n_journal, 3);
        step((LockEvent) { .type = LOCK_EVENT_CONDITION_FAILED, .answer = answer() });
        read_record(&first);
        CHECK_EQ(lock.own, OWN_HELD);
        CHECK_EQ(lock.state, LOCK_RUNNING);
}

static void adoption_keeps_the_gap(void) {
        Record r = peer_record();

        set_up();
        strcpy(r.host, self_host);
        strcpy(r.boot, self_boot);
        strcpy(r.version, "journaled");
        r.start_time_ms = store_ms() - 30000;
        parameters.n_journal = 1;
        strcpy(parameters.journal[0].text, "journaled");
        lock_init(&lock, &parameters, &now);
        step((LockEvent) { .type = LOCK_EVENT_TICK });
        units_quiet_now();
        read_record(&r);
        written();
        CHECK(!find(LOCK_ACTION_START_GUARD));
        CHECK_EQ(lock.state, LOCK_WAITING);
        CHECK(lock.gap_end.boot_us >= now.boot_us + 90 * SEC);
}

static void expire_time_stands_when_the_store_steps_far_back(void) {
        LockAnswer back;
        int64_t before_ms;

        come_to_run();
        tick_at(lock.renew_boot_us);
        before_ms = lock.write.record.expire_time_ms;
        back = answer();
        back.date_s -= 200;
        wall_off_us = -200 * (int64_t) SEC; /* ours as well, or the clock check would end the tenure */
        set_now(now.boot_us);
        step((LockEvent) { .type = LOCK_EVENT_WRITTEN, .answer = back });
        tick_at(lock.renew_boot_us);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.write_kind, WRITE_RENEW);
        CHECK_EQ(lock.write.record.expire_time_ms, before_ms);
}

static void a_wait_is_lengthened_by_the_drift(void) {
        Deadline end;

        set_up();
        end = gap_end_after(&now, 1000 * SEC);
        CHECK(end.boot_us >= now.boot_us + 1001 * SEC);
        CHECK(end.raw_us >= now.raw_us + 1001 * SEC);
}

static const Case cases[] = {
        { "starts by reading", starts_by_reading },
        { "takes a released record at once", takes_a_released_record_at_once },
        { "fence grows even when clocks do not", fence_grows_even_when_clocks_do_not },
        { "waits the gap, then starts", waits_the_gap_then_starts },
        { "renews and extends the lease", renews_and_extends_the_lease },
        { "horizon counts from the first attempt", horizon_counts_from_the_first_attempt },
        { "horizon is bounded by the record", horizon_is_bounded_by_the_record },
        { "retries carry the same version", retries_carry_the_same_version },
        { "a lost answer does not lose the lock", a_lost_answer_does_not_lose_the_lock },
        { "a read never extends the lease", a_read_never_extends_the_lease },
        { "foreign record: kill now", foreign_record_means_kill_now },
        { "deleted record: kill now, and a long wait", deleted_record_means_kill_now_and_a_long_wait },
        { "holder believes the faster clock", holder_believes_the_faster_clock },
        { "suspend counts for the holder on both clocks", suspend_counts_for_the_holder_on_both_clocks },
        { "restart adopts, the target never notices", restart_adopts_and_the_target_never_notices },
        { "released by us: no other gap", released_by_us_starts_without_another_gap },
        { "failures back off within the deadline", failures_back_off_within_the_deadline },
        { "lapse stops, then starts again without gap", lapse_stops_then_starts_again_without_gap },
        { "answers without a Date grant nothing", answers_without_a_date_grant_nothing },
        { "a lapsed lease is not revived", a_lapsed_lease_is_not_revived },
        { "adoption extends the lease, whoever answers first", adoption_extends_the_lease_whoever_answers_first },
        { "a tenure keeps its lease and renews by it", a_tenure_keeps_its_lease_and_renews_by_it },
        { "copies of a machine draw different versions", copies_of_a_machine_draw_different_versions },
        { "a gap is over on both clocks", a_gap_is_over_on_both_clocks },
        { "a gap allows for a fast clock", a_gap_allows_for_a_fast_clock },
        { "a renewal never lowers expire_time", a_renewal_never_lowers_expire_time },
        { "expire_time stands when the store steps far back", expire_time_stands_when_the_store_steps_far_back },
        { "a wait is lengthened by the drift", a_wait_is_lengthened_by_the_drift },
        { "a creation counts from its answer", a_creation_counts_from_its_answer },
        { "a creation found by a read counts from there", a_creation_found_by_a_read_counts_from_there },
        { "a creation of an earlier run counts from its adoption", a_creation_of_an_earlier_run_counts_from_its_adoption },
        { "a gap over before this boot is over", a_gap_that_was_over_before_this_boot_is_over },
        { "the record's bound counts from before the request", the_records_bound_counts_from_before_the_request },
        { "expire_time leaves room for fast clocks", expire_time_leaves_room_for_fast_clocks },
        { "every unanswered version stays ours", every_unanswered_version_stays_ours },
        { "adoption keeps the gap", adoption_keeps_the_gap },
        { "versions are distinct UUIDs", versions_are_distinct_uuids },
};

int main(void) {
        return RUN_CASES(cases);
}
