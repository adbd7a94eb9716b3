/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status-text.h"

#include "cleanup.h"
#include "check.h"
#include "sample-picture.h"
#include "text-clean.h"

#define NOW SAMPLE_NOW_BOOT_US

static const char *say(const ControlPicture *picture) {
        static char buf[CONTROL_TEXT_MAX];

        status_text(picture, NOW, buf, sizeof(buf));
        return buf;
}

static void put(char *field, size_t size, const char *text) {
        snprintf(field, size, "%s", text);
}
#define PUT(field, text) put((field), sizeof(field), (text))

static void standby(ControlPicture *p) {
        sample_picture(p);
        p->view.state = LOCK_STANDBY;
        p->view.held = false;
        p->view.fence = 0;
        PUT(p->view.record.holder, "node2#89abcdef");
        p->view.expires_boot_us = NOW + 28 * USEC_PER_MINUTE;
}

static void failing(ControlPicture *p) {
        p->view.store_failing = true;
        p->view.store_failing_since_boot_us = NOW - 250 * USEC_PER_SEC;
}

/* Every state has a sentence; these need nothing but the state. */
static void test_states(void) {
        static const char *const sentences[_LOCK_STATE_MAX] = {
                [LOCK_STARTING_UP] = "asking the store who holds validator",
                [LOCK_STANDBY] = "standby: node1 holds validator, expires in 29min",
                [LOCK_ACQUIRING] = "acquiring validator",
                [LOCK_WAITING] = "holding, target starts after the gap of 30min",
                [LOCK_STARTING] = "holding, starting validator.service",
                [LOCK_RUNNING] = "running validator.service, fence 1763928001123",
                [LOCK_LAPSED] = "lease ran out, validator.service is stopped until validator is renewed",
                [LOCK_STOPPING] = "stopping validator.service before releasing",
                [LOCK_RELEASING] = "releasing validator",
                [LOCK_LOST] = "lost validator to node1, killing validator.service",
                [LOCK_STANDING_DOWN] = "standing down until told otherwise; node1 holds validator",
                [LOCK_REFUSING] = "refusing to lead",
                [LOCK_FAULT] = "validator needs a person",
                [LOCK_STOPPED] = "stopped, validator is not held here",
        };

        for (LockState state = 0; state < _LOCK_STATE_MAX; state++) {
                ControlPicture p;

                sample_picture(&p);
                p.view.state = state;
                CHECK_STR(say(&p), sentences[state]);
        }
}

static void test_standby(void) {
        ControlPicture p;

        standby(&p);
        CHECK_STR(say(&p), "standby: node2 holds validator, expires in 28min");
        p.view.expires_boot_us = NOW + 28 * USEC_PER_MINUTE + 10 * USEC_PER_SEC + 900 * USEC_PER_MSEC;
        CHECK_STR(say(&p), "standby: node2 holds validator, expires in 28min 10s");
        p.view.expires_boot_us = 0;
        CHECK_STR(say(&p), "standby: node2 holds validator");
        p.view.expires_boot_us = NOW;
        CHECK_STR(say(&p), "standby: validator has expired; node2 held it last");
        p.view.record.expire_time_ms = 0;
        CHECK_STR(say(&p), "standby: nobody holds validator");
        p.view.has_record = false;
        PUT(p.view.reason, "the clock is not checked yet");
        failing(&p);
        PUT(p.store_error, "could not resolve host");
        CHECK_STR(say(&p), "standby: store unreachable for 4min 10s; nobody held validator when last seen; the clock is not "
                           "checked yet (could not resolve host)");
}

/* What it knows of the holder is not news while the store does not answer. */
static void test_standby_in_an_outage(void) {
        ControlPicture p;

        standby(&p);
        failing(&p);
        CHECK_STR(say(&p), "standby: store unreachable for 4min 10s; node2's lease, as last seen, ends in 28min");
        PUT(p.store_error, "timed out");
        p.view.expires_boot_us = NOW;
        CHECK_STR(say(&p), "standby: store unreachable for 4min 10s; node2's lease, as last seen, is over (timed out)");
        p.view.expires_boot_us = 0;
        CHECK_STR(say(&p), "standby: store unreachable for 4min 10s; node2 held validator when last seen (timed out)");
        p.view.record.expire_time_ms = 0;
        CHECK_STR(say(&p), "standby: store unreachable for 4min 10s; nobody held validator when last seen (timed out)");
        p.view.store_failing_since_boot_us = NOW - USEC_PER_SEC;
        CHECK_STR(say(&p), "standby: nobody holds validator");
}

