/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What operators ask for that others take part in: a handover, and the deletion of somebody else's record. */

#include "lock-bench.h"

static LockRefusal hand_over(const char *successor) {
        LockEvent event = { .type = LOCK_EVENT_RELEASE, .wish = { .for_us = SEC } };
        LockRefusal refusal;

        strcpy(event.wish.successor, successor);
        refusal = lock_refuses(&lock, &event);
        step(event);
        return refusal;
}

static LockRefusal unlock(const char *holder, const char *version) {
        LockEvent event = { .type = LOCK_EVENT_FORCE_UNLOCK };
        LockRefusal refusal;

        strcpy(event.wish.unlock.holder, holder);
        strcpy(event.wish.unlock.version, version);
        refusal = lock_refuses(&lock, &event);
        step(event);
        return refusal;
}

static LockView seen(void) {
        LockView view;

        lock_view(&lock, &view);
        return view;
}

static void come_to_hand_over(const char *successor) {
        come_to_run();
        CHECK_EQ(hand_over(successor), LOCK_ACCEPTED);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK_EQ(lock.write_kind, WRITE_RELEASE);
}

static void released_to(Record *r, const char *successor) {
        *r = peer_record();
        r->expire_time_ms = 0;
        strcpy(r->successor, successor);
}

/* What the record says is what the store showed or took: nothing but the time of it counts. */
static void see_out_the_handover(const Record *r) {
        usec_t end_us = now.boot_us + HANDOVER_US + drift_us(HANDOVER_US);

        while (lock_deadline(&lock) < end_us) {
                jump_to(lock_deadline(&lock));
                units_quiet_now();
                CHECK(!find(LOCK_ACTION_WRITE));
                if (lock.request == REQUEST_READ)
                        read_record(r);
                CHECK(!find(LOCK_ACTION_WRITE));
        }
        CHECK_EQ(lock_deadline(&lock), end_us);
        jump_to(end_us);
        units_quiet_now();
}

static void handover_names_the_successor(void) {
        come_to_run();
        CHECK_EQ(hand_over("peer"), LOCK_ACCEPTED);
        CHECK_EQ(lock.state, LOCK_STOPPING);
        CHECK_STR(seen().successor, "peer");
        CHECK_EQ(seen().handover_boot_us, 0);
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK_EQ(lock.write_kind, WRITE_RELEASE);
        CHECK_STR(lock.write.record.successor, "peer");
        written();
        CHECK_EQ(lock.state, LOCK_STANDBY);
        CHECK(!find(LOCK_ACTION_WRITE));
        CHECK_STR(seen().successor, "peer");
        CHECK_EQ(seen().next, LOCK_NEXT_TAKEOVER);
        CHECK_EQ(seen().next_boot_us, seen().handover_boot_us);
        CHECK_STR(seen().reason, "");
}

static void handover_that_nobody_takes_is_taken_back(void) {
        Record r;

        come_to_hand_over("nobody");
        written();
        r = lock.record;
        see_out_the_handover(&r);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_STR(lock.write.record.successor, "");
        CHECK_EQ(lock.write.record.start_time_ms, r.start_time_ms);
        written();
        CHECK_EQ(lock.own, OWN_HELD);
        CHECK_STR(seen().successor, "");
}

static void handover_whose_answer_is_lost(void) {
        Record r;

        come_to_hand_over("peer");
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        r = lock.write.record;
        tick_at(lock.retry_boot_us);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_STR(lock.write.record.version, r.version);
        CHECK_STR(lock.write.record.successor, "peer");
        strcpy(r.holder, "peer#22222222");
        strcpy(r.host, peer_host);
        strcpy(r.boot, peer_boot);
        strcpy(r.version, "peer-version-2");
        r.successor[0] = '\0';
        r.expire_time_ms = store_ms() + 645000;
        step((LockEvent) { .type = LOCK_EVENT_CONDITION_FAILED, .answer = answer() });
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_STANDBY);
}

