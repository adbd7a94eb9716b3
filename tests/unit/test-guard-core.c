/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard's core, with time as data. */
#include "check.h"
#include "guard-core.h"
#include "time-limits.h"

#define BOOT "0123456789abcdef0123456789abcdef"
#define OTHER_BOOT "00000000000000000000000000000000"
#define LOCK "0123456789abcdef"
#define SEC USEC_PER_SEC

/* A guard, the time on both clocks, and what the last step asked for. */
typedef struct Bench {
        Guard guard;
        GuardNow now;
        GuardActions actions;
} Bench;

static Lease lease_at(const Bench *b, usec_t stop_us, usec_t kill_us) {
        return (Lease){ .boot_id = BOOT, .lock_id = LOCK, .holder = "me#1", .fence = 7,
                        .stop_boot_us = b->now.boot_us + stop_us, .kill_boot_us = b->now.boot_us + kill_us,
                        .stop_raw_us = b->now.raw_us + stop_us, .kill_raw_us = b->now.raw_us + kill_us };
}

static void step(Bench *b, GuardEvent event) {
        guard_step(&b->guard, &b->now, &event, &b->actions);
}

static void read_lease(Bench *b, Lease lease) {
        step(b, (GuardEvent){ .type = GUARD_EVENT_LEASE, .read = GUARD_READ_LEASE, .lease = lease });
}

/* The same file as before. */
static void tick(Bench *b) {
        read_lease(b, b->guard.file);
}

static void read_result(Bench *b, GuardRead result) {
        step(b, (GuardEvent){ .type = GUARD_EVENT_LEASE, .read = result });
}

static void pass(Bench *b, usec_t us) {
        b->now.boot_us += us;
        b->now.raw_us += us;
        b->now.mono_us += us;
}

/* Suspended. */
static void sleep_for(Bench *b, usec_t us) {
        b->now.boot_us += us;
        b->now.raw_us += us;
}

static void units(Bench *b, GuardUnits u) {
        u.asked_boot_us = u.asked_boot_us ? u.asked_boot_us : b->now.boot_us;
        step(b, (GuardEvent){ .type = GUARD_EVENT_UNITS, .units = u });
}

static const GuardAction *asked(const Bench *b, GuardActionType type) {
        for (size_t i = 0; i < b->actions.n; i++)
                if (b->actions.list[i].type == type)
                        return b->actions.list + i;
        return NULL;
}

static Bench bench(bool finishing) {
        Bench b = { .now = { .boot_us = 1000 * SEC, .raw_us = 400 * SEC, .mono_us = 300 * SEC } };

        guard_init(&b.guard, BOOT, finishing, true, false);
        return b;
}

static Bench running(usec_t stop_us, usec_t kill_us) {
        Bench b = bench(false);

        read_lease(&b, lease_at(&b, stop_us, kill_us));
        units(&b, (GuardUnits){ .bound = true, .down = true });
        return b;
}

static const GuardUnits UP = { .bound = true, .populated = true };
static const GuardUnits GONE = { .bound = true, .down = true, .stop_job_pending = true };

static void test_start(void) {
        Bench b = bench(false);

        read_lease(&b, lease_at(&b, 10 * SEC, 15 * SEC));
        CHECK_EQ(b.guard.phase, GUARD_STARTING);
        CHECK(asked(&b, GUARD_ACTION_LOOK));
        CHECK(!asked(&b, GUARD_ACTION_PERMIT));
        CHECK(!asked(&b, GUARD_ACTION_WATCHDOG));
        units(&b, (GuardUnits){ .bound = true, .down = true });
        CHECK_EQ(b.guard.phase, GUARD_RUNNING);
        CHECK(asked(&b, GUARD_ACTION_PERMIT));
        CHECK_EQ(asked(&b, GUARD_ACTION_PERMIT)->watchdog_us, 9 * SEC);
        CHECK_EQ(asked(&b, GUARD_ACTION_WATCHDOG)->watchdog_us, 9 * SEC);
        CHECK(!asked(&b, GUARD_ACTION_STOP) && !asked(&b, GUARD_ACTION_KILL) && !asked(&b, GUARD_ACTION_EXIT));
}