/* An outage and a lost lock are not to be mistaken for each other: who has it is said, whatever the store does now. */
static void test_lost(void) {
        ControlPicture p;

        standby(&p);
        p.view.state = LOCK_LOST;
        PUT(p.view.reason, "lost the lock to node2#89abcdef");
        CHECK_STR(say(&p), "lost validator to node2, killing validator.service");
        failing(&p);
        CHECK_STR(say(&p), "lost validator to node2, killing validator.service");
        p.view.has_record = false;
        PUT(p.view.reason, "lost the lock to nobody: the record was deleted");
        CHECK_STR(say(&p), "lost validator, killing validator.service: lost the lock to nobody: the record was deleted");
        p.view.has_record = true;
        p.view.record.expire_time_ms = 0;
        PUT(p.view.reason, "why");
        CHECK_STR(say(&p), "lost validator, killing validator.service: why");
}

/* Released for a successor, who alone may take it for a while. */
static void test_handover(void) {
        ControlPicture p;

        standby(&p);
        p.view.record.expire_time_ms = 0;
        p.view.expires_boot_us = 0;
        PUT(p.view.successor, "node2#89abcdef");
        p.view.handover_boot_us = NOW + 110 * USEC_PER_SEC;
        CHECK_STR(say(&p), "standby: nobody holds validator, which is left to node2 for 1min 50s");
        p.view.handover_boot_us = 0;
        CHECK_STR(say(&p), "standby: nobody holds validator");
}

static void test_standing_down(void) {
        ControlPicture p;

        standby(&p);
        p.view.state = LOCK_STANDING_DOWN;
        CHECK_STR(say(&p), "standing down until told otherwise; node2 holds validator");
        failing(&p);
        CHECK_STR(say(&p), "standing down until told otherwise; store unreachable for 4min 10s; node2's lease, as last seen, "
                           "ends in 28min");
        p.view.store_failing = false;
        p.view.expires_boot_us = NOW;
        CHECK_STR(say(&p), "standing down until told otherwise");
        p.view.expires_boot_us = 0;
        p.view.record.expire_time_ms = 0;
        CHECK_STR(say(&p), "standing down until told otherwise");
}

static void test_holder_names(void) {
        ControlPicture p;

        standby(&p);
        p.view.expires_boot_us = 0;
        PUT(p.view.record.holder, "an-original");
        CHECK_STR(say(&p), "standby: an-original holds validator");
        PUT(p.view.record.holder, "odd#89ABCDEF");
        CHECK_STR(say(&p), "standby: odd#89ABCDEF holds validator");
        PUT(p.view.record.holder, "#89abcdef");
        CHECK_STR(say(&p), "standby: #89abcdef holds validator");
}

static void test_waiting(void) {
        ControlPicture p;

        sample_picture(&p);
        p.view.state = LOCK_WAITING;
        p.view.next = LOCK_NEXT_TARGET_START;
        p.view.next_boot_us = NOW + 12 * USEC_PER_MINUTE;
        CHECK_STR(say(&p), "holding, target starts in 12min");
}

static void test_running(void) {
        ControlPicture p;
        ControlTarget targets[] = { { "a.service", "failed" }, { "b.service", "active" } };

        sample_picture(&p);
        p.n_targets = 2;
        CHECK_STR(say(&p), "running validator.service and 1 more, fence 1763928001123");
        p.targets = targets;
        CHECK_STR(say(&p), "holding for a.service and 1 more (failed), fence 1763928001123");
        p.n_targets = 0;
        CHECK_STR(say(&p), "running the target, fence 1763928001123");
}

