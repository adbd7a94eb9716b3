/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One case for each row of the behaviour table, and for each time rule; see cloudlock(7). */

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
        CHECK_STR(write->write->journal[0], write->write->record.version);
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
        CHECK(lock.gap_end_boot_us >= acquired_us + 2 * MIN_);
        CHECK(lock.gap_end_boot_us <= acquired_us + 2 * MIN_ + 2 * SEC);
        tick_at(lock.gap_end_boot_us);
        CHECK(find(LOCK_ACTION_LEASE) && find(LOCK_ACTION_START_GUARD));
        CHECK_EQ(lock.state, LOCK_STARTING);
        step((LockEvent) { .type = LOCK_EVENT_GUARD_STARTED });
        units_running();
        CHECK_EQ(lock.state, LOCK_RUNNING);
}

static void does_not_start_while_something_runs(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        read_record(&r);
        written();
        jump_to(lock.gap_end_boot_us - 1);
        units_are(UNIT_INACTIVE, UNIT_ACTIVE, true);
        CHECK(find(LOCK_ACTION_STOP_UNITS));
        tick_at(lock.gap_end_boot_us + 1);
        CHECK(!find(LOCK_ACTION_START_GUARD));
        units_quiet_now();
        CHECK(find(LOCK_ACTION_START_GUARD));
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

static void restart_adopts_and_the_target_never_notices(void) {
        Record r = peer_record();

        set_up();
        strcpy(r.host, self_host);
        strcpy(r.boot, self_boot);
        strcpy(r.holder, "self#11111111");
        strcpy(r.version, "journaled");
        parameters.n_journal = 2;
        strcpy(parameters.journal[0], "older");
        strcpy(parameters.journal[1], "journaled");
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

static void our_name_with_another_boot_is_foreign(void) {
        Record r = peer_record();

        set_up();
        strcpy(r.host, self_host);
        strcpy(r.holder, "self#11111111");
        strcpy(r.version, "journaled");
        strcpy(lock.ours[0], "journaled");
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
        gap_end_us = lock.gap_end_boot_us;
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
        CHECK_EQ(lock.gap_end_boot_us, gap_end_us);
}

static void guard_that_will_not_start_releases_and_stands_down(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        read_record(&r);
        written();
        tick_at(lock.gap_end_boot_us);
        CHECK(find(LOCK_ACTION_START_GUARD));
        step((LockEvent) { .type = LOCK_EVENT_GUARD_FAILED });
        CHECK_EQ(lock.state, LOCK_STOPPING);
        if (lock.request == REQUEST_WRITE)
                written();
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK(find(LOCK_ACTION_REVOKE));
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.write.record.expire_time_ms, 0);
        CHECK_EQ(lock.state, LOCK_RELEASING);
        written();
        CHECK_EQ(lock.state, LOCK_STANDING_DOWN);
        CHECK(lock.reason[0]);
        CHECK(!find(LOCK_ACTION_WRITE));
}

static void failed_target_releases_and_stands_down(void) {
        usec_t until_us;

        come_to_run();
        jump_to(now.boot_us + SEC);
        units_are(UNIT_ACTIVE, UNIT_FAILED, false);
        CHECK_EQ(lock.state, LOCK_STOPPING);
        CHECK(find(LOCK_ACTION_LEASE) && find(LOCK_ACTION_STOP_UNITS));
        CHECK_EQ(find(LOCK_ACTION_LEASE)->lease.stop_boot_us, now.boot_us);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK_EQ(lock.write_kind, WRITE_RELEASE);
        written();
        CHECK_EQ(lock.state, LOCK_STANDING_DOWN);
        until_us = lock.stand_down_boot_us;
        tick_at(until_us - 1);
        CHECK(!find(LOCK_ACTION_WRITE));
        if (lock.request == REQUEST_READ)
                read_record(&lock.record);
        jump_to(until_us);
        units_quiet_now();
        CHECK(find(LOCK_ACTION_WRITE));
}

static void clean_oneshot_stands_down_until_told(void) {
        come_to_run();
        jump_to(now.boot_us + SEC);
        step((LockEvent) { .type = LOCK_EVENT_UNITS, .units = {
                .asked_boot_us = now.boot_us, .bound = true, .guard = UNIT_ACTIVE, .target = UNIT_INACTIVE, .targets_down = true,
                .clean_oneshot = true, .stop_budget_us = 5 * SEC } });
        CHECK_EQ(lock.stand_down_boot_us, USEC_INFINITY);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        written();
        CHECK_EQ(lock.state, LOCK_STANDING_DOWN);
        step((LockEvent) { .type = LOCK_EVENT_RESUME });
        CHECK(lock.state != LOCK_STANDING_DOWN);
}

static void hold_on_exit_keeps_lock_and_guard(void) {
        come_to_run();
        lock.p.hold_on_exit = true;
        jump_to(now.boot_us + SEC);
        units_are(UNIT_ACTIVE, UNIT_INACTIVE, false);
        CHECK_EQ(lock.state, LOCK_RUNNING);
        CHECK(!find(LOCK_ACTION_STOP_UNITS));
}

static void restarting_target_is_no_failure(void) {
        come_to_run();
        jump_to(now.boot_us + SEC);
        units_are(UNIT_ACTIVE, UNIT_ACTIVATING, false);
        CHECK_EQ(lock.permit, PERMIT_GOOD);
        step((LockEvent) { .type = LOCK_EVENT_UNITS, .units = {
                .asked_boot_us = now.boot_us, .bound = true, .guard = UNIT_ACTIVE, .target = UNIT_INACTIVE, .targets_down = true,
                .job_pending = true, .stop_budget_us = 5 * SEC } });
        CHECK_EQ(lock.permit, PERMIT_GOOD);
}

static void old_pictures_prove_nothing(void) {
        usec_t before_us;

        come_to_run();
        before_us = now.boot_us;
        jump_to(now.boot_us + SEC);
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        step((LockEvent) { .type = LOCK_EVENT_UNITS, .units = {
                .asked_boot_us = before_us, .bound = true, .guard = UNIT_INACTIVE, .target = UNIT_INACTIVE, .targets_down = true,
                .stop_budget_us = 5 * SEC } });
        CHECK(!find(LOCK_ACTION_REVOKE) && !find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.permit, PERMIT_ENDING);
}

static void stop_proves_empty_before_it_releases(void) {
        come_to_run();
        jump_to(now.boot_us + SEC);
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        CHECK_EQ(lock.state, LOCK_STOPPING);
        CHECK(find(LOCK_ACTION_LEASE) && find(LOCK_ACTION_STOP_UNITS));
        jump_to(now.boot_us + SEC);
        units_are(UNIT_INACTIVE, UNIT_INACTIVE, true); /* inactive, yet a process is left */
        CHECK(!find(LOCK_ACTION_WRITE) && !find(LOCK_ACTION_REVOKE));
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK(find(LOCK_ACTION_REVOKE) && find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.write_kind, WRITE_RELEASE);
        written();
        CHECK(find(LOCK_ACTION_EXIT));
        CHECK_EQ(lock.state, LOCK_STOPPED);
}

static void unkillable_target_keeps_the_lock_renewed(void) {
        come_to_run();
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        tick_at(lock.renew_boot_us);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.write_kind, WRITE_RENEW);
        written();
        CHECK(!find(LOCK_ACTION_LEASE));
}

