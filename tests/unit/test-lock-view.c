/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is shown of the lock: why it does not lead, when a record is over, what comes next. */

#include "lock-bench.h"

static LockView seen(void) {
        LockView view;

        lock_view(&lock, &view);
        return view;
}

static Record original_record(int64_t expires_in_ms) {
        Record r = { .start_time_ms = 5, .expire_time_ms = store_ms() + expires_in_ms };

        strcpy(r.holder, "java");
        strcpy(r.version, "java-version");
        return r;
}

static void nothing_is_known_at_first(void) {
        LockView view;

        CHECK_EQ(lock_size(), sizeof(lock)); /* what the daemon allocates */
        set_up();
        lock_init(&lock, &parameters, &now);
        view = seen();
        CHECK_EQ(view.state, LOCK_STARTING_UP);
        CHECK_STR(view.reason, "");
        CHECK(!view.has_record && !view.held && !view.skew_known);
        CHECK_EQ(view.next, LOCK_NEXT_NONE);
}

static void a_table_that_is_refused_is_the_reason(void) {
        LockEvent event = { .type = LOCK_EVENT_TABLE, .refusal = "the table is a global one" };

        set_up();
        read_none();
        step(event);
        CHECK_EQ(seen().state, LOCK_REFUSING);
        CHECK_STR(seen().reason, event.refusal);
        CHECK_EQ(seen().next, LOCK_NEXT_POLL);
}

/* Bound, and yet not to be led: a time plan that cannot be kept, say. */
static void units_that_are_refused_are_the_reason(void) {
        LockEvent event = { .type = LOCK_EVENT_UNITS,
                            .units = { .bound = true, .targets_down = true, .refusal = "x.service may take 2h to stop" } };
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        event.units.asked_boot_us = now.boot_us;
        step(event);
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK_EQ(seen().state, LOCK_REFUSING);
        CHECK_STR(seen().reason, event.units.refusal);
}

static void a_short_gap_names_the_original(void) {
        Record r;

        set_up();
        lock.p.gap_us = MIXED_FLEET_GAP_US_MIN - 1;
        r = original_record(60000);
        read_record(&r);
        CHECK_EQ(seen().state, LOCK_REFUSING);
        CHECK(strstr(seen().reason, "java is the original program"));
}

static void a_record_is_over(void) {
        Record r;

        set_up();
        r = peer_record();
        read_record(&r);
        CHECK_EQ(seen().expires_boot_us, now.boot_us + 10 * MIN_ + drift_us(10 * MIN_));
        CHECK_EQ(seen().next, LOCK_NEXT_TAKEOVER);
        units_are(UNIT_INACTIVE, UNIT_ACTIVE, true); /* so that it is not taken */
        tick_at(now.boot_us + 11 * MIN_);
        CHECK_EQ(seen().expires_boot_us, now.boot_us);
}

/* Not before the margin of rule (b), in the store's time. */
static void the_originals_record_is_over(void) {
        Record r;

        set_up();
        r = original_record(30000);
        read_record(&r);
        CHECK_EQ(seen().expires_boot_us, now.boot_us + 30 * SEC + EXPIRED_MARGIN_US);
        jump_to(now.boot_us + 10 * SEC);
        tick_at(now.boot_us);
        r = original_record(-(int64_t) (now.boot_us / 1000) - 1);
        wall_off_us = -100 * (int64_t) SEC; /* a clock that is off takes nothing */
        set_now(now.boot_us);
        read_record(&r);
        CHECK_EQ(seen().expires_boot_us, 0); /* before this boot */
}

static void a_holder_whose_store_fails_stops_next(void) {
        come_to_run();
        CHECK_EQ(seen().next, LOCK_NEXT_RENEW);
        tick_at(lock.renew_boot_us);
        CHECK(find(LOCK_ACTION_WRITE));
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        CHECK_EQ(seen().next, LOCK_NEXT_STOP);
        CHECK_EQ(seen().next_boot_us, lock.lease.stop_boot_us);
}

static void a_standby_that_may_not_take_it_polls_next(void) {
        Record r;

        set_up();
        r = original_record(0);
        r.expire_time_ms = 0;
        units_are(UNIT_INACTIVE, UNIT_ACTIVE, true);
        read_record(&r);
        CHECK_EQ(seen().state, LOCK_STANDBY);
        CHECK_EQ(seen().next, LOCK_NEXT_POLL);
        CHECK_EQ(seen().next_boot_us, now.boot_us + lock.p.poll_us);
}

static void a_revoked_lease_has_no_deadlines(void) {
        Record r;

        come_to_run();
        CHECK_EQ(seen().stop_boot_us, lock.lease.stop_boot_us);
        CHECK_EQ(seen().kill_boot_us, lock.lease.kill_boot_us);
        tick_at(lock.renew_boot_us);
        step((LockEvent) { .type = LOCK_EVENT_CONDITION_FAILED, .answer = answer() });
        r = peer_record();
        read_record(&r);
        CHECK(find(LOCK_ACTION_REVOKE));
        CHECK_EQ(seen().state, LOCK_LOST);
        CHECK_EQ(seen().stop_boot_us, 0);
        CHECK_EQ(seen().kill_boot_us, 0);
}

static void check_distinct(const char *const *names, size_t n) {
        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < i; j++)
                        CHECK(names[i] && names[j] && strcmp(names[i], names[j]) != 0);
}

static void all_have_names(void) {
        const char *names[_LOCK_STATE_MAX];

        for (LockState state = 0; state < _LOCK_STATE_MAX; state++)
                names[state] = lock_state_name(state);
        check_distinct(names, _LOCK_STATE_MAX);
        for (LockNext next = 0; next < _LOCK_NEXT_MAX; next++)
                names[next] = lock_next_name(next);
        check_distinct(names, _LOCK_NEXT_MAX);
        for (LockRefusal refusal = 0; refusal < _LOCK_REFUSAL_MAX; refusal++)
                names[refusal] = lock_refusal_name(refusal);
        check_distinct(names, _LOCK_REFUSAL_MAX);
}

static const Case cases[] = {
        { "nothing is known at first", nothing_is_known_at_first },
        { "a table that is refused is the reason", a_table_that_is_refused_is_the_reason },
        { "units that are refused are the reason", units_that_are_refused_are_the_reason },
        { "a short gap names the original", a_short_gap_names_the_original },
        { "a record is over", a_record_is_over },
        { "the original's record is over", the_originals_record_is_over },
        { "a holder whose store fails stops next", a_holder_whose_store_fails_stops_next },
        { "a standby that may not take it polls next", a_standby_that_may_not_take_it_polls_next },
        { "a revoked lease has no deadlines", a_revoked_lease_has_no_deadlines },
        { "states, what comes next and refusals have names", all_have_names },
};

int main(void) {
        return RUN_CASES(cases);
}