static void others_leave_it_to_the_successor(void) {
        Record r;

        set_up();
        released_to(&r, "third");
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_STANDBY);
        CHECK_STR(seen().successor, "third");
        see_out_the_handover(&r);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK_STR(lock.write.expected[0], r.version);
        CHECK_STR(lock.write.record.successor, "");
}

static void successor_takes_it_at_once(void) {
        static const char *const names[] = { "self", "self#11111111", "11111111111111111111111111111111" };
        Record r;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                set_up();
                released_to(&r, names[i]);
                read_record(&r);
                CHECK(find(LOCK_ACTION_WRITE));
                CHECK_EQ(lock.write.record.start_time_ms, store_time_high_ms(&lock, &now)); /* and waits its gap */
                CHECK_STR(lock.write.record.successor, "");
        }
        released_to(&r, "sel");
        set_up();
        read_record(&r);
        CHECK(!find(LOCK_ACTION_WRITE));
}

/* An older cloudlock leaves the attribute where it was. */
static void only_a_released_record_has_a_successor(void) {
        Record r = peer_record();

        set_up();
        strcpy(r.successor, "third");
        read_record(&r);
        CHECK_STR(seen().successor, "");
        jump_to(now.boot_us + 10 * MIN_ + SEC);
        units_quiet_now();
        if (lock.request == REQUEST_READ)
                read_record(&r);
        CHECK(find(LOCK_ACTION_WRITE));
}

static void handover_counts_on_the_slower_clock(void) {
        Record r;
        usec_t raw_us;

        set_up();
        released_to(&r, "third");
        read_record(&r);
        raw_us = now.raw_us;
        jump_to(now.boot_us + HANDOVER_US + SEC);
        now.raw_us = raw_us + HANDOVER_US - SEC;
        units_quiet_now();
        CHECK(!find(LOCK_ACTION_WRITE));
}

static void no_handover_to_oneself(void) {
        come_to_run();
        CHECK_EQ(hand_over("self"), LOCK_REFUSED_SAME_HOST);
        CHECK_EQ(hand_over("self#11111111"), LOCK_REFUSED_SAME_HOST);
        CHECK_EQ(hand_over(self_host), LOCK_REFUSED_SAME_HOST);
        CHECK_EQ(lock.state, LOCK_RUNNING);
        CHECK_EQ(hand_over("self#22222222"), LOCK_ACCEPTED);
        set_up();
        CHECK_EQ(hand_over("peer"), LOCK_REFUSED_NOT_HELD);
}

static void handover_taken_back_names_nobody(void) {
        come_to_run();
        hand_over("peer");
        step((LockEvent) { .type = LOCK_EVENT_RESUME });
        CHECK_STR(seen().successor, "");
        step((LockEvent) { .type = LOCK_EVENT_STOP });
        jump_to(now.boot_us + SEC);
        units_quiet_now();
        CHECK_EQ(lock.write_kind, WRITE_RELEASE);
        CHECK_STR(lock.write.record.successor, "");
}

/* A peer's record of 20 min, seen by a standby. */
static Record come_to_see_a_peer(void) {
        Record r = peer_record();

        set_up();
        r.lease_ms = 1200000;
        r.expire_time_ms = store_ms() + 1245000;
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_STANDBY);
        return r;
}

static void unlock_deletes_and_waits(void) {
        Record r = come_to_see_a_peer();

        CHECK_EQ(unlock(r.holder, r.version), LOCK_ACCEPTED);
        CHECK(find(LOCK_ACTION_DELETE));
        CHECK_STR(find(LOCK_ACTION_DELETE)->unlock->version, r.version);
        CHECK_STR(find(LOCK_ACTION_DELETE)->unlock->holder, r.holder);
        CHECK(seen().unlocking);
        written();
        CHECK(!seen().has_record && !seen().unlocking);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK(lock.write.create);
        written();
        CHECK_EQ(lock.state, LOCK_WAITING);
        CHECK(lock.gap_end.boot_us >= now.boot_us + 20 * MIN_);
}

