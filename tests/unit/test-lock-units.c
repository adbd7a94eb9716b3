/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The target: starting, stopping, failing, and the proof that nothing runs. A row of the behaviour
 * table or a time rule each; see cloudlock(7). */

#include "lock-bench.h"

static void does_not_start_while_something_runs(void) {
        come_to_wait();
        jump_to(lock.gap_end.boot_us - 1);
        units_are(UNIT_INACTIVE, UNIT_ACTIVE, true);
        CHECK(find(LOCK_ACTION_STOP_UNITS));
        tick_at(lock.gap_end.boot_us + 1);
        CHECK(!find(LOCK_ACTION_START_GUARD));
        units_quiet_now();
        CHECK(find(LOCK_ACTION_START_GUARD));
}

static void guard_that_will_not_start_releases_and_stands_down(void) {
        come_to_wait();
        tick_at(lock.gap_end.boot_us);
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

/* The lease has lapsed, and no picture of the units comes any more. */
static void come_to_be_blind(void) {
        come_to_run();
        tick_at(lock.lease.stop_boot_us);
        CHECK_EQ(lock.permit, PERMIT_ENDING);
        written();
}

static void who_cannot_see_the_units_lets_the_lock_run_out(void) {
        Record mine;
        LockView view;

        come_to_be_blind();
        tick_at(lock.permit_since_boot_us + UNITS_AGE_US_MAX);
        CHECK_EQ(lock.write_kind, WRITE_RENEW);
        CHECK(find(LOCK_ACTION_WRITE));
        written();
        mine = lock.record;
        tick_at(now.boot_us + MIN_ + SEC);
        CHECK(!find(LOCK_ACTION_WRITE) && find(LOCK_ACTION_READ));
        lock_view(&lock, &view);
        CHECK(strstr(view.reason, "D-Bus"));
        read_record(&mine);
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK(lock_deadline(&lock) > now.boot_us);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK(find(LOCK_ACTION_WRITE) && find(LOCK_ACTION_START_GUARD));
}

static void who_waits_and_cannot_see_the_units_lets_the_lock_run_out(void) {
        come_to_wait();
        tick_at(lock.units.asked_boot_us + UNITS_AGE_US_MAX);
        CHECK(find(LOCK_ACTION_WRITE));
        written();
        tick_at(now.boot_us + MIN_ + SEC);
        CHECK(!find(LOCK_ACTION_WRITE) && find(LOCK_ACTION_READ));
}

/* D-Bus went down when the guard had just been started: whatever runs by now has a lease, and must not lose it. */
static void who_runs_and_cannot_see_the_units_keeps_the_lock(void) {
        come_to_wait();
        tick_at(lock.gap_end.boot_us);
        CHECK(find(LOCK_ACTION_START_GUARD));
        step((LockEvent) { .type = LOCK_EVENT_GUARD_STARTED });
        if (lock.request == REQUEST_WRITE)
                written();
        tick_at(now.boot_us + UNITS_AGE_US_MAX + lock.p.renew_us);
        CHECK_EQ(lock.permit, PERMIT_GOOD);
        CHECK(find(LOCK_ACTION_WRITE));
}

/* cloudlockd comes up while D-Bus is down. */
static void who_has_never_seen_the_units_lets_the_lock_run_out(void) {
        Record mine;

        come_to_wait();
        mine = lock.record;
        parameters.journal[0] = lock.write.journal[0];
        parameters.n_journal = 1;
        lock_init(&lock, &parameters, &now);
        step((LockEvent) { .type = LOCK_EVENT_TABLE });
        read_record(&mine);
        CHECK(find(LOCK_ACTION_WRITE));
        written();
        tick_at(now.boot_us + MIN_ + SEC);
        CHECK(!find(LOCK_ACTION_WRITE) && find(LOCK_ACTION_READ));
}

static void what_was_last_seen_alive_keeps_the_lock(void) {
        come_to_be_blind();
        jump_to(now.boot_us + SEC);
        units_are(UNIT_INACTIVE, UNIT_INACTIVE, true);
        tick_at(now.boot_us + 3 * MIN_);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.write_kind, WRITE_RENEW);
}