static void expect_refused(Bench *b, GuardReason reason) {
        CHECK_EQ(b->guard.phase, GUARD_DONE);
        CHECK_EQ(b->guard.reason, reason);
        CHECK(asked(b, GUARD_ACTION_EXIT));
        CHECK(!asked(b, GUARD_ACTION_PERMIT) && !asked(b, GUARD_ACTION_STOP) && !asked(b, GUARD_ACTION_KILL));
        CHECK_EQ(guard_deadline(&b->guard, &b->now), USEC_INFINITY);
}

static void test_start_refused(void) {
        static const struct {
                GuardRead read;
                GuardReason reason;
        } reads[] = {
                { GUARD_READ_MISSING, GUARD_REASON_LEASE_MISSING },
                { GUARD_READ_BROKEN, GUARD_REASON_LEASE_BROKEN },
                { GUARD_READ_FAILED, GUARD_REASON_LEASE_BROKEN },
        };
        Bench b;
        Lease lease;

        for (size_t i = 0; i < 3; i++) {
                b = bench(false);
                read_result(&b, reads[i].read);
                expect_refused(&b, reads[i].reason);
        }
        b = bench(false);
        lease = lease_at(&b, 10 * SEC, 15 * SEC);
        memcpy(lease.boot_id, OTHER_BOOT, sizeof(lease.boot_id));
        read_lease(&b, lease);
        expect_refused(&b, GUARD_REASON_LEASE_FOREIGN);
        b = bench(false);
        read_lease(&b, lease_at(&b, 0, 15 * SEC));
        expect_refused(&b, GUARD_REASON_STOP_DUE);
        b = bench(false);
        read_lease(&b, lease_at(&b, 10 * SEC, 15 * SEC));
        units(&b, (GuardUnits){ .bound = false, .down = true });
        expect_refused(&b, GUARD_REASON_UNBOUND);
        b = bench(false);
        read_lease(&b, lease_at(&b, 10 * SEC, 15 * SEC));
        step(&b, (GuardEvent){ .type = GUARD_EVENT_TERM });
        expect_refused(&b, GUARD_REASON_ASKED);
        /* The lease ended while systemd was asked. */
        b = bench(false);
        read_lease(&b, lease_at(&b, 2 * SEC, 15 * SEC));
        pass(&b, 2 * SEC);
        units(&b, (GuardUnits){ .bound = true, .down = true });
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK(asked(&b, GUARD_ACTION_FORBID));
}

static void test_stop_and_kill_in_time(void) {
        Bench b = running(10 * SEC, 15 * SEC);

        pass(&b, 10 * SEC - 1);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_RUNNING);
        CHECK_EQ(guard_deadline(&b.guard, &b.now), b.now.boot_us + 1);
        pass(&b, 1);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK(asked(&b, GUARD_ACTION_FORBID) && asked(&b, GUARD_ACTION_STOP) && asked(&b, GUARD_ACTION_LOOK));
        CHECK(!asked(&b, GUARD_ACTION_KILL));
        CHECK_EQ(asked(&b, GUARD_ACTION_WATCHDOG)->watchdog_us, 5 * SEC / 10 * 9);
        pass(&b, 5 * SEC - 1);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK_EQ(guard_deadline(&b.guard, &b.now), b.now.boot_us + 1);
        pass(&b, 1);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
        CHECK_EQ(b.guard.reason, GUARD_REASON_KILL_DUE);
        CHECK(asked(&b, GUARD_ACTION_KILL));
}

/* Each clock alone decides, stopped clocks included. */
static void test_either_clock(void) {
        Bench b = running(10 * SEC, 15 * SEC);

        b.now.boot_us += 10 * SEC;
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        b.now.boot_us += 5 * SEC;
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);

        b = running(10 * SEC, 15 * SEC);
        b.now.raw_us += 10 * SEC;
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        b.now.raw_us += 5 * SEC;
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
}