static void stop_gives_up_on_a_dead_store_but_not_on_a_live_target(void) {
        come_to_run();
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        jump_to(now.boot_us + 30 * SEC);
        units_running();
        CHECK(!find(LOCK_ACTION_EXIT));
        units_quiet_now();
        CHECK(find(LOCK_ACTION_WRITE));
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        CHECK(!find(LOCK_ACTION_EXIT));
        jump_to(now.boot_us + RELEASE_US_MAX);
        units_quiet_now();
        CHECK(find(LOCK_ACTION_EXIT));
}

static void nothing_starts_on_a_grant_from_before_a_release(void) {
        /* The clock was off, the release got no answer but may be applied; then the clock is right again. */
        come_to_run();
        wall_off_us = 41 * (int64_t) SEC;
        tick_at(lock.renew_boot_us);
        written();
        CHECK_EQ(lock.state, LOCK_STOPPING);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK_EQ(lock.write_kind, WRITE_RELEASE);
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        lock.skew_us = 0;
        wall_off_us = 0;
        jump_to(now.boot_us + 100 * USEC_PER_MSEC);
        units_quiet_now();
        CHECK(!find(LOCK_ACTION_START_GUARD));
}

static void clock_forty_seconds_off_stops_the_target(void) {
        come_to_run();
        wall_off_us = 39 * (int64_t) SEC;
        tick_at(lock.renew_boot_us);
        written();
        CHECK_EQ(lock.state, LOCK_RUNNING);
        wall_off_us = -41 * (int64_t) SEC;
        tick_at(lock.renew_boot_us);
        written();
        CHECK_EQ(lock.state, LOCK_STOPPING);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        written();
        CHECK_EQ(lock.state, LOCK_REFUSING);
        {
                LockView view;

                lock_view(&lock, &view);
                CHECK(strstr(view.reason, "clock is 41s slow") || strstr(view.reason, "clock is 40s slow"));
        }
}

