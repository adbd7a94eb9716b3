/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picture.h"

#include "check.h"
#include "sample-picture.h"

static ControlPicture picture;
static PictureMarks marks;
static bool changed[_PICTURE_ID_MAX];

/* Announced as it is. */
static void begin(void) {
        sample_picture(&picture);
        marks = (PictureMarks) {};
        CHECK_EQ(picture_compare(&picture, &marks, changed), _PICTURE_ID_MAX);
        CHECK_EQ(picture_compare(&picture, &marks, changed), 0);
}

static void test_names(void) {
        for (PictureId id = 0; id < _PICTURE_ID_MAX; id++) {
                CHECK(picture_fields[id].member);
                CHECK(picture_fields[id].property || picture_fields[id].emission == PICTURE_SILENT);
        }
}

static void test_only_what_changed(void) {
        begin();
        picture.view.state = LOCK_STOPPING;
        picture.targets = sample_targets + 1;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 2);
        CHECK(changed[PICTURE_STATE] && changed[PICTURE_TARGET_LIST]);
        CHECK_EQ(picture_compare(&picture, &marks, changed), 0);
        picture.n_targets = 0;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 1);
}

/* A wall clock that is slewed moves no moment, until it adds up; moments that are unknown never move. */
static void test_trembling_wall(void) {
        begin();
        picture.view.stop_boot_us = picture.view.kill_boot_us = 0;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 2);
        for (unsigned i = 0; i < 3; i++) {
                picture.wall_minus_boot_us += 300 * USEC_PER_MSEC;
                CHECK_EQ(picture_compare(&picture, &marks, changed), 0);
        }
        picture.wall_minus_boot_us += 300 * USEC_PER_MSEC;
        CHECK(picture_compare(&picture, &marks, changed) > 0);
        CHECK(changed[PICTURE_EXPIRES] && changed[PICTURE_NEXT_AT] && changed[PICTURE_STATE_SINCE]);
        CHECK(!changed[PICTURE_STOP_AT] && !changed[PICTURE_SINCE] && !changed[PICTURE_LEASE]);
        picture.wall_minus_boot_us -= 500 * USEC_PER_MSEC;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 0);
        picture.wall_minus_boot_us -= 3600 * USEC_PER_SEC;
        CHECK(picture_compare(&picture, &marks, changed) > 0);
}

/* A moment that is another one on the boot clock has changed, however little. */
static void test_moment(void) {
        begin();
        picture.view.renewed_boot_us += 1;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 1);
        CHECK(changed[PICTURE_LAST_RENEWAL]);
}

/* Worked out anew at each look: less than a second is no change, until it adds up. Polls are not told at all. */
static void test_trembling_estimate(void) {
        begin();
        picture.view.expires_boot_us += 600 * USEC_PER_MSEC;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 0);
        picture.view.expires_boot_us += 600 * USEC_PER_MSEC;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 1);
        CHECK(changed[PICTURE_EXPIRES]);
        picture.view.next = LOCK_NEXT_POLL;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 2);
        CHECK(changed[PICTURE_NEXT] && changed[PICTURE_NEXT_AT]);
        picture.view.next_boot_us += 10 * USEC_PER_SEC;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 0);
}

/* What moves with each renewal is asked for by whoever wants it. */
static void test_told(void) {
        CHECK(picture_is_told(PICTURE_STATE) && picture_is_told(PICTURE_EXPIRES) && picture_is_told(PICTURE_PAUSED));
        CHECK(!picture_is_told(PICTURE_STATUS) && !picture_is_told(PICTURE_VERSION) && !picture_is_told(PICTURE_INSTANCE));
        CHECK_EQ(picture_fields[PICTURE_EXPIRES].emission, PICTURE_INVALIDATES);
}

static void test_trembling_skew(void) {
        begin();
        picture.view.skew_us = 600000;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 0);
        picture.view.skew_us = 800000;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 1);
        CHECK(changed[PICTURE_CLOCK_SKEW]);
        picture.view.skew_us = -300000;
        CHECK_EQ(picture_compare(&picture, &marks, changed), 1);
}

static void test_released(void) {
        begin();
        picture.view.record.expire_time_ms = 0;
        CHECK(!picture_get(&picture, PICTURE_HOLDER).known);
        CHECK(!picture_get(&picture, PICTURE_HOLDER_HOST).known);
        CHECK(!picture_get(&picture, PICTURE_SINCE).known);
        CHECK(picture_get(&picture, PICTURE_VERSION).known);
}

/* There is a guard with a lease only, and what nobody feeds is no watchdog. */
static void test_layers(void) {
        begin();
        CHECK(picture_get(&picture, PICTURE_GUARD_WATCHED).flag);
        picture.layers.guard_watched = false;
        CHECK(picture_get(&picture, PICTURE_GUARD_WATCHED).known && !picture_get(&picture, PICTURE_GUARD_WATCHED).flag);
        picture.layers = (ControlLayers) { .hardware = "", .host_clock = "" };
        CHECK(!picture_get(&picture, PICTURE_GUARD_WATCHED).known && picture_get(&picture, PICTURE_WATCHDOG).known);
        for (PictureId id = PICTURE_HARDWARE_WATCHDOG; id <= PICTURE_HOST_CLOCK; id++)
                CHECK(!picture_get(&picture, id).known);
}

/* What is no record shows what ForceUnlock() asks for. */
static void test_unclear(void) {
        begin();
        picture.view.has_record = false;
        CHECK(!picture_get(&picture, PICTURE_HOLDER).known && !picture_get(&picture, PICTURE_VERSION).known);
        picture.view.unclear = true;
        CHECK_STR(picture_get(&picture, PICTURE_HOLDER).text, "node1#0123abcd");
        CHECK(picture_get(&picture, PICTURE_VERSION).known && !picture_get(&picture, PICTURE_SINCE).known);
}

/* Another program's record may hold anything. */
static void test_absurd_record(void) {
        begin();
        picture.view.record.start_time_ms = INT64_MAX;
        CHECK(!picture_get(&picture, PICTURE_SINCE).known);
        picture.view.record.start_time_ms = INT64_MIN;
        CHECK(!picture_get(&picture, PICTURE_SINCE).known);
        picture.view.expires_boot_us = USEC_INFINITY;
        CHECK(!picture_get(&picture, PICTURE_EXPIRES).known);
}

/* A clock that starts in 1970 may lie behind the time since boot. */
static void test_wall_before_boot(void) {
        begin();
        picture.wall_minus_boot_us = (usec_t) 0 - 10 * USEC_PER_SEC;
        CHECK_EQ(picture_get(&picture, PICTURE_STATE_SINCE).number, 890 * USEC_PER_SEC);
}

int main(void) {
        static const Case cases[] = {
                { "names", test_names },
                { "layers", test_layers },
                { "only what changed", test_only_what_changed },
                { "a wall clock that trembles", test_trembling_wall },
                { "moments", test_moment },
                { "an estimate that trembles", test_trembling_estimate },
                { "what is told", test_told },
                { "a skew that trembles", test_trembling_skew },
                { "a released record", test_released },
                { "what is no record", test_unclear },
                { "an absurd record", test_absurd_record },
                { "a wall clock before boot", test_wall_before_boot },
        };

        return RUN_CASES(cases);
}