/* The guard has its drop-in, the target has lost its own: the target waits for the guard and would start alone. */
static void test_half_bound(void) {
        Bench b = bench(false);

        read_lease(&b, lease_at(&b, 10 * SEC, 15 * SEC));
        units(&b, (GuardUnits){ .start_job_pending = true, .down = true });
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK(asked(&b, GUARD_ACTION_STOP) && !asked(&b, GUARD_ACTION_PERMIT));
        pass(&b, 1);
        units(&b, (GuardUnits){ .down = true });
        CHECK_EQ(b.guard.phase, GUARD_DONE);
        CHECK_EQ(b.guard.reason, GUARD_REASON_UNBOUND);
}

/* A guard that slept through both deadlines gives no time to stop in order. */
static void test_late(void) {
        Bench b = running(10 * SEC, 15 * SEC);

        pass(&b, 20 * SEC);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
        CHECK(asked(&b, GUARD_ACTION_FORBID) && asked(&b, GUARD_ACTION_KILL) && asked(&b, GUARD_ACTION_STOP));
        CHECK(b.actions.list[0].type == GUARD_ACTION_FORBID);
}

static void test_kill_now(void) {
        static const GuardRead reads[] = { GUARD_READ_MISSING, GUARD_READ_BROKEN };
        Lease lease;
        Bench b;

        for (size_t i = 0; i < 2; i++) {
                b = running(10 * SEC, 15 * SEC);
                read_result(&b, reads[i]);
                CHECK_EQ(b.guard.phase, GUARD_KILLING);
                CHECK(asked(&b, GUARD_ACTION_KILL) && asked(&b, GUARD_ACTION_FORBID));
        }
        b = running(10 * SEC, 15 * SEC);
        lease = b.guard.file;
        memcpy(lease.boot_id, OTHER_BOOT, sizeof(lease.boot_id));
        read_lease(&b, lease);
        CHECK_EQ(b.guard.reason, GUARD_REASON_LEASE_FOREIGN);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
        b = running(10 * SEC, 15 * SEC);
        lease = b.guard.file;
        lease.lock_id[0] = 'f';
        read_lease(&b, lease);
        CHECK_EQ(b.guard.reason, GUARD_REASON_LEASE_FOREIGN);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
        /* From STOPPING as well; and nothing leads back. */
        b = running(10 * SEC, 15 * SEC);
        step(&b, (GuardEvent){ .type = GUARD_EVENT_TERM });
        read_result(&b, GUARD_READ_MISSING);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
        read_lease(&b, lease_at(&b, 100 * SEC, 200 * SEC));
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
}

static void test_unreadable_keeps_deadlines(void) {
        Bench b = running(10 * SEC, 15 * SEC);

        read_result(&b, GUARD_READ_FAILED);
        CHECK_EQ(b.guard.phase, GUARD_RUNNING);
        pass(&b, 10 * SEC);
        read_result(&b, GUARD_READ_FAILED);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
}

static void test_newest_file_counts(void) {
        Bench b = running(10 * SEC, 15 * SEC);

        read_lease(&b, lease_at(&b, 100 * SEC, 150 * SEC));
        pass(&b, 20 * SEC);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_RUNNING);
        read_lease(&b, lease_at(&b, 1 * SEC, 2 * SEC));
        pass(&b, 1 * SEC);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        /* Renewed while it stops: more time, but the stop goes on. */
        read_lease(&b, lease_at(&b, 100 * SEC, 150 * SEC));
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        pass(&b, 149 * SEC);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        pass(&b, 1 * SEC);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
}

