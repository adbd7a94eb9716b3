/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "history.h"

#include <errno.h>

#include "check.h"
#include "cleanup.h"

#define OWN "node1#0123abcd"
#define WALL (UINT64_C(1763928000) * USEC_PER_SEC)
#define SECONDS USEC_PER_SEC

static History history;
static LockView view;

/* Boot time 1000 s; the record began at 900 s, and is good until 1100 s. */
static void begin(const char *holder) {
        history = (History) {};
        view = (LockView) {
                .state = LOCK_STANDBY,
                .has_record = true,
                .store_answered_boot_us = 1,
                .expires_boot_us = 1100 * SECONDS,
                .record = { .expire_time_ms = 1, .start_time_ms = (int64_t) (WALL + 900 * SECONDS) / 1000, .host = "aa" },
        };
        strcpy(view.record.holder, holder);
}

static bool note(unsigned at_s) {
        return history_note(&history, &view, OWN, at_s * SECONDS, WALL);
}

static void check_change(size_t i, const char *holder, unsigned since_s, unsigned until_s, HistoryHow how) {
        const HistoryChange *c = history_get(&history, i);

        CHECK(i < history.n);
        CHECK_STR(c->holder, holder);
        CHECK_EQ(c->since_us, WALL + since_s * SECONDS);
        CHECK_EQ(c->until_us, until_s == 0 ? 0 : WALL + until_s * SECONDS);
        CHECK_EQ(c->how, how);
}

static void next_holder(const char *holder, unsigned since_s) {
        strcpy(view.record.holder, holder);
        view.record.start_time_ms = (int64_t) (WALL + since_s * SECONDS) / 1000;
        view.record.expire_time_ms = 1;
        view.expires_boot_us = 2000 * SECONDS;
}

static void test_nothing_known(void) {
        begin("a");
        view.store_answered_boot_us = 0;
        CHECK(!note(1000));
        view.store_answered_boot_us = 1;
        view.state = LOCK_FAULT;
        CHECK(!note(1000));
        view.state = LOCK_STANDBY;
        view.has_record = false;
        CHECK(!note(1000));
        CHECK_EQ(history.n, 0);
}

static void test_once(void) {
        begin("a");
        CHECK(note(1000));
        CHECK(!note(1001));
        view.expires_boot_us = 1500 * SECONDS; /* renewed */
        CHECK(!note(1002));
        CHECK_EQ(history.n, 1);
        check_change(0, "a", 900, 0, HISTORY_ACQUIRED);
        CHECK_STR(history_get(&history, 0)->host, "aa");
}

static void test_released(void) {
        begin("a");
        note(1000);
        view.record.expire_time_ms = 0;
        CHECK(note(1010));
        CHECK(!note(1020));
        check_change(0, "a", 900, 1010, HISTORY_RELEASED);
        next_holder("b", 1030);
        CHECK(note(1031));
        check_change(0, "a", 900, 1010, HISTORY_RELEASED);
        check_change(1, "b", 1030, 0, HISTORY_ACQUIRED);
        CHECK_EQ(history.n_seen, 2);
}

/* And what was renewed at the last moment goes on. */
static void test_expired(void) {
        begin("a");
        note(1000);
        CHECK(note(1105));
        CHECK(!note(1106));
        check_change(0, "a", 900, 1100, HISTORY_EXPIRED);
        view.expires_boot_us = 1300 * SECONDS;
        CHECK(note(1110));
        check_change(0, "a", 900, 0, HISTORY_ACQUIRED);
        CHECK_EQ(history.n, 1);
}

static void test_taken_over(void) {
        begin("a");
        note(1000);
        next_holder("b", 1050);
        CHECK(note(1055));
        check_change(0, "a", 900, 1050, HISTORY_TAKEN_OVER);
        check_change(1, "b", 1050, 0, HISTORY_ACQUIRED);
        next_holder("c", 3000); /* a holder whose clock is ahead */
        CHECK(note(1060));
        check_change(1, "b", 1050, 1060, HISTORY_TAKEN_OVER);
}

static void test_lost(void) {
        begin(OWN);
        note(1000);
        next_holder("b", 1050);
        view.state = LOCK_LOST;
        CHECK(note(1055));
        check_change(0, OWN, 900, 1050, HISTORY_LOST);
        next_holder("c", 1060);
        CHECK(note(1065));
        check_change(1, "b", 1050, 1060, HISTORY_TAKEN_OVER);
}

static void test_deleted(void) {
        begin("a");
        note(1000);
        view.has_record = false;
        CHECK(note(1010));
        CHECK(!note(1011));
        check_change(0, "a", 900, 1010, HISTORY_DELETED);
}

/* The same host again is another tenure. */
static void test_again(void) {
        begin("a");
        note(1000);
        next_holder("a", 1020);
        CHECK(note(1025));
        CHECK_EQ(history.n, 2);
}

