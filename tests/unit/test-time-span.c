/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "check.h"
#include "cleanup.h"
#include "time-span.h"

static void test_add_saturates(void) {
        CHECK_EQ(usec_add(1, 2), 3);
        CHECK(usec_add(USEC_INFINITY - 1, 1) == USEC_INFINITY);
        CHECK(usec_add(USEC_INFINITY - 1, 2) == USEC_INFINITY);
        CHECK(usec_add(USEC_INFINITY, 0) == USEC_INFINITY);
        CHECK(usec_add(USEC_INFINITY, USEC_INFINITY) == USEC_INFINITY);
}

static void test_sub_stops_at_zero(void) {
        CHECK_EQ(usec_sub(5, 3), 2);
        CHECK_EQ(usec_sub(3, 5), 0);
        CHECK_EQ(usec_sub(3, USEC_INFINITY), 0);
        CHECK(usec_sub(USEC_INFINITY, 5) == USEC_INFINITY);
}

static void test_spans_accepted(void) {
        static const struct {
                const char *text;
                usec_t us;
        } spans[] = {
                { "0", 0 },
                { "90", 90 * USEC_PER_SEC },
                { "90s", 90 * USEC_PER_SEC },
                { " 90 s ", 90 * USEC_PER_SEC },
                { "1min 30s", 90 * USEC_PER_SEC },
                { "1min30s", 90 * USEC_PER_SEC },
                { "1m 30sec", 90 * USEC_PER_SEC },
                { "2h", 2 * USEC_PER_HOUR },
                { "1.5h", 90 * USEC_PER_MINUTE },
                { "0.25s", 250 * USEC_PER_MSEC },
                { "1.0000001s", USEC_PER_SEC },
                { "250ms", 250 * USEC_PER_MSEC },
                { "7us", 7 },
                { "1d 1h", 25 * USEC_PER_HOUR },
                { "1week", 7 * USEC_PER_DAY },
                { "5 3min", 185 * USEC_PER_SEC },
                { "infinity", USEC_INFINITY },
        };

        for (size_t i = 0; i < ELEMENTSOF(spans); i++) {
                usec_t us = 42;

                CHECK_EQ(parse_span(spans[i].text, USEC_PER_SEC, &us), 0);
                CHECK(us == spans[i].us);
        }
}

static void test_spans_refused(void) {
        static const char *const not_spans[] = {
                "", " ", "s", "-1s", "+1s", "1.s", ".5s", "1e3", "0x10", "1parsec", "1S", "1 min 30 x", "infinityx",
                "1,5h", "\n5s", "5s\n",
        };
        static const char *const too_long[] = {
                "18446744073709551616us", "99999999999999999999999999", "18446744073709551615s",
                "18446744073709551615us", "30000000w 99999999999w",
        };

        for (size_t i = 0; i < ELEMENTSOF(not_spans); i++) {
                usec_t us = 42;

                CHECK_EQ(parse_span(not_spans[i], USEC_PER_SEC, &us), -EINVAL);
                CHECK_EQ(us, 42);
        }
        for (size_t i = 0; i < ELEMENTSOF(too_long); i++) {
                usec_t us = 42;

                CHECK_EQ(parse_span(too_long[i], USEC_PER_SEC, &us), -ERANGE);
                CHECK_EQ(us, 42);
        }
}

static void test_default_unit(void) {
        usec_t us;

        CHECK_EQ(parse_span("3", USEC_PER_MINUTE, &us), 0);
        CHECK(us == 3 * USEC_PER_MINUTE);
        CHECK_EQ(parse_span("3s", USEC_PER_MINUTE, &us), 0);
        CHECK(us == 3 * USEC_PER_SEC);
}

static void test_format(void) {
        char buf[SPAN_TEXT_MAX], tight[4];

        CHECK_STR(format_span(buf, sizeof(buf), 0), "0s");
        CHECK_STR(format_span(buf, sizeof(buf), 850 * USEC_PER_MSEC), "850ms");
        CHECK_STR(format_span(buf, sizeof(buf), USEC_PER_SEC), "1s");
        CHECK_STR(format_span(buf, sizeof(buf), 59 * USEC_PER_SEC + 999999), "59s");
        CHECK_STR(format_span(buf, sizeof(buf), 28 * USEC_PER_MINUTE), "28min");
        CHECK_STR(format_span(buf, sizeof(buf), 250 * USEC_PER_SEC), "4min 10s");
        CHECK_STR(format_span(buf, sizeof(buf), 62 * USEC_PER_MINUTE + 7), "1h 2min");
        CHECK_STR(format_span(buf, sizeof(buf), 25 * USEC_PER_HOUR), "1d 1h");
        CHECK_STR(format_span(buf, sizeof(buf), USEC_INFINITY), "infinity");
        CHECK_STR(format_span(tight, sizeof(tight), 250 * USEC_PER_SEC), "4mi");
}

static void test_longest_text_fits(void) {
        char buf[SPAN_TEXT_MAX];

        CHECK(strlen(format_span(buf, sizeof(buf), USEC_INFINITY - 1)) < sizeof(buf) - 1);
}

static void test_timestamp(void) {
        char buf[SPAN_TEXT_MAX];

        CHECK_STR(format_timestamp(buf, sizeof(buf), UINT64_C(1795509878) * USEC_PER_SEC), "2026-11-24 08:44:38 UTC");
        CHECK_STR(format_timestamp(buf, sizeof(buf), 0), "1970-01-01 00:00:00 UTC");
        CHECK(*format_timestamp(buf, sizeof(buf), USEC_INFINITY) != '\0');
}

static const Case cases[] = {
        { "a sum saturates", test_add_saturates },
        { "a difference stops at zero", test_sub_stops_at_zero },
        { "time spans as systemd writes them", test_spans_accepted },
        { "what is no time span", test_spans_refused },
        { "a bare number counts in the default unit", test_default_unit },
        { "spans as a person says them", test_format },
        { "the longest span fits its buffer", test_longest_text_fits },
        { "wall-clock times", test_timestamp },
};

int main(void) {
        return RUN_CASES(cases);
}