static void failed_target_releases_and_stands_down(void) {
        usec_t until_us;

        come_to_run();
        jump_to(now.boot_us + SEC);
        units_are(UNIT_ACTIVE, UNIT_FAILED, false);
        CHECK_EQ(lock.state, LOCK_STOPPING);
        CHECK(find(LOCK_ACTION_LEASE) && find(LOCK_ACTION_STOP_UNITS));
        CHECK_EQ(lease_written().stop_boot_us, now.boot_us);
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

static LockRefusal wish(LockEventType type, usec_t for_us) {
        LockEvent event = { .type = type, .wish.for_us = for_us };
        LockRefusal refusal = lock_refuses(&lock, &event);

        step(event);
        return refusal;
}

/* However short: it counts from the release, not from the wish. */
static void release_stops_proves_releases_and_stands_down(void) {
        come_to_run();
        CHECK_EQ(wish(LOCK_EVENT_RELEASE, SEC), LOCK_ACCEPTED);
        CHECK_EQ(lock.state, LOCK_STOPPING);
        CHECK(find(LOCK_ACTION_STOP_UNITS));
        CHECK(!find(LOCK_ACTION_WRITE));
        jump_to(now.boot_us + 3 * SEC);
        units_are(UNIT_DEACTIVATING, UNIT_DEACTIVATING, true);
        CHECK_EQ(lock.state, LOCK_STOPPING);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK_EQ(lock.write_kind, WRITE_RELEASE);
        written();
        CHECK_EQ(lock.own, OWN_NONE);
        CHECK_EQ(lock.state, LOCK_STANDING_DOWN);
        CHECK_EQ(lock.stand_down_boot_us, now.boot_us + SEC);
        CHECK_EQ(wish(LOCK_EVENT_RELEASE, SEC), LOCK_REFUSED_NOT_HELD);
}

static void release_can_be_taken_back(void) {
        come_to_run();
        CHECK_EQ(wish(LOCK_EVENT_RESUME, 0), LOCK_REFUSED_NOT_STANDING_DOWN);
        wish(LOCK_EVENT_RELEASE, USEC_INFINITY);
        CHECK_EQ(wish(LOCK_EVENT_RESUME, 0), LOCK_ACCEPTED);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK_EQ(lock.own, OWN_HELD);
        CHECK_EQ(lock.permit, PERMIT_GOOD);
}

static void pause_is_for_standbys(void) {
        LockView view;

        come_to_run();
        CHECK_EQ(wish(LOCK_EVENT_PAUSE, 0), LOCK_REFUSED_HELD);
        wish(LOCK_EVENT_RELEASE, SEC);
        CHECK_EQ(wish(LOCK_EVENT_PAUSE, 0), LOCK_REFUSED_HELD);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        written();
        CHECK_EQ(wish(LOCK_EVENT_PAUSE, 0), LOCK_ACCEPTED);
        jump_to(now.boot_us + 10 * SEC);
        units_quiet_now();
        CHECK_EQ(lock.state, LOCK_STANDING_DOWN);
        CHECK(!find(LOCK_ACTION_WRITE));
        lock_view(&lock, &view);
        CHECK(view.paused);
        CHECK_EQ(view.next, LOCK_NEXT_NONE);
        CHECK_EQ(wish(LOCK_EVENT_RESUME, 0), LOCK_ACCEPTED);
        CHECK_EQ(lock.state, LOCK_STANDBY);
}

static void kept_until_the_tenure_ends(void) {
        come_to_run();
        CHECK_EQ(wish(LOCK_EVENT_UNKEEP, 0), LOCK_REFUSED_NOT_KEPT);
        CHECK_EQ(wish(LOCK_EVENT_KEEP, 0), LOCK_ACCEPTED);
        jump_to(now.boot_us + SEC);
        units_are(UNIT_ACTIVE, UNIT_INACTIVE, false);
        CHECK_EQ(lock.state, LOCK_RUNNING);
        wish(LOCK_EVENT_RELEASE, SEC);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        written();
        CHECK(!lock.kept);
        CHECK_EQ(wish(LOCK_EVENT_KEEP, 0), LOCK_REFUSED_NOT_HELD);
}

static void unkept_target_that_is_gone_is_a_failure(void) {
        come_to_run();
        wish(LOCK_EVENT_KEEP, 0);
        jump_to(now.boot_us + SEC);
        units_are(UNIT_ACTIVE, UNIT_INACTIVE, false);
        wish(LOCK_EVENT_UNKEEP, 0);
        units_are(UNIT_ACTIVE, UNIT_INACTIVE, false);
        CHECK_EQ(lock.permit, PERMIT_ENDING);
}

static void renewal_on_request(void) {
        come_to_run();
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK_EQ(wish(LOCK_EVENT_RENEW, 0), LOCK_ACCEPTED);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_EQ(lock.write_kind, WRITE_RENEW);
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

static void unwritable_lease_gives_the_lock_up(void) {
        come_to_run();
        step((LockEvent) { .type = LOCK_EVENT_LEASE_UNWRITABLE });
        CHECK_EQ(lock.state, LOCK_STOPPING);
        CHECK(find(LOCK_ACTION_STOP_UNITS));
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
        CHECK_EQ(lease_written().stop_boot_us, now.boot_us);
        CHECK_EQ(lease_written().kill_boot_us, kill_us);
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

static void a_start_that_met_no_bus_is_asked_for_again(void) {
        come_to_wait();
        tick_at(lock.gap_end.boot_us);
        CHECK(find(LOCK_ACTION_START_GUARD));
        tick_at(lock.start_boot_us);
        CHECK(!find(LOCK_ACTION_START_GUARD)); /* PID 1 has not been seen since */
        units_quiet_now();
        CHECK(find(LOCK_ACTION_START_GUARD));
        units_quiet_now();
        CHECK(!find(LOCK_ACTION_START_GUARD));
        step((LockEvent) { .type = LOCK_EVENT_GUARD_STARTED });
        tick_at(now.boot_us + 20 * SEC);
        CHECK(!find(LOCK_ACTION_START_GUARD));
}

/* On a slow host the guard has run by then, and a oneshot would be run again with it. */
static void a_start_under_way_is_not_asked_for_twice(void) {
        LockEvent event = { .type = LOCK_EVENT_UNITS };

        come_to_wait();
        tick_at(lock.gap_end.boot_us);
        CHECK(find(LOCK_ACTION_START_GUARD));
        jump_to(lock.start_boot_us);
        event.units = (LockUnits) { .asked_boot_us = now.boot_us, .bound = true, .guard = UNIT_INACTIVE,
                                    .target = UNIT_INACTIVE, .targets_down = true, .job_pending = true };
        step(event);
        CHECK(!find(LOCK_ACTION_START_GUARD));
        event.units.guard = UNIT_ACTIVATING;
        event.units.job_pending = false;
        step(event);
        CHECK(!find(LOCK_ACTION_START_GUARD));
}

static void a_pending_start_is_no_proof(void) {
        come_to_run();
        jump_to(now.boot_us + SEC);
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        jump_to(now.boot_us + SEC);
        step((LockEvent) { .type = LOCK_EVENT_UNITS, .units = {
                .asked_boot_us = now.boot_us, .bound = true, .guard = UNIT_INACTIVE, .target = UNIT_INACTIVE,
                .targets_down = true, .job_pending = true, .stop_budget_us = 5 * SEC } });
        CHECK(!find(LOCK_ACTION_WRITE) && !find(LOCK_ACTION_REVOKE));
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK(find(LOCK_ACTION_WRITE) && find(LOCK_ACTION_REVOKE));
}

static void does_not_take_the_lock_while_something_runs(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        units_are(UNIT_INACTIVE, UNIT_ACTIVE, true);
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
        units_are(UNIT_INACTIVE, UNIT_INACTIVE, true); /* inactive, yet a process is left */
        CHECK(!find(LOCK_ACTION_WRITE));
        units_quiet_now();
        CHECK(find(LOCK_ACTION_WRITE));
}

static const Case cases[] = {
        { "does not start while something runs", does_not_start_while_something_runs },
        { "guard that will not start: release, stand down", guard_that_will_not_start_releases_and_stands_down },
        { "who cannot see the units lets the lock run out", who_cannot_see_the_units_lets_the_lock_run_out },
        { "who waits and cannot see the units lets the lock run out", who_waits_and_cannot_see_the_units_lets_the_lock_run_out },
        { "who runs and cannot see the units keeps the lock", who_runs_and_cannot_see_the_units_keeps_the_lock },
        { "who has never seen the units lets the lock run out", who_has_never_seen_the_units_lets_the_lock_run_out },
        { "what was last seen alive keeps the lock", what_was_last_seen_alive_keeps_the_lock },
        { "failed target: release, stand down", failed_target_releases_and_stands_down },
        { "clean oneshot: stand down until told", clean_oneshot_stands_down_until_told },
        { "hold on exit keeps lock and guard", hold_on_exit_keeps_lock_and_guard },
        { "release stops, proves, releases and stands down", release_stops_proves_releases_and_stands_down },
        { "release can be taken back", release_can_be_taken_back },
        { "pause is for standbys", pause_is_for_standbys },
        { "kept until the tenure ends", kept_until_the_tenure_ends },
        { "unkept target that is gone is a failure", unkept_target_that_is_gone_is_a_failure },
        { "renewal on request", renewal_on_request },
        { "restarting target is no failure", restarting_target_is_no_failure },
        { "old pictures prove nothing", old_pictures_prove_nothing },
        { "stop proves empty before it releases", stop_proves_empty_before_it_releases },
        { "unkillable target keeps the lock renewed", unkillable_target_keeps_the_lock_renewed },
        { "stop gives up on a dead store, not on a live target", stop_gives_up_on_a_dead_store_but_not_on_a_live_target },
        { "nothing starts on a grant from before a release", nothing_starts_on_a_grant_from_before_a_release },
        { "clock 40 s off stops the target", clock_forty_seconds_off_stops_the_target },
        { "unbound target is left alone and not led", unbound_target_is_left_alone_and_not_led },
        { "bound target that runs on a standby is stopped", bound_target_that_runs_on_a_standby_is_stopped },
        { "unwritable lease gives the lock up", unwritable_lease_gives_the_lock_up },
        { "stop with an unbound target ends", stop_with_an_unbound_target_ends },
        { "polite stop keeps kill_at", polite_stop_keeps_kill_at },
        { "stop waits for an acquisition under way", stop_waits_for_an_acquisition_under_way },
        { "a start that met no bus is asked for again", a_start_that_met_no_bus_is_asked_for_again },
        { "a start under way is not asked for twice", a_start_under_way_is_not_asked_for_twice },
        { "a pending start is no proof", a_pending_start_is_no_proof },
        { "does not take the lock while something runs", does_not_take_the_lock_while_something_runs },
};

int main(void) {
        return RUN_CASES(cases);
}