/* Seen for the first time when it was over: nobody knows when it was. */
/* Whoever created the record says once more, by its next write, when its time begins. */
static void test_begins_later(void) {
        begin(OWN);
        view.record.fence = 7;
        CHECK(note(1000));
        view.record.start_time_ms += 3000;
        CHECK(note(1001));
        CHECK(!note(1002));
        CHECK_EQ(history.n, 1);
        check_change(0, OWN, 903, 0, HISTORY_ACQUIRED);
        view.record.fence = 8;
        view.record.start_time_ms += 3000;
        CHECK(note(1003));
        CHECK_EQ(history.n, 2);
        view.record.start_time_ms = -1;
        CHECK(!note(1004));
}

static void test_over_before(void) {
        begin("a");
        view.record.expire_time_ms = 0;
        CHECK(note(1000));
        check_change(0, "a", 900, 0, HISTORY_RELEASED);
        begin("a");
        CHECK(note(1200));
        check_change(0, "a", 900, 1100, HISTORY_EXPIRED);
}

/* A record without sane times, as another program may write it, is one tenure all the same. */
static void test_absurd(void) {
        begin("a");
        view.record.start_time_ms = INT64_MAX;
        CHECK(note(1000));
        check_change(0, "a", 1000, 0, HISTORY_ACQUIRED);
        CHECK(!note(1001));
        view.record.start_time_ms = 0;
        CHECK(!note(1002));
        CHECK_EQ(history.n, 1);
}

static void test_ring(void) {
        char holder[16];

        begin("h0");
        for (unsigned i = 0; i < HISTORY_MAX + 10; i++) {
                snprintf(holder, sizeof(holder), "h%u", i);
                next_holder(holder, 1000 + i);
                CHECK(note(1000 + i));
        }
        CHECK_EQ(history.n, HISTORY_MAX);
        CHECK_EQ(history.n_seen, HISTORY_MAX + 10);
        check_change(0, "h10", 1010, 1011, HISTORY_TAKEN_OVER);
        check_change(HISTORY_MAX - 1, "h73", 1073, 0, HISTORY_ACQUIRED);
}

static void test_text(void) {
        char text[HISTORY_TEXT_MAX];

        begin("the first\n#one");
        note(1000);
        view.record.host[0] = '\0';
        next_holder(" b", 1050);
        note(1055);
        history_format(&history, text);
        CHECK_STR(text,
                  "# Who held the lock, as this host saw it. Times in UTC: since, until, how it ended, host, holder\n"
                  "2025-11-23T20:15:00.000000Z 2025-11-23T20:17:30.000000Z taken-over aa the first?#one\n"
                  "2025-11-23T20:17:30.000000Z - acquired -  b\n");
        history = (History) {};
        CHECK_EQ(history_parse(text, &history), 0);
        CHECK_EQ(history.n, 2);
        check_change(0, "the first?#one", 900, 1050, HISTORY_TAKEN_OVER);
        check_change(1, " b", 1050, 0, HISTORY_ACQUIRED);
        CHECK_STR(history_get(&history, 1)->host, "");
        CHECK(!note(1060)); /* the tenure goes on after a restart */
}

/* The longest that there can be fits. */
static void test_longest(void) {
        char text[HISTORY_TEXT_MAX], holder[RECORD_HOLDER_MAX + 1];

        begin("");
        memset(holder, 'h', RECORD_HOLDER_MAX);
        holder[RECORD_HOLDER_MAX] = '\0';
        memset(view.record.host, 'x', RECORD_ID_SIZE - 1);
        for (unsigned i = 0; i < HISTORY_MAX; i++) {
                next_holder(holder, 1000 + i);
                note(1000 + i);
        }
        history_format(&history, text);
        CHECK(strlen(text) < HISTORY_TEXT_MAX - 1);
        CHECK_EQ(history_parse(text, &history), 0);
        CHECK_EQ(history.n, HISTORY_MAX);
        check_change(HISTORY_MAX - 1, holder, 1000 + HISTORY_MAX - 1, 0, HISTORY_ACQUIRED);
}

static void test_broken_text(void) {
        static const char *const texts[] = {
                "x\n",
                "2025-11-23T20:15:00.000000Z - acquired -\n",
                "2025-11-23T20:15:00.000000Z - taken - a\n",
                "2025-11-23T20:15:00.00Z - acquired - a\n",
                "2025-11-23T20:15:00.000000Zx - acquired - a\n",
                "2025-11-23 20:15:00.000000Z - acquired - a\n",
                "1025-11-23T20:15:00.000000Z - acquired - a\n",
                "- - acquired 0123456789012345678901234567890123 a\n",
        };

        begin("a");
        note(1000);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_free_ char *copy = strdup(texts[i]);

                CHECK_EQ(history_parse(copy, &history), -EBADMSG);
                CHECK_EQ(history.n, 1);
        }
}

int main(void) {
        static const Case cases[] = {
                { "nothing known", test_nothing_known },
                { "each tenure once", test_once },
                { "released", test_released },
                { "expired", test_expired },
                { "taken over", test_taken_over },
                { "lost", test_lost },
                { "deleted", test_deleted },
                { "the same host again", test_again },
                { "begins later", test_begins_later },
                { "over before it was seen", test_over_before },
                { "absurd times", test_absurd },
                { "a ring", test_ring },
                { "as text", test_text },
                { "the longest text", test_longest },
                { "what is no such text", test_broken_text },
        };

        return RUN_CASES(cases);
}
