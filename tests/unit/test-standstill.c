/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine that stood still with all its clocks: told by looks at a clock of its host's, in pretended time. */
#include "check.h"
#include "standstill.h"
#include "time-limits.h"

#define SECOND USEC_PER_SEC
/* The host's epoch and the guest's have nothing to do with each other. */
#define HOST_US (UINT64_C(1763928000) * USEC_PER_SEC)

static usec_t boot_us, host_us;
static Standstill watch;

static void begin(void) {
        boot_us = 1000 * SECOND;
        host_us = HOST_US;
        watch = (Standstill) {};
}

/* Some time later by the guest's clocks, and by the host's. */
static usec_t look_after(usec_t guest_us, usec_t by_host_us) {
        boot_us += guest_us;
        host_us += by_host_us;
        return standstill_look(&watch, &(HostLook) { .has_time = true, .host_us = host_us, .before_boot_us = boot_us,
                                                     .after_boot_us = boot_us });
}

static void first_look_says_nothing(void) {
        begin();
        CHECK_EQ(look_after(0, 0), 0);
        CHECK_EQ(look_after(SECOND, SECOND), 0);
}

static void a_pause_is_told_once(void) {
        begin();
        look_after(0, 0);
        CHECK_EQ(look_after(SECOND, 43 * SECOND), 42 * SECOND);
        CHECK_EQ(look_after(SECOND, SECOND), 0);
        CHECK_EQ(look_after(SECOND, 5 * SECOND), 4 * SECOND);
}

static void short_pauses_add_up(void) {
        begin();
        look_after(0, 0);
        CHECK_EQ(look_after(SECOND, 3 * SECOND), 0);
        CHECK_EQ(look_after(SECOND, 2 * SECOND), STANDSTILL_US_MIN);
        /* But for the time that clocks which are set right need for as much. */
        for (unsigned i = 0; i < 1000; i++)
                CHECK_EQ(look_after(SECOND, SECOND + SECOND / 100), 0);
}

static void less_than_the_kill_margin(void) {
        CHECK(STANDSTILL_US_MIN < KILL_MARGIN_US);
        /* chrony's fastest slew, between two bases, with the RTC off by a second. */
        CHECK(STANDSTILL_BASE_US * 8 / 100 + SECOND < STANDSTILL_US_MIN);
}

/* The RTC has counted on just after the one look, and just before the other. */
static void whole_seconds(void) {
        begin();
        look_after(0, 0);
        for (unsigned i = 0; i < 100; i++)
                CHECK_EQ(look_after(SECOND, i % 2 == 0 ? 2 * SECOND : 0), 0);
}

/* Whoever looked was not let run for a while, between one clock and the other. */
static void a_slow_look_is_no_pause(void) {
        HostLook look = { .has_time = true, .host_us = HOST_US, .before_boot_us = 10 * SECOND, .after_boot_us = 20 * SECOND };

        begin();
        CHECK_EQ(standstill_look(&watch, &look), 0);
        look = (HostLook) { .has_time = true, .host_us = HOST_US + 20 * SECOND, .before_boot_us = 21 * SECOND,
                            .after_boot_us = 31 * SECOND };
        CHECK_EQ(standstill_look(&watch, &look), 0);
        look = (HostLook) { .has_time = true, .host_us = HOST_US + 40 * SECOND, .before_boot_us = 32 * SECOND,
                            .after_boot_us = 32 * SECOND };
        CHECK(standstill_look(&watch, &look) > 0);
}

/* After a pause the kernel may set the RTC to what it believes, or the host is set right: that hides no later pause. */
static void set_back(void) {
        begin();
        look_after(0, 0);
        host_us -= 100 * SECOND;
        CHECK_EQ(look_after(SECOND, SECOND), 0);
        CHECK_EQ(look_after(SECOND, 6 * SECOND), 5 * SECOND);
}

static void disrupted(void) {
        HostLook look = { .has_marker = true, .marker = 7 };

        begin();
        CHECK_EQ(standstill_look(&watch, &look), 0);
        look.marker = 8;
        CHECK(standstill_look(&watch, &look) == USEC_INFINITY);
        CHECK_EQ(standstill_look(&watch, &look), 0);
        /* A page that could not be read says nothing. */
        CHECK_EQ(standstill_look(&watch, &(HostLook) {}), 0);
        CHECK_EQ(standstill_look(&watch, &look), 0);
        /* With a clock beside it how long is known, too. */
        look = (HostLook) { .has_marker = true, .marker = 8, .has_time = true, .host_us = HOST_US };
        CHECK_EQ(standstill_look(&watch, &look), 0);
        look.marker = 9;
        look.host_us += 10 * SECOND;
        CHECK_EQ(standstill_look(&watch, &look), 10 * SECOND);
        CHECK_EQ(standstill_look(&watch, &look), 0);
}

static const Case cases[] = {
        { "a first look says nothing", first_look_says_nothing },
        { "a pause is told once, and how long it was", a_pause_is_told_once },
        { "short pauses add up, and slewed clocks do not", short_pauses_add_up },
        { "what goes unnoticed is less than the kill margin", less_than_the_kill_margin },
        { "a clock of whole seconds is off by one", whole_seconds },
        { "a slow look is no pause", a_slow_look_is_no_pause },
        { "a clock that is set back hides no pause", set_back },
        { "a marker that changed", disrupted },
};

int main(void) {
        return RUN_CASES(cases);
}