static void unbound_target_is_left_alone_and_not_led(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        step((LockEvent) { .type = LOCK_EVENT_UNITS, .units = {
                .asked_boot_us = now.boot_us, .bound = false, .guard = UNIT_INACTIVE, .target = UNIT_ACTIVE,
                .populated = true, .refusal = "not bound", .stop_budget_us = 5 * SEC } });
        CHECK(!find(LOCK_ACTION_STOP_UNITS));
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.state, LOCK_REFUSING);
}

static void bound_target_that_runs_on_a_standby_is_stopped(void) {
        Record r = peer_record();

        set_up();
        read_record(&r);
        jump_to(now.boot_us + SEC);
        units_are(UNIT_INACTIVE, UNIT_ACTIVE, true);
        CHECK(find(LOCK_ACTION_STOP_UNITS));
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

static void unwritable_lease_gives_the_lock_up(void) {
        come_to_run();
        step((LockEvent) { .type = LOCK_EVENT_LEASE_UNWRITABLE });
        CHECK_EQ(lock.state, LOCK_STOPPING);
        CHECK(find(LOCK_ACTION_STOP_UNITS));
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
        lock_draw_version(&lock, a);
        lock_draw_version(&lock, b);
        CHECK(strcmp(a, b) != 0);
        CHECK_EQ(strlen(a), 36);
        CHECK_EQ(a[14], '4');
        CHECK(strchr("89ab", a[19]));
}

static void stop_with_an_unbound_target_ends(void) {
        Record r = peer_record();

        set_up();
        step((LockEvent) { .type = LOCK_EVENT_UNITS, .units = {
                .asked_boot_us = now.boot_us, .guard = UNIT_INACTIVE, .target = UNIT_ACTIVE, .populated = true,
                .refusal = "not bound" } });
        read_record(&r);
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        CHECK(find(LOCK_ACTION_EXIT));
}

static void polite_stop_keeps_kill_at(void) {
        usec_t kill_us;

        come_to_run();
        kill_us = lock.lease.kill_boot_us;
        jump_to(now.boot_us + SEC);
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        CHECK_EQ(find(LOCK_ACTION_LEASE)->lease.stop_boot_us, now.boot_us);
        CHECK_EQ(find(LOCK_ACTION_LEASE)->lease.kill_boot_us, kill_us);
}

static void stop_waits_for_an_acquisition_under_way(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        read_record(&r);
        CHECK(find(LOCK_ACTION_WRITE));
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        CHECK(!find(LOCK_ACTION_EXIT));
        written();
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.write_kind, WRITE_RELEASE);
        written();
        CHECK(find(LOCK_ACTION_EXIT));
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
        strcpy(parameters.journal[0], "journaled");
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

static void a_gap_that_was_over_before_this_boot_is_over(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        strcpy(r.host, self_host);
        r.start_time_ms = store_ms() - 86400000; /* the bench booted 1000 s ago */
        read_record(&r);
        written();
        CHECK_EQ(lock.gap_end_boot_us, 0);
        CHECK(find(LOCK_ACTION_START_GUARD));
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

static void a_start_that_met_no_bus_is_asked_for_again(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        read_record(&r);
        written();
        tick_at(lock.gap_end_boot_us);
        CHECK(find(LOCK_ACTION_START_GUARD));
        tick_at(lock.start_boot_us);
        CHECK(find(LOCK_ACTION_START_GUARD));
        step((LockEvent) { .type = LOCK_EVENT_GUARD_STARTED });
        tick_at(now.boot_us + 20 * SEC);
        CHECK(!find(LOCK_ACTION_START_GUARD));
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

static const Case cases[] = {
        { "starts by reading", starts_by_reading },
        { "takes a released record at once", takes_a_released_record_at_once },
        { "fence grows even when clocks do not", fence_grows_even_when_clocks_do_not },
        { "waits the gap, then starts", waits_the_gap_then_starts },
        { "does not start while something runs", does_not_start_while_something_runs },
        { "renews and extends the lease", renews_and_extends_the_lease },
        { "horizon counts from the first attempt", horizon_counts_from_the_first_attempt },
        { "horizon is bounded by the record", horizon_is_bounded_by_the_record },
        { "retries carry the same version", retries_carry_the_same_version },
        { "a lost answer does not lose the lock", a_lost_answer_does_not_lose_the_lock },
        { "a read never extends the lease", a_read_never_extends_the_lease },
        { "foreign record: kill now", foreign_record_means_kill_now },
        { "deleted record: kill now, and a long wait", deleted_record_means_kill_now_and_a_long_wait },
        { "nobody lowers a creator's start time", nobody_lowers_a_creators_start_time },
        { "standby counts from the answer, takes over on time", standby_counts_from_the_answer_and_takes_over_on_time },
        { "a new version restarts the count", a_new_version_restarts_the_count },
        { "observer believes the slower clock", observer_believes_the_slower_clock },
        { "holder believes the faster clock", holder_believes_the_faster_clock },
        { "suspend counts for the holder on both clocks", suspend_counts_for_the_holder_on_both_clocks },
        { "the original's record needs both clocks past expiry", originals_record_needs_both_clocks_past_expiry },
        { "cold start takes a long expired record", cold_start_takes_a_long_expired_record },
        { "restart adopts, the target never notices", restart_adopts_and_the_target_never_notices },
        { "our name with another boot is foreign", our_name_with_another_boot_is_foreign },
        { "our boot without the journal is foreign", our_boot_without_the_journal_is_foreign },
        { "same name from the original is foreign", same_name_from_the_original_is_foreign },
        { "released by us: no other gap", released_by_us_starts_without_another_gap },
        { "failures back off within the deadline", failures_back_off_within_the_deadline },
        { "lapse stops, then starts again without gap", lapse_stops_then_starts_again_without_gap },
        { "guard that will not start: release, stand down", guard_that_will_not_start_releases_and_stands_down },
        { "failed target: release, stand down", failed_target_releases_and_stands_down },
        { "clean oneshot: stand down until told", clean_oneshot_stands_down_until_told },
        { "hold on exit keeps lock and guard", hold_on_exit_keeps_lock_and_guard },
        { "restarting target is no failure", restarting_target_is_no_failure },
        { "old pictures prove nothing", old_pictures_prove_nothing },
        { "stop proves empty before it releases", stop_proves_empty_before_it_releases },
        { "unkillable target keeps the lock renewed", unkillable_target_keeps_the_lock_renewed },
        { "stop gives up on a dead store, not on a live target", stop_gives_up_on_a_dead_store_but_not_on_a_live_target },
        { "nothing starts on a grant from before a release", nothing_starts_on_a_grant_from_before_a_release },
        { "clock 40 s off stops the target", clock_forty_seconds_off_stops_the_target },
        { "unbound target is left alone and not led", unbound_target_is_left_alone_and_not_led },
        { "bound target that runs on a standby is stopped", bound_target_that_runs_on_a_standby_is_stopped },
        { "absurd records need a person", absurd_records_need_a_person },
        { "unwritable lease gives the lock up", unwritable_lease_gives_the_lock_up },
        { "answers without a Date grant nothing", answers_without_a_date_grant_nothing },
        { "stop with an unbound target ends", stop_with_an_unbound_target_ends },
        { "polite stop keeps kill_at", polite_stop_keeps_kill_at },
        { "stop waits for an acquisition under way", stop_waits_for_an_acquisition_under_way },
        { "a lapsed lease is not revived", a_lapsed_lease_is_not_revived },
        { "adoption extends the lease, whoever answers first", adoption_extends_the_lease_whoever_answers_first },
        { "a tenure keeps its lease and renews by it", a_tenure_keeps_its_lease_and_renews_by_it },
        { "a gap over before this boot is over", a_gap_that_was_over_before_this_boot_is_over },
        { "creator waits out the longest lease it saw", creator_waits_out_the_longest_lease_it_saw },
        { "times at the edge of numbers are a fault", times_at_the_edge_of_numbers_are_a_fault },
        { "a start that met no bus is asked for again", a_start_that_met_no_bus_is_asked_for_again },
        { "a table that is refused is not led in", a_table_that_is_refused_is_not_led_in },
        { "beside the original a short gap is refused", beside_the_original_a_short_gap_is_refused },
        { "versions are distinct UUIDs", versions_are_distinct_uuids },
};

int main(void) {
        return RUN_CASES(cases);
}