/* Whatever differs makes a new lease, whose length counts from when it is read; the same file does not. */
static void test_what_makes_a_lease_new(void) {
        for (unsigned i = 0; i < 7; i++) {
                Bench b = running(100 * LEASE_US_MAX, 200 * LEASE_US_MAX);
                Lease lease = b.guard.file;
                usec_t kill_us = b.now.boot_us + LEASE_US_MAX;

                switch (i) {
                case 0: break;
                case 1: lease.stop_boot_us++; break;
                case 2: lease.stop_raw_us++; break;
                case 3: lease.kill_boot_us++; break;
                case 4: lease.kill_raw_us++; break;
                case 5: lease.fence++; break;
                default: strcpy(lease.holder, "me#2");
                }
                pass(&b, SEC);
                read_lease(&b, lease);
                CHECK_EQ(b.guard.deadline.kill_boot_us, i == 0 ? kill_us : kill_us + SEC);
                CHECK_EQ(b.guard.phase, GUARD_RUNNING);
        }
}

static void test_polite_stop_by_file(void) {
        Bench b = running(100 * SEC, 150 * SEC);
        Lease lease = b.guard.file;

        pass(&b, 10 * SEC);
        lease.stop_boot_us = b.now.boot_us - 1;
        lease.stop_raw_us = b.now.raw_us - 1;
        read_lease(&b, lease);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK(!asked(&b, GUARD_ACTION_KILL));
}

static void test_clamped_once(void) {
        Bench b = running(100 * LEASE_US_MAX, 200 * LEASE_US_MAX);

        pass(&b, LEASE_US_MAX - 1);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_RUNNING);
        pass(&b, 1);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
}

static void test_exit_only_when_empty(void) {
        Bench b = running(100 * SEC, 150 * SEC);
        usec_t before_us;

        pass(&b, SEC);
        before_us = b.now.boot_us - 1;
        step(&b, (GuardEvent){ .type = GUARD_EVENT_TERM });
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK_EQ(b.guard.reason, GUARD_REASON_ASKED);
        pass(&b, 1000);
        /* Asked before the permit was given back: may hide a start. */
        units(&b, (GuardUnits){ .down = true, .bound = true, .asked_boot_us = before_us });
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        units(&b, (GuardUnits){ .down = true, .bound = true, .populated = true });
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        units(&b, (GuardUnits){ .down = true, .bound = true, .start_job_pending = true });
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        units(&b, (GuardUnits){ .down = false, .bound = true });
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        units(&b, GONE);
        CHECK_EQ(b.guard.phase, GUARD_DONE);
        CHECK(asked(&b, GUARD_ACTION_EXIT));
        step(&b, (GuardEvent){ .type = GUARD_EVENT_TERM });
        CHECK_EQ(b.actions.n, 0);
}

static void test_running_never_exits(void) {
        Bench b = running(100 * SEC, 150 * SEC);

        units(&b, GONE);
        CHECK_EQ(b.guard.phase, GUARD_RUNNING);
        CHECK_EQ(b.actions.n, 0);
}

static void test_repeats(void) {
        Bench b = running(SEC, 3 * SEC);
        unsigned stops = 0, kills = 0, looks = 0;

        pass(&b, SEC);
        tick(&b);
        /* For two seconds nobody answers; then it kills, for another two. */
        for (usec_t end_us = b.now.boot_us + 4 * SEC; b.now.boot_us < end_us;) {
                b.now.raw_us += guard_deadline(&b.guard, &b.now) - b.now.boot_us;
                b.now.boot_us = guard_deadline(&b.guard, &b.now);
                tick(&b);
                stops += asked(&b, GUARD_ACTION_STOP) != NULL;
                kills += asked(&b, GUARD_ACTION_KILL) != NULL;
                looks += asked(&b, GUARD_ACTION_LOOK) != NULL;
        }
        CHECK(stops >= 3 && stops <= 5);
        CHECK(kills >= 2 * SEC / (100 * USEC_PER_MSEC) && kills <= 2 * SEC / (50 * USEC_PER_MSEC) + 2);
        CHECK(looks >= 10 && looks <= 20);
        /* Once the stop job is seen, it is not repeated. */
        units(&b, (GuardUnits){ .populated = true, .stop_job_pending = true, .bound = true });
        pass(&b, 5 * SEC);
        tick(&b);
        CHECK(!asked(&b, GUARD_ACTION_STOP) && asked(&b, GUARD_ACTION_KILL));
        /* When it is seen no more (a start by hand took its place), it is. */
        units(&b, UP);
        CHECK(asked(&b, GUARD_ACTION_STOP));
}