static void unlock_is_of_what_was_shown(void) {
        Record r = come_to_see_a_peer();

        CHECK_EQ(unlock(r.holder, "peer-version-0"), LOCK_REFUSED_OTHER_RECORD);
        CHECK_EQ(unlock("peer", r.version), LOCK_REFUSED_OTHER_RECORD);
        CHECK(!find(LOCK_ACTION_DELETE));
        set_up();
        CHECK_EQ(unlock(r.holder, r.version), LOCK_REFUSED_HELD); /* not read yet: an earlier run may hold it */
        step((LockEvent) { .type = LOCK_EVENT_PAUSE });
        read_none();
        CHECK_EQ(unlock(r.holder, r.version), LOCK_REFUSED_NO_RECORD);
}

static void unlock_of_a_record_that_changed(void) {
        Record r = come_to_see_a_peer();

        jump_to(lock_deadline(&lock));
        units_quiet_now();
        CHECK_EQ(lock.request, REQUEST_READ);
        CHECK_EQ(unlock(r.holder, r.version), LOCK_ACCEPTED);
        CHECK(!find(LOCK_ACTION_DELETE)); /* one request at a time */
        strcpy(r.version, "peer-version-2");
        read_record(&r);
        CHECK(!find(LOCK_ACTION_DELETE));
        CHECK(!seen().unlocking);
        CHECK_EQ(unlock(r.holder, r.version), LOCK_ACCEPTED);
        CHECK(find(LOCK_ACTION_DELETE));
        step((LockEvent) { .type = LOCK_EVENT_CONDITION_FAILED, .answer = answer() });
        CHECK(find(LOCK_ACTION_READ));
        CHECK(seen().has_record && seen().unlocking);
        read_record(&r);
        CHECK(!seen().unlocking);
        CHECK(!find(LOCK_ACTION_DELETE) && !find(LOCK_ACTION_WRITE));
}

static void unlock_whose_answer_is_lost(void) {
        Record r = come_to_see_a_peer();

        unlock(r.holder, r.version);
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        CHECK(seen().unlocking && seen().has_record);
        tick_at(lock.retry_boot_us);
        CHECK(find(LOCK_ACTION_READ));
        read_none();
        CHECK(!seen().unlocking);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK(lock.write.create);

        r = come_to_see_a_peer();
        unlock(r.holder, r.version);
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        tick_at(lock.retry_boot_us);
        read_record(&r);
        CHECK(!seen().unlocking && seen().has_record);
        CHECK(!find(LOCK_ACTION_DELETE)); /* not again by itself: an operator who looks may have decided otherwise */
}

static void nothing_is_unlocked_that_may_be_ours(void) {
        Record r = peer_record();

        come_to_run();
        CHECK_EQ(unlock(lock.record.holder, lock.record.version), LOCK_REFUSED_HELD);
        CHECK(!find(LOCK_ACTION_DELETE));
        tick_at(lock.renew_boot_us);
        step((LockEvent) { .type = LOCK_EVENT_CONDITION_FAILED, .answer = answer() });
        read_record(&r); /* lost, and not yet dead */
        CHECK_EQ(lock.state, LOCK_LOST);
        CHECK_EQ(unlock(r.holder, r.version), LOCK_REFUSED_HELD);

        set_up();
        r.expire_time_ms = 0;
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_ACQUIRING);
        CHECK_EQ(unlock(r.holder, r.version), LOCK_REFUSED_HELD);
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        CHECK_EQ(unlock(r.holder, r.version), LOCK_REFUSED_HELD);
}

/* Whatever a read under way shows: it may be that the record is ours. */
static void unlock_is_dropped_when_the_lock_turns_out_to_be_ours(void) {
        Record r = come_to_see_a_peer();

        jump_to(lock_deadline(&lock));
        units_quiet_now();
        CHECK_EQ(unlock(r.holder, r.version), LOCK_ACCEPTED);
        strcpy(lock.ours[0].text, "ours");
        lock.n_ours = 1;
        strcpy(r.host, self_host);
        strcpy(r.boot, self_boot);
        strcpy(r.version, "ours");
        read_record(&r);
        CHECK_EQ(lock.own, OWN_HELD);
        CHECK(!find(LOCK_ACTION_DELETE));
        CHECK(!seen().unlocking);
}