static void test_store_unreachable(void) {
        ControlPicture p;

        sample_picture(&p);
        failing(&p);
        p.view.stop_boot_us = NOW + 21 * USEC_PER_MINUTE;
        CHECK_STR(say(&p), "store unreachable for 4min 10s; lease good for 21min");
        PUT(p.store_error, "timed out");
        CHECK_STR(say(&p), "store unreachable for 4min 10s; lease good for 21min (timed out)");
        p.view.stop_boot_us = NOW;
        CHECK_STR(say(&p), "store unreachable for 4min 10s (timed out)");
        p.view.state = LOCK_STARTING_UP;
        CHECK_STR(say(&p), "store unreachable for 4min 10s; nothing known of validator yet (timed out)");
        p.view.state = LOCK_LAPSED;
        CHECK_STR(say(&p), "lease ran out, validator.service is stopped until validator is renewed; "
                           "store unreachable for 4min 10s (timed out)");

        /* A single failure among answers is passed over. */
        p.view.state = LOCK_RUNNING;
        p.view.store_failing_since_boot_us = NOW - USEC_PER_SEC;
        CHECK_STR(say(&p), "running validator.service, fence 1763928001123");
}

static void test_reasons(void) {
        static const struct {
                LockState state;
                const char *sentence;
        } cases[] = {
                { LOCK_STOPPING, "stopping validator.service before releasing: why" },
                { LOCK_RELEASING, "releasing validator: why" },
                { LOCK_LAPSED, "lease ran out, validator.service is stopped until validator is renewed: why" },
                { LOCK_REFUSING, "refusing to lead: why" },
                { LOCK_FAULT, "validator needs a person: why" },
                { LOCK_STANDING_DOWN, "standing down until 2025-11-23 20:26:40 UTC: why; node1 holds validator" },
        };
        ControlPicture p;

        sample_picture(&p);
        PUT(p.view.reason, "why");
        p.view.next = LOCK_NEXT_STAND_UP;
        p.view.next_boot_us = NOW + 600 * USEC_PER_SEC;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                p.view.state = cases[i].state;
                CHECK_STR(say(&p), cases[i].sentence);
        }
}

static void test_duplicate(void) {
        ControlPicture p;

        standby(&p);
        p.view.duplicate_id = true;
        CHECK_STR(say(&p), "standby: node2 holds validator, expires in 28min; another machine uses the id node1");
}

/* Whatever comes in from the table: one line of UTF-8, and cut to fit. */
static void test_clean(void) {
        ControlPicture p;
        char small[12];

        standby(&p);
        p.view.expires_boot_us = 0;
        PUT(p.view.record.holder, "node\n2\xff");
        CHECK_STR(say(&p), "standby: node 2? holds validator");
        PUT(p.view.record.holder, "ä");
        status_text(&p, NOW, small, sizeof(small));
        CHECK_STR(small, "standby: ä");
        status_text(&p, NOW, small, sizeof(small) - 1); /* has room for the first byte of "ä" only */
        CHECK_STR(small, "standby: ?");
}

static void test_text_clean(void) {
        static const struct {
                const char *dirty, *clean;
        } cases[] = {
                { "", "" },
                { "plain", "plain" },
                { "tab\tdel\x7f", "tab del " },
                { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x92", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x92" },
                { "\xc0\x80", "??" },             /* NUL, written longer than it is */
                { "\xed\xa0\x80", "???" },        /* a surrogate */
                { "\xf4\x90\x80\x80", "????" },   /* beyond Unicode */
                { "\xe2\x82", "??" },             /* cut */
                { "\xe2\x82x", "??x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *clean = text_clean_copy(cases[i].dirty);

                CHECK_STR(clean, cases[i].clean);
        }
        CHECK(!text_clean(NULL));
}

int main(void) {
        static const Case cases[] = {
                { "every state has its sentence", test_states },
                { "standby", test_standby },
                { "standby in an outage", test_standby_in_an_outage },
                { "lost", test_lost },
                { "a handover", test_handover },
                { "standing down", test_standing_down },
                { "holders' names", test_holder_names },
                { "waiting for the gap", test_waiting },
                { "running, and holding without running", test_running },
                { "store unreachable", test_store_unreachable },
                { "reasons", test_reasons },
                { "duplicate id", test_duplicate },
                { "clean and cut", test_clean },
                { "bytes that are no UTF-8", test_text_clean },
        };

        return RUN_CASES(cases);
}