static void test_unbound_while_running(void) {
        Bench b = running(100 * SEC, 150 * SEC);

        step(&b, (GuardEvent){ .type = GUARD_EVENT_CHANGED });
        CHECK(asked(&b, GUARD_ACTION_LOOK));
        units(&b, (GuardUnits){ .populated = true });
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK_EQ(b.guard.reason, GUARD_REASON_UNBOUND);
}

/* At no moment is the watchdog further than it may be, nor so close that the next ping comes too late; also after
 * a renewal in the last instant. */
static void test_watchdog_is_fed(void) {
        Bench b = running(6 * SEC, 12 * SEC);
        usec_t bites_us = b.now.boot_us + asked(&b, GUARD_ACTION_WATCHDOG)->watchdog_us, end_us = b.now.boot_us + 30 * SEC;
        bool renewed = false;

        while (b.guard.phase < GUARD_KILLING && b.now.boot_us < end_us) {
                usec_t deadline_us = guard_deadline(&b.guard, &b.now), left_us;

                CHECK(deadline_us < bites_us);
                pass(&b, deadline_us - b.now.boot_us);
                if (!renewed && guard_left_us(&b.guard, &b.now) < 300 * USEC_PER_MSEC) {
                        renewed = true;
                        read_lease(&b, lease_at(&b, 6 * SEC, 12 * SEC));
                } else
                        tick(&b);
                if (!asked(&b, GUARD_ACTION_WATCHDOG))
                        continue;
                bites_us = b.now.boot_us + asked(&b, GUARD_ACTION_WATCHDOG)->watchdog_us;
                left_us = guard_left_us(&b.guard, &b.now);
                CHECK(bites_us <= b.now.boot_us + (left_us > SEC ? left_us : SEC));
        }
        CHECK(renewed);
}

static void test_finish(void) {
        Bench b = bench(true);

        read_lease(&b, lease_at(&b, 10 * SEC, 15 * SEC));
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK(asked(&b, GUARD_ACTION_STOP) && asked(&b, GUARD_ACTION_LOOK) && !asked(&b, GUARD_ACTION_KILL));
        units(&b, UP);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        pass(&b, 15 * SEC);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
        units(&b, GONE);
        CHECK_EQ(b.guard.phase, GUARD_DONE);

        b = bench(true);
        read_result(&b, GUARD_READ_MISSING);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
        CHECK(asked(&b, GUARD_ACTION_KILL));
        units(&b, GONE);
        CHECK_EQ(b.guard.phase, GUARD_DONE);
}

static void test_finish_waits(void) {
        static const GuardUnits not_yet[] = {
                { .populated = true, .stop_job_pending = true, .bound = true },
                { .down = true, .populated = true, .stop_job_pending = true, .bound = true },
                { .down = true, .start_job_pending = true, .bound = true },
                { .stop_job_pending = true, .bound = true },
        };
        Bench b = bench(true);

        read_lease(&b, lease_at(&b, 10 * SEC, 15 * SEC));
        for (size_t i = 0; i < sizeof(not_yet) / sizeof(not_yet[0]); i++) {
                pass(&b, SEC);
                units(&b, not_yet[i]);
                CHECK_EQ(b.guard.phase, GUARD_STOPPING);
                CHECK(!asked(&b, GUARD_ACTION_EXIT));
        }
}

static void test_condition(void) {
        Bench b = bench(false);
        Lease lease = lease_at(&b, 10 * SEC, 15 * SEC);

        CHECK(lease_is_good(&lease, BOOT, &b.now));
        CHECK(!lease_is_good(&lease, OTHER_BOOT, &b.now));
        CHECK(!lease_is_good(&lease, BOOT, &(GuardNow){ .boot_us = lease.stop_boot_us, .raw_us = b.now.raw_us }));
        CHECK(!lease_is_good(&lease, BOOT, &(GuardNow){ .boot_us = b.now.boot_us, .raw_us = lease.stop_raw_us }));
        CHECK(lease_is_good(&lease, BOOT, &(GuardNow){ .boot_us = lease.stop_boot_us - 1, .raw_us = lease.stop_raw_us - 1 }));
}