static void unlock_of_a_record_that_needs_a_person(void) {
        Record r = peer_record();

        set_up();
        r.start_time_ms = -1;
        r.lease_ms = 1800000;
        r.fence = UINT64_MAX;
        read_record(&r);
        CHECK_EQ(lock.state, LOCK_FAULT);
        CHECK_EQ(unlock(r.holder, r.version), LOCK_ACCEPTED);
        CHECK(find(LOCK_ACTION_DELETE));
        written();
        CHECK(lock.state != LOCK_FAULT);
        CHECK(find(LOCK_ACTION_WRITE));
        CHECK(lock.write.record.fence < UINT64_MAX);
        written();
        CHECK(lock.gap_end.boot_us >= now.boot_us + 30 * MIN_);
}

static void unlock_of_an_unclear_item(void) {
        LockEvent unclear = { .type = LOCK_EVENT_READ_UNCLEAR };

        set_up();
        unclear.answer = answer();
        strcpy(unclear.record.holder, "somebody");
        step(unclear);
        CHECK_EQ(lock.state, LOCK_FAULT);
        CHECK(seen().unclear && !seen().has_record);
        CHECK_STR(seen().record.holder, "somebody");
        CHECK_EQ(unlock("somebody", "v"), LOCK_REFUSED_OTHER_RECORD);
        CHECK_EQ(unlock("somebody", ""), LOCK_ACCEPTED);
        CHECK_STR(find(LOCK_ACTION_DELETE)->unlock->holder, "somebody");
        CHECK_STR(find(LOCK_ACTION_DELETE)->unlock->version, "");
        step((LockEvent) { .type = LOCK_EVENT_REQUEST_FAILED });
        tick_at(lock.retry_boot_us);
        read_none();
        CHECK(!seen().unclear);
        CHECK_STR(seen().record.holder, "");
        CHECK(lock.write.create);
}

static void unlock_while_standing_down(void) {
        Record r = come_to_see_a_peer();

        step((LockEvent) { .type = LOCK_EVENT_PAUSE });
        CHECK_EQ(unlock(r.holder, r.version), LOCK_ACCEPTED);
        CHECK(find(LOCK_ACTION_DELETE));
        written();
        CHECK(!seen().has_record);
        CHECK(!find(LOCK_ACTION_WRITE));
}

static const Case cases[] = {
        { "handover names the successor", handover_names_the_successor },
        { "handover that nobody takes is taken back", handover_that_nobody_takes_is_taken_back },
        { "handover whose answer is lost", handover_whose_answer_is_lost },
        { "others leave it to the successor", others_leave_it_to_the_successor },
        { "successor takes it at once", successor_takes_it_at_once },
        { "only a released record has a successor", only_a_released_record_has_a_successor },
        { "handover counts on the slower clock", handover_counts_on_the_slower_clock },
        { "no handover to oneself", no_handover_to_oneself },
        { "handover taken back names nobody", handover_taken_back_names_nobody },
        { "unlock deletes, and the next start waits", unlock_deletes_and_waits },
        { "unlock is of what was shown", unlock_is_of_what_was_shown },
        { "unlock of a record that changed", unlock_of_a_record_that_changed },
        { "unlock whose answer is lost", unlock_whose_answer_is_lost },
        { "nothing is unlocked that may be ours", nothing_is_unlocked_that_may_be_ours },
        { "unlock is dropped when the lock turns out to be ours", unlock_is_dropped_when_the_lock_turns_out_to_be_ours },
        { "unlock of a record that needs a person", unlock_of_a_record_that_needs_a_person },
        { "unlock of an unclear item", unlock_of_an_unclear_item },
        { "unlock while standing down", unlock_while_standing_down },
};

int main(void) {
        return RUN_CASES(cases);
}
