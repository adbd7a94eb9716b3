/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "cleanup.h"
#include "renewal.h"

#define START_US (1000 * USEC_PER_SEC)
/* A whole pause, one thousandth more than is ever drawn, and half of one. */
#define JITTER_WHOLE 1000
#define JITTER_HALF 0

static Renewal with_keys(usec_t life_us) {
        Renewal renewal = { .tried_us = START_US };

        renewal_succeeded(&renewal, START_US, life_us, JITTER_WHOLE);
        return renewal;
}

/* Tried at `now_us`, and failed then. */
static void fail_at(Renewal *renewal, usec_t now_us, unsigned jitter_permille) {
        renewal->tried_us = now_us;
        renewal_failed(renewal, jitter_permille);
}

static void test_without_keys_at_once(void) {
        Renewal renewal = {};

        CHECK_EQ(renewal_due_us(&renewal), 0);
        CHECK(renewal_is_urgent(&renewal, START_US));
}

static void test_keys_for_ever(void) {
        Renewal renewal = with_keys(USEC_INFINITY);

        CHECK(renewal_due_us(&renewal) == USEC_INFINITY);
        CHECK(!renewal_is_urgent(&renewal, USEC_INFINITY - 1));
}

/* Somebody exchanged them, and who hands them out knows the new ones. */
static void test_refused_keys_for_ever(void) {
        Renewal renewal = with_keys(USEC_INFINITY);

        renewal_refused(&renewal, START_US + USEC_PER_DAY);
        CHECK_EQ(renewal_due_us(&renewal), 0);
        CHECK(renewal_is_urgent(&renewal, START_US + USEC_PER_DAY));
        renewal_succeeded(&renewal, START_US + USEC_PER_DAY, USEC_INFINITY, JITTER_WHOLE);
        CHECK(renewal_due_us(&renewal) == USEC_INFINITY);
}