static void about_to_sleep(Bench *b) {
        step(b, (GuardEvent){ .type = GUARD_EVENT_SLEEP });
}

static void wake(Bench *b) {
        step(b, (GuardEvent){ .type = GUARD_EVENT_WAKE });
}

static void test_sleep(void) {
        Bench b = running(60 * SEC, 90 * SEC);

        about_to_sleep(&b);
        CHECK_EQ(b.actions.list[0].type, GUARD_ACTION_FREEZE);
        CHECK_EQ(b.actions.list[1].type, GUARD_ACTION_LET_SLEEP); /* and not before */
        sleep_for(&b, 50 * SEC);
        tick(&b);
        CHECK(!asked(&b, GUARD_ACTION_THAW));
        wake(&b);
        CHECK(asked(&b, GUARD_ACTION_THAW));
        CHECK_EQ(b.guard.phase, GUARD_RUNNING);
        wake(&b);
        CHECK(!asked(&b, GUARD_ACTION_THAW)); /* it was not asleep */
}

/* Either tells it: the signal, or the tick that comes first. */
static void test_sleep_past_the_lease(void) {
        for (int told = 0; told < 2; told++) {
                Bench b = running(60 * SEC, 90 * SEC);

                about_to_sleep(&b);
                sleep_for(&b, 90 * SEC);
                if (told)
                        wake(&b);
                else
                        tick(&b);
                CHECK_EQ(b.guard.phase, GUARD_KILLING);
                CHECK(asked(&b, GUARD_ACTION_KILL) && !asked(&b, GUARD_ACTION_THAW));
                pass(&b, 60 * SEC);
                wake(&b);
                CHECK(asked(&b, GUARD_ACTION_KILL) && !asked(&b, GUARD_ACTION_THAW));
        }
}

/* A stop that fell due waits for the thaw. */
static void test_sleep_into_the_stop(void) {
        Bench b = running(60 * SEC, 90 * SEC);

        about_to_sleep(&b);
        sleep_for(&b, 60 * SEC);
        tick(&b);
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK(asked(&b, GUARD_ACTION_FORBID) && !asked(&b, GUARD_ACTION_STOP));
        wake(&b);
        CHECK_EQ(b.actions.list[0].type, GUARD_ACTION_THAW);
        CHECK(asked(&b, GUARD_ACTION_STOP));
        about_to_sleep(&b);
        CHECK(asked(&b, GUARD_ACTION_FREEZE));
}

/* No signal says that it is awake again, or that it does not sleep. */
static void test_no_wake(void) {
        Bench b = running(600 * SEC, 900 * SEC);

        about_to_sleep(&b);
        sleep_for(&b, 300 * SEC);
        pass(&b, 20 * SEC - 1);
        tick(&b);
        CHECK(!asked(&b, GUARD_ACTION_THAW));
        pass(&b, 1);
        tick(&b);
        CHECK(asked(&b, GUARD_ACTION_THAW));
}

static void test_sleep_with_nothing_to_freeze(void) {
        Bench b = bench(false);

        read_lease(&b, lease_at(&b, 10 * SEC, 15 * SEC));
        about_to_sleep(&b);
        CHECK(!asked(&b, GUARD_ACTION_FREEZE) && asked(&b, GUARD_ACTION_LET_SLEEP));
        b = running(10 * SEC, 15 * SEC);
        read_result(&b, GUARD_READ_MISSING);
        about_to_sleep(&b);
        CHECK(!asked(&b, GUARD_ACTION_FREEZE) && asked(&b, GUARD_ACTION_LET_SLEEP));
        pass(&b, 1);
        units(&b, GONE);
        about_to_sleep(&b);
        CHECK_EQ(b.actions.n, 0);
}

/* It died after it had frozen them. */
static void test_finish_thaws(void) {
        Bench b = bench(true);

        read_lease(&b, lease_at(&b, 10 * SEC, 15 * SEC));
        CHECK(asked(&b, GUARD_ACTION_THAW) && asked(&b, GUARD_ACTION_STOP));
        b = bench(true);
        read_result(&b, GUARD_READ_MISSING);
        CHECK(!asked(&b, GUARD_ACTION_THAW) && asked(&b, GUARD_ACTION_KILL));
}

static void kill_in_vain(Bench *b, bool populated) {
        step(b, (GuardEvent){ .type = GUARD_EVENT_LEASE, .read = GUARD_READ_MISSING, .populated = populated });
}

/* From kill_at to the horizon it has time to die. */
static void test_stuck(void) {
        Bench b = running(10 * SEC, 15 * SEC);

        pass(&b, 15 * SEC);
        kill_in_vain(&b, true);
        CHECK_EQ(b.guard.phase, GUARD_KILLING);
        pass(&b, KILL_MARGIN_US - 1);
        kill_in_vain(&b, true);
        CHECK(!b.guard.stuck && !asked(&b, GUARD_ACTION_STUCK));
        pass(&b, 1);
        kill_in_vain(&b, false);
        CHECK(!b.guard.stuck && !asked(&b, GUARD_ACTION_STUCK));
        units(&b, UP);
        CHECK(!b.guard.stuck); /* that picture may be old */
        /* What is there now came since. */
        pass(&b, KILL_MARGIN_US - 1);
        kill_in_vain(&b, true);
        CHECK(!b.guard.stuck && !asked(&b, GUARD_ACTION_STUCK));
        pass(&b, 1);
        kill_in_vain(&b, true);
        CHECK(b.guard.stuck && asked(&b, GUARD_ACTION_STUCK));
        CHECK(!asked(&b, GUARD_ACTION_REBOOT));
        pass(&b, SEC);
        kill_in_vain(&b, true);
        CHECK(!asked(&b, GUARD_ACTION_STUCK) && !asked(&b, GUARD_ACTION_REBOOT));
        CHECK(asked(&b, GUARD_ACTION_KILL));
        units(&b, GONE);
        CHECK_EQ(b.guard.phase, GUARD_DONE);
}

/* Whichever clock gets there first; told once, asked for again and again. */
static void test_stuck_reboots(void) {
        for (int clock = 0; clock < 2; clock++) {
                Bench b = running(10 * SEC, 15 * SEC);

                b.guard.reboots = true;
                read_result(&b, GUARD_READ_MISSING);
                *(clock == 0 ? &b.now.boot_us : &b.now.raw_us) += KILL_MARGIN_US - 1;
                kill_in_vain(&b, true);
                CHECK(!asked(&b, GUARD_ACTION_REBOOT));
                *(clock == 0 ? &b.now.boot_us : &b.now.raw_us) += 1;
                kill_in_vain(&b, true);
                CHECK(asked(&b, GUARD_ACTION_STUCK) && asked(&b, GUARD_ACTION_REBOOT));
                pass(&b, SEC - 1);
                kill_in_vain(&b, true);
                CHECK(!asked(&b, GUARD_ACTION_STUCK) && !asked(&b, GUARD_ACTION_REBOOT));
                pass(&b, 1);
                kill_in_vain(&b, true);
                CHECK(!asked(&b, GUARD_ACTION_STUCK) && asked(&b, GUARD_ACTION_REBOOT));
        }
}

/* While it stops, and where nothing was ever started, there is nothing that is stuck. */
static void test_only_kills_get_stuck(void) {
        Bench b = running(10 * SEC, 100 * SEC);

        pass(&b, 30 * SEC);
        step(&b, (GuardEvent){ .type = GUARD_EVENT_LEASE, .read = GUARD_READ_LEASE, .lease = b.guard.file, .populated = true });
        CHECK_EQ(b.guard.phase, GUARD_STOPPING);
        CHECK(!b.guard.stuck);
}