static void test_ahead_of_expiry(void) {
        static const struct {
                usec_t life_us, due_us, urgent_us; /* the latter two from when they came */
        } lives[] = {
                { 6 * USEC_PER_HOUR, 345 * USEC_PER_MINUTE, 350 * USEC_PER_MINUTE },
                { 30 * USEC_PER_MINUTE, 15 * USEC_PER_MINUTE, 20 * USEC_PER_MINUTE },
                { 12 * USEC_PER_MINUTE, 6 * USEC_PER_MINUTE, 8 * USEC_PER_MINUTE },
                { 6 * USEC_PER_SEC, 3 * USEC_PER_SEC, 4 * USEC_PER_SEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(lives); i++) {
                Renewal renewal = with_keys(lives[i].life_us);

                CHECK_EQ(renewal_due_us(&renewal), START_US + lives[i].due_us);
                CHECK(!renewal_is_urgent(&renewal, START_US + lives[i].urgent_us - 1));
                CHECK(renewal_is_urgent(&renewal, START_US + lives[i].urgent_us));
        }
}

static void test_life_beyond_all_clocks(void) {
        Renewal renewal = with_keys(USEC_INFINITY - 1);

        CHECK(renewal_due_us(&renewal) == USEC_INFINITY);
}

/* The whole pauses that failure upon failure makes, each tried when the one before is over. */
static void check_pauses(Renewal renewal, usec_t now_us, const unsigned *pauses_s, size_t n) {
        for (size_t i = 0; i < n; i++) {
                fail_at(&renewal, now_us, JITTER_HALF);
                CHECK_EQ(renewal_due_us(&renewal), now_us + pauses_s[i] * USEC_PER_SEC / 2);
                renewal.jitter_permille = JITTER_WHOLE;
                CHECK_EQ(renewal_due_us(&renewal), now_us + pauses_s[i] * USEC_PER_SEC);
                now_us = renewal_due_us(&renewal);
        }
}

static void test_pauses_without_keys(void) {
        static const unsigned pauses_s[] = { 1, 2, 4, 8, 10, 10, 10, 10, 10, 10 };

        check_pauses((Renewal) {}, START_US, pauses_s, ELEMENTSOF(pauses_s));
}

static void test_pauses_with_keys(void) {
        static const unsigned pauses_s[] = { 1, 2, 4, 8, 16, 32, 64, 120, 120, 120 };
        Renewal renewal = with_keys(6 * USEC_PER_HOUR);

        check_pauses(renewal, renewal_due_us(&renewal), pauses_s, ELEMENTSOF(pauses_s));
}

static void test_pauses_are_a_part_of_a_short_life(void) {
        static const unsigned pauses_s[] = { 1, 2, 4, 5, 5, 5 };
        Renewal renewal = with_keys(80 * USEC_PER_SEC);

        check_pauses(renewal, renewal_due_us(&renewal), pauses_s, ELEMENTSOF(pauses_s));
}

/* However long they live: enough tries to get over a short trouble, and not so many that they are one. */
static void test_several_tries_fit_before_expiry(void) {
        for (usec_t life_us = 2 * USEC_PER_SEC; life_us < 12 * USEC_PER_HOUR; life_us += life_us / 7)
                for (unsigned jitter = JITTER_HALF; jitter <= JITTER_WHOLE; jitter += JITTER_WHOLE / 2) {
                        Renewal renewal = with_keys(life_us);
                        unsigned tries = 0;

                        while (renewal_due_us(&renewal) < renewal.expires_us) {
                                fail_at(&renewal, renewal_due_us(&renewal), jitter);
                                tries++;
                        }
                        CHECK(tries >= 8);
                        CHECK(tries <= 32);
                }
}

/* A failure long ahead, of a place that was asked again before its time, does not put off what is due anyway. */
static void test_early_failure_changes_nothing(void) {
        Renewal renewal = with_keys(6 * USEC_PER_HOUR);

        fail_at(&renewal, START_US + USEC_PER_MINUTE, JITTER_WHOLE);
        CHECK_EQ(renewal_due_us(&renewal), START_US + 345 * USEC_PER_MINUTE);
        CHECK(!renewal_is_urgent(&renewal, START_US + 2 * USEC_PER_MINUTE));
}

static void test_success_ends_pauses(void) {
        Renewal renewal = with_keys(USEC_PER_HOUR);
        usec_t now_us = START_US + 50 * USEC_PER_MINUTE;

        for (unsigned i = 0; i < 5; i++)
                fail_at(&renewal, now_us, JITTER_WHOLE);
        renewal_succeeded(&renewal, now_us, USEC_PER_HOUR, JITTER_WHOLE);
        CHECK_EQ(renewal_due_us(&renewal), now_us + 45 * USEC_PER_MINUTE);
        CHECK(!renewal_is_urgent(&renewal, now_us));
        fail_at(&renewal, now_us + 45 * USEC_PER_MINUTE, JITTER_WHOLE);
        CHECK_EQ(renewal_due_us(&renewal), now_us + 45 * USEC_PER_MINUTE + USEC_PER_SEC);
}

/* Static stability: a metadata service that is in trouble is asked for as long as it takes, at the same pace. */
static void test_failing_for_days_beyond_expiry(void) {
        Renewal renewal = with_keys(USEC_PER_HOUR);
        usec_t now_us = renewal_due_us(&renewal);

        for (unsigned i = 0; i < 3 * 24 * 30; i++) {
                fail_at(&renewal, now_us, JITTER_WHOLE);
                CHECK(renewal_due_us(&renewal) > now_us);
                CHECK(renewal_due_us(&renewal) <= now_us + 2 * USEC_PER_MINUTE);
                now_us = renewal_due_us(&renewal);
        }
        CHECK(now_us > renewal.expires_us + 2 * USEC_PER_DAY);
        CHECK(renewal_is_urgent(&renewal, now_us));
}

/* And hands out such as have expired already: used, but for better ones it is asked again. */
static void test_keys_that_come_expired(void) {
        static const unsigned pauses_s[] = { 1, 2, 4, 8, 16, 32, 64, 120, 120 };
        Renewal renewal = {};
        usec_t now_us = START_US;

        for (size_t i = 0; i < ELEMENTSOF(pauses_s); i++) {
                renewal.tried_us = now_us;
                renewal_succeeded(&renewal, now_us, 0, JITTER_WHOLE);
                CHECK_EQ(renewal_due_us(&renewal), now_us + pauses_s[i] * USEC_PER_SEC);
                CHECK(renewal_is_urgent(&renewal, now_us));
                now_us = renewal_due_us(&renewal);
        }
        renewal_succeeded(&renewal, now_us, USEC_PER_HOUR, JITTER_WHOLE);
        CHECK_EQ(renewal_due_us(&renewal), now_us + 45 * USEC_PER_MINUTE);
}

/* The clock counts a suspend: what became due in it is due at once, and only once. */
static void test_leap_over_expiry(void) {
        Renewal renewal = with_keys(USEC_PER_HOUR);
        usec_t woken_us = START_US + 3 * USEC_PER_DAY;

        CHECK(renewal_due_us(&renewal) < woken_us);
        CHECK(renewal_is_urgent(&renewal, woken_us));
        fail_at(&renewal, woken_us, JITTER_WHOLE);
        CHECK_EQ(renewal_due_us(&renewal), woken_us + USEC_PER_SEC);
        renewal.tried_us = woken_us + USEC_PER_SEC;
        renewal_succeeded(&renewal, woken_us + USEC_PER_SEC, USEC_PER_HOUR, JITTER_WHOLE);
        CHECK_EQ(renewal_due_us(&renewal), woken_us + USEC_PER_SEC + 45 * USEC_PER_MINUTE);
}

static void test_refused_once_in_half_a_minute(void) {
        Renewal renewal = with_keys(6 * USEC_PER_HOUR);
        usec_t now_us = START_US + 30 * USEC_PER_SEC;

        renewal_refused(&renewal, now_us - 1);
        CHECK_EQ(renewal_due_us(&renewal), START_US + 345 * USEC_PER_MINUTE);
        CHECK(!renewal_is_urgent(&renewal, now_us));
        renewal_refused(&renewal, now_us);
        CHECK_EQ(renewal_due_us(&renewal), 0);
        CHECK(renewal_is_urgent(&renewal, now_us));

        renewal.tried_us = now_us;
        renewal_succeeded(&renewal, now_us, 6 * USEC_PER_HOUR, JITTER_WHOLE);
        renewal_refused(&renewal, now_us + 30 * USEC_PER_SEC - 1);
        CHECK(!renewal_is_urgent(&renewal, now_us + 30 * USEC_PER_SEC));
        renewal_refused(&renewal, now_us + 30 * USEC_PER_SEC);
        CHECK(renewal_is_urgent(&renewal, now_us + 30 * USEC_PER_SEC));
}

static void test_refused_and_not_renewed(void) {
        static const unsigned pauses_s[] = { 1, 2, 4 };
        Renewal renewal = with_keys(6 * USEC_PER_HOUR);

        renewal_refused(&renewal, START_US + USEC_PER_HOUR);
        check_pauses(renewal, START_US + USEC_PER_HOUR, pauses_s, ELEMENTSOF(pauses_s));
}

static void test_refused_without_keys(void) {
        Renewal renewal = {};

        renewal_refused(&renewal, START_US);
        CHECK(!renewal.refused);
}

static const Case cases[] = {
        { "without keys they are due at once", test_without_keys_at_once },
        { "keys that never expire are never due", test_keys_for_ever },
        { "keys that never expire, refused", test_refused_keys_for_ever },
        { "renewed ahead of expiry, insisting later", test_ahead_of_expiry },
        { "a life beyond all clocks", test_life_beyond_all_clocks },
        { "pauses between failures without keys", test_pauses_without_keys },
        { "pauses between failures with keys", test_pauses_with_keys },
        { "pauses are a part of a short life", test_pauses_are_a_part_of_a_short_life },
        { "several tries fit before expiry", test_several_tries_fit_before_expiry },
        { "an early failure changes nothing", test_early_failure_changes_nothing },
        { "a success ends the pauses", test_success_ends_pauses },
        { "failing for days beyond expiry", test_failing_for_days_beyond_expiry },
        { "keys that come expired", test_keys_that_come_expired },
        { "a clock that leaps over expiry", test_leap_over_expiry },
        { "refused: taken to heart once in half a minute", test_refused_once_in_half_a_minute },
        { "refused, and not to be renewed", test_refused_and_not_renewed },
        { "refused without keys", test_refused_without_keys },
};

int main(void) {
        return RUN_CASES(cases);
}