static void test_status(void) {
        Bench b = running(90 * SEC, 150 * SEC);
        char text[GUARD_STATUS_MAX];

        CHECK_STR(guard_status(&b.guard, &b.now, text, sizeof(text)),
                  "the targets may run, fence 7; unless renewed, they are stopped in 1min 30s");
        b.now.raw_us += 90 * SEC;
        tick(&b);
        CHECK_STR(guard_status(&b.guard, &b.now, text, sizeof(text)),
                  "stopping the targets (the lease was not renewed, or the lock is given up); what is left is killed in 1min");
        b.now.raw_us += 60 * SEC;
        tick(&b);
        CHECK_STR(guard_status(&b.guard, &b.now, text, sizeof(text)), "killing the targets (the time to stop in order is over)");
        b.guard.stuck = true;
        CHECK_STR(guard_status(&b.guard, &b.now, text, sizeof(text)),
                  "killing the targets (the time to stop in order is over); what is left can't be killed");
        b.guard.reboots = true;
        CHECK_STR(guard_status(&b.guard, &b.now, text, sizeof(text)), "killing the targets (the time to stop in order is over); "
                  "what is left can't be killed, so this machine is rebooted");
        units(&b, GONE);
        CHECK_STR(guard_status(&b.guard, &b.now, text, sizeof(text)), "nothing of the targets is left");
        b = bench(false);
        CHECK_STR(guard_status(&b.guard, &b.now, text, sizeof(text)), "asking systemd for the targets");
}

static void test_names(void) {
        for (GuardPhase phase = GUARD_STARTING; phase <= GUARD_DONE; phase++) {
                CHECK(guard_phase_name(phase)[0]);
                for (GuardPhase other = GUARD_STARTING; other < phase; other++)
                        CHECK(strcmp(guard_phase_name(phase), guard_phase_name(other)) != 0);
        }
        CHECK_STR(guard_reason_text(GUARD_REASON_NONE), "");
        for (GuardReason reason = GUARD_REASON_STOP_DUE; reason <= GUARD_REASON_LEASE_FOREIGN; reason++)
                CHECK(guard_reason_text(reason)[0]);
}

int main(void) {
        static const Case cases[] = {
                { "a good lease and bound targets: they may run", test_start },
                { "no good lease, no binding: refused", test_start_refused },
                { "stopped at stop_at, killed at kill_at", test_stop_and_kill_in_time },
                { "either clock decides", test_either_clock },
                { "half bound: the target is kept from starting alone", test_half_bound },
                { "woken after both deadlines: killed at once", test_late },
                { "missing, malformed, of another boot or lock: killed at once", test_kill_now },
                { "a lease that cannot be looked at: the deadlines stand", test_unreadable_keeps_deadlines },
                { "the newest file counts, later and earlier", test_newest_file_counts },
                { "what makes a lease new", test_what_makes_a_lease_new },
                { "a polite stop by the file", test_polite_stop_by_file },
                { "an absurd lease is clamped, once", test_clamped_once },
                { "exit only when units and cgroups are empty", test_exit_only_when_empty },
                { "it stays while targets are down under a good lease", test_running_never_exits },
                { "stop, kill and look are repeated", test_repeats },
                { "bindings lost while running", test_unbound_while_running },
                { "frozen before a sleep, thawed after it", test_sleep },
                { "a sleep past the lease: killed as it is", test_sleep_past_the_lease },
                { "a stop waits for the thaw", test_sleep_into_the_stop },
                { "thawed when no signal comes", test_no_wake },
                { "a sleep while nothing may run", test_sleep_with_nothing_to_freeze },
                { "--finish thaws, if the lease is good", test_finish_thaws },
                { "what is left at the horizon is stuck", test_stuck },
                { "stuck: the machine is rebooted, if so configured", test_stuck_reboots },
                { "nothing is stuck before it is killed", test_only_kills_get_stuck },
                { "the watchdog is fed, and never set past the deadline", test_watchdog_is_fed },
                { "--finish", test_finish },
                { "--finish waits until nothing is left", test_finish_waits },
                { "--condition", test_condition },
                { "status", test_status },
                { "phases and reasons have names", test_names },
        };

        return RUN_CASES(cases);
}
