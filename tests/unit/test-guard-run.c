/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The guard's loop from its first look at the configuration to its exit status; and again with each call that it makes
 * failing in turn: whatever fails, a target that it let start is over when it ends. */

#include <limits.h>

#include "guard-life.h"
#include "pid1.h"

/* One guard in the world as it is set up; what it let start is over then, and nothing stays open. */
static int run(bool finishing, unsigned nth_fails) {
        unsigned files = open_files();
        int status;

        fault_at(nth_fails);
        status = guard_run(INSTANCE, finishing);
        CHECK(!world.target);
        CHECK(!world.started || world.stops + world.kills > 0);
        CHECK(!world.started || world.ready);
        CHECK_EQ(condition_run(INSTANCE), CONDITION_NO);
        restore_signals();
        hang_up();
        CHECK_EQ(open_files(), files);
        return status;
}

static bool was_told(const char *text) {
        return strstr(world.told, text) != NULL;
}

static void asked_to_stop(void) {
        set_up();
        world.on_ready = ask_to_stop;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.started);
        CHECK_EQ(world.kills, 0);
        CHECK(world.frozen_extra);
        CHECK(was_told("READY=1\nWATCHDOG_USEC="));
        CHECK(was_told("Guard of i is running") && was_told("Guard of i is stopping") && was_told("Guard of i is done"));
        CHECK(was_told("CLOUDLOCK_FENCE=7") && was_told("CLOUDLOCK_PHASE=stopping"));
}

static void a_lost_lease_kills(void) {
        set_up();
        world.stubborn = true;
        world.on_ready = take_the_lease_away;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.started && world.kills > 0);
        CHECK(was_told("Guard of i is killing: killing the targets (there is no lease)."));
}

/* Each that joins is killed as it joins: the next round is 50 ms away, and five rounds make a look. */
static void what_joins_is_killed_at_once(void) {
        set_up();
        world.stubborn = true;
        world.joins = 400;
        world.on_ready = take_the_lease_away;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.kills > 400);
        CHECK(world.looks < 40);
}

static void let_nothing_more_join(void) {
        if (world.looks == 3)
                world.joins = 0;
}

/* With each kill longer than the time to the next one, PID 1 is heard all the same. */
static void kills_that_take_long_leave_the_bus_its_turn(void) {
        set_up();
        world.stubborn = true;
        world.joins = UINT_MAX;
        world.kill_us = 2 * USEC_PER_MSEC;
        world.on_ready = take_the_lease_away;
        world.on_look = let_nothing_more_join;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.looks >= 3);
}

static void let_it_die_in_the_end(void) {
        if (world.looks == 12)
                world.joins = 0;
}

/* Three seconds, one of them with a kill each millisecond. */
static void what_cannot_be_killed_is_left_to_the_rounds(void) {
        set_up();
        world.stubborn = true;
        world.joins = UINT_MAX;
        world.on_ready = take_the_lease_away;
        world.on_look = let_it_die_in_the_end;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.looks >= 12);
        CHECK(world.kills < 1500);
}

/* Twelve looks, or a reboot. */
static void get_stuck(void) {
        set_up();
        world.stubborn = true;
        world.joins = UINT_MAX;
        world.on_ready = take_the_lease_away;
}

static void let_it_die_once_that_is_told(void) {
        if (strstr(world.told, "and some are still there"))
                world.joins = 0;
}

static void what_is_stuck_is_told_once(void) {
        const char *told;

        get_stuck();
        world.on_look = let_it_die_once_that_is_told;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        told = strstr(world.told, "it goes on killing, and the lock stays here until they are gone");
        CHECK(told && !strstr(told + 1, "it goes on killing"));
        CHECK(was_told("STATUS=killing the targets (there is no lease); what is left can't be killed\n"));
        CHECK_EQ(world.reboots, 0);
}

static void what_is_stuck_makes_it_reboot(void) {
        get_stuck();
        put_text(CONFIG_FOLDER "/config", CONFIG "cloudlock_on_stuck=reboot\n");
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK_EQ(world.reboots, 1);
        CHECK(was_told("the machine is rebooted at once (cloudlock_on_stuck=reboot)."));
        CHECK(was_told("what is left can't be killed, so this machine is rebooted"));
}

static void sleep_and_wake(void) {
        sleep_.handler(true, sleep_.userdata);
        CHECK(world.allowed && !world.allowed_unfrozen);
        CHECK_EQ(world.inhibits, 0);
        sleep_.handler(false, sleep_.userdata);
        CHECK(!world.frozen && !world.frozen_extra);
        CHECK_EQ(world.inhibits, 1);
        ask_to_stop();
}

static void frozen_before_a_sleep(void) {
        set_up();
        world.on_ready = sleep_and_wake;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.allowed);
        CHECK(was_told("has frozen the targets: the machine is about to sleep.") && was_told("has thawed the targets"));
}

static void sleep_and_fail_to_thaw(void) {
        sleep_.handler(true, sleep_.userdata);
        world.thaws_in_vain = 2;
        sleep_.handler(false, sleep_.userdata);
        CHECK(world.frozen && !was_told("has thawed"));
        put_lease(20 * WAKE_US, LONG_US);
}

static void thawed_by_now(void) {
        CHECK(!world.ready || !world.frozen);
}

/* Before it stops: a target that is frozen would not. */
static void a_thaw_that_fails_is_tried_again(void) {
        set_up();
        world.on_ready = sleep_and_fail_to_thaw;
        world.on_look = thawed_by_now;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(was_told("Thawing the targets' cgroups failed") && was_told("has thawed the targets"));
        CHECK(world.looks > 1);
}

static void fail_to_thaw_without_a_lease(void) {
        sleep_.handler(true, sleep_.userdata);
        world.thaws_in_vain = UINT_MAX;
        sleep_.handler(false, sleep_.userdata);
        take_the_lease_away();
}

/* A thaw would work then. */
static void frozen_while_it_is_killed(void) {
        if (world.kills == 0)
                return;
        CHECK(world.frozen);
        world.thaws_in_vain = 0;
        if (world.kills > 20)
                world.joins = 0;
}

/* It stays frozen, and is killed so. */
static void what_could_not_be_thawed_is_killed(void) {
        set_up();
        world.on_ready = fail_to_thaw_without_a_lease;
        world.on_look = frozen_while_it_is_killed;
        world.stubborn = true;
        world.joins = UINT_MAX;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.kills > 20 && !world.target);
        CHECK(!was_told("has thawed"));
}

static void sleep_for_good(void) {
        sleep_.handler(true, sleep_.userdata);
        put_lease(-2, -1);
}

static void a_sleep_past_the_lease_kills(void) {
        set_up();
        world.on_ready = sleep_for_good;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.allowed && !world.allowed_unfrozen && world.kills > 0);
        CHECK_EQ(world.inhibits, 0);
        CHECK(!was_told("has thawed"));
}

static void hang_without_a_lease(void) {
        world.hangs = true;
        take_the_lease_away();
}

/* A PID 1 that hangs may start what it was about to start, whenever it goes on: that is frozen, so as to be killed. */
static void beside_a_pid1_that_hangs_it_freezes(void) {
        set_up();
        world.on_ready = hang_without_a_lease;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.started && !world.hangs);
        CHECK(world.kills > 1);
}

static void lose_the_binding(void) {
        world.unbound = true;
        units_.handlers.changed(units_.handlers.userdata);
}

static void a_lost_binding_stops(void) {
        set_up();
        world.on_ready = lose_the_binding;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.started);
        CHECK(was_told("stopping the targets (the targets are not bound)"));
}

static void check_refused(int status, const char *why) {
        CHECK_EQ(run(false, 0), status);
        CHECK(!world.ready && !world.started);
        CHECK_EQ(world.stops + world.kills, 0);
        CHECK(was_told(why));
}

static void no_good_lease_is_refused(void) {
        set_up();
        unlink(LEASE_FILE);
        check_refused(GUARD_EXIT_NO_LEASE, "Guard of i does not start: there is no lease.");
        CHECK(!was_told("CLOUDLOCK_FENCE"));
        set_up();
        put_text(LEASE_FILE, "fence=7\n");
        check_refused(GUARD_EXIT_NO_LEASE, "Guard of i does not start: the lease cannot be read.");
        set_up();
        put_lease_of("0123456789abcdef0123456789abcdef", LONG_US, LONG_US);
        check_refused(GUARD_EXIT_NO_LEASE, "Guard of i does not start: the lease is for another boot or another lock.");
        set_up();
        put_lease(-1, LONG_US);
        check_refused(GUARD_EXIT_NO_LEASE, "Guard of i does not start: the lease was not renewed, or the lock is given up.");
}

static void an_unbound_target_is_refused(void) {
        set_up();
        world.unbound = true;
        check_refused(GUARD_EXIT_UNBOUND, "Guard of i does not start: x.service is not bound; bind it.\n");
}

/* PID 1 fails to answer first; then the signal comes before it was asked again. */
static void fail_and_ask_to_stop(void) {
        world.look_error = -ETIMEDOUT;
        ask_to_stop();
}

static void asked_to_stop_before_the_start(void) {
        set_up();
        world.on_look = fail_and_ask_to_stop;
        check_refused(GUARD_EXIT_OK, "Asking systemd failed: Connection timed out; it is tried again.");
        CHECK(!was_told("does not start"));
        CHECK_EQ(world.looks, 1);
}

static void let_the_lease_end(void) {
        if (world.looks == 2)
                put_lease(-2, -1);
}

/* What made the guard start made the target start, too: it would once the guard has failed. */
static void half_bound_is_stopped_and_killed(void) {
        set_up();
        world.unbound = world.start_job = true;
        world.on_look = let_the_lease_end;
        CHECK_EQ(run(false, 0), GUARD_EXIT_NO_LEASE);
        CHECK(!world.ready && world.stops > 0 && world.kills > 0);
        CHECK(was_told("Guard of i is stopping: stopping the targets (the targets are not bound)"));
        CHECK(was_told("killing the targets (the time to stop in order is over)"));
}

/* Twice in a row: said once. */
static void fail_twice(void) {
        world.look_error = world.looks <= 2 ? -ETIMEDOUT : 0;
}

static void a_pid1_that_does_not_answer_is_asked_again(void) {
        const char *first;

        set_up();
        world.on_look = fail_twice;
        world.on_ready = ask_to_stop;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK(world.started);
        first = strstr(world.told, "Asking systemd failed");
        CHECK(first && !strstr(first + 1, "Asking systemd failed"));
}

static void finish_after_no_guard(void) {
        set_up();
        CHECK_EQ(run(true, 0), GUARD_EXIT_OK);
        CHECK_STR(world.told, "");
}

static void finish_ends_what_a_guard_left(void) {
        set_up();
        leave_a_permit();
        world.target = true;
        CHECK_EQ(run(true, 0), GUARD_EXIT_OK);
        CHECK(world.stops > 0 && !world.ready);
        CHECK_EQ(world.kills, 0);
        set_up();
        leave_a_permit();
        unlink(LEASE_FILE);
        world.target = world.stubborn = true;
        CHECK_EQ(run(true, 0), GUARD_EXIT_OK);
        CHECK(world.kills > 0);
}

/* They run there by themselves, and nothing permits it. */
static void extra_is_still_frozen(void) {
        CHECK(world.frozen_extra);
}

static void finish_thaws_nothing_after_an_orderly_end(void) {
        set_up();
        leave_a_permit();
        world.frozen_extra = true;
        world.on_look = extra_is_still_frozen;
        setenv("EXIT_STATUS", "0", 1);
        CHECK_EQ(run(true, 0), GUARD_EXIT_OK);
        CHECK(world.looks > 0);
        set_up();
        leave_a_permit();
        world.frozen = world.frozen_extra = world.target = true;
        setenv("EXIT_STATUS", "HUP", 1);
        CHECK_EQ(run(true, 0), GUARD_EXIT_OK);
        CHECK(!world.frozen && world.stops > 0);
        unsetenv("EXIT_STATUS");
}

static void already_killed(void) {
        CHECK(world.kills > 0);
        CHECK(!world.target);
}

/* A machine that was frozen with a guard that died has its targets run until then. */
static void finish_kills_before_pid1_answers(void) {
        set_up();
        leave_a_permit();
        unlink(LEASE_FILE);
        world.target = true;
        world.on_look = already_killed;
        CHECK_EQ(run(true, 0), GUARD_EXIT_OK);
        CHECK(world.looks > 0);
}

static void a_guard_notes_the_cgroups_for_finish(void) {
        _cleanup_settings_ Settings settings = {};

        set_up();
        world.on_ready = ask_to_stop;
        CHECK_EQ(run(false, 0), GUARD_EXIT_OK);
        CHECK_EQ(permit_settings(INSTANCE, &settings), 0);
        CHECK(strv_contains(settings.cgroups, "/system.slice/x.service"));
}

static void a_configuration_that_is_wrong(void) {
        set_up();
        put_text(CONFIG_FOLDER "/config", CONFIG "cloudlock_target_unit\n");
        CHECK_EQ(run(false, 0), GUARD_EXIT_CONFIG);
        CHECK(was_told("Guard of i cannot use its configuration: /etc/cloudlock/i.conf:4"));
        set_up();
        unlink(CONFIG_FOLDER "/config");
        CHECK_EQ(run(false, 0), GUARD_EXIT_CONFIG);
        CHECK(was_told("Guard of i cannot use its configuration: No such file or directory"));
}

static void no_cgroups_no_guard(void) {
        set_up();
        world.verify_error = -ENOTSUP;
        CHECK_EQ(run(false, 0), GUARD_EXIT_FAILURE);
        CHECK(was_told("cgroup version 2 with cgroup.kill (Linux 5.14) is needed at /sys/fs/cgroup"));
}

static void on_a_terminal_it_tells_there(void) {
        int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), before = dup(STDERR_FILENO), terminal;
        char text[512] = "";

        CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
        terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
        set_up();
        unlink(LEASE_FILE);
        dup2(terminal, STDERR_FILENO);
        CHECK_EQ(run(false, 0), GUARD_EXIT_NO_LEASE);
        dup2(before, STDERR_FILENO);
        CHECK(read(master, text, sizeof(text) - 1) > 0);
        CHECK(strstr(text, "cloudlock-guard: Guard of i does not start: there is no lease."));
        CHECK(!was_told("does not start"));
        close(terminal);
        close(before);
        close(master);
}

static int on_bus(sd_bus *bus, void *userdata) {
        int *calls = userdata;

        calls[bus ? 0 : 1]++;
        return bus ? world.bus_error : 0;
}

/* It is connected again each time that PID 1 hangs up, and when whoever is to use the connection could not. */
static void connects_again_to_pid1(void) {
        int calls[2] = {};
        sd_event *event = NULL;
        Pid1 *pid1 = NULL;

        set_up();
        CHECK_EQ(sd_event_new(&event), 0);
        CHECK_EQ(pid1_new(event, 0, on_bus, calls, &pid1), 0);
        CHECK_EQ(calls[0], 1);
        pid1_reconnect(pid1);
        CHECK_EQ(calls[0], 1);
        CHECK_EQ(hang_up(), 1);
        while (calls[1] == 0 && sd_event_run(event, 0) >= 0)
                pid1_reconnect(pid1);
        CHECK_EQ(calls[0], 2);
        CHECK_EQ(calls[1], 1);
        world.bus_error = -ENOMEM;
        CHECK_EQ(hang_up(), 1);
        while (calls[1] == 1 && sd_event_run(event, 0) >= 0)
                pid1_reconnect(pid1);
        CHECK_EQ(calls[0], 3); /* and dropped at once */
        CHECK_EQ(calls[1], 3);
        world.bus_error = 0;
        pid1_reconnect(pid1);
        CHECK_EQ(calls[0], 4);
        CHECK(!pid1_free(pid1));
        CHECK(!pid1_free(NULL));
        sd_event_unref(event);
        hang_up();
}

/* Each call of a guard's life fails in turn, until there is none left to fail. */
static void fail_in_turn(void (*on_ready)(void), bool finishing) {
        unsigned n = 0, started = 0, failed = 0;

        do {
                int status;

                set_up();
                world.stubborn = on_ready == take_the_lease_away;
                world.on_ready = on_ready;
                if (finishing)
                        leave_a_permit();
                status = run(finishing, ++n);
                CHECK(status == GUARD_EXIT_OK || fault_was_hit());
                CHECK(status == GUARD_EXIT_OK || *world.told);
                CHECK(status == GUARD_EXIT_OK || (status == GUARD_EXIT_FAILURE && !world.ready) || status == GUARD_EXIT_CONFIG ||
                      status == GUARD_EXIT_NO_LEASE);
                started += world.started;
                failed += status != GUARD_EXIT_OK;
        } while (fault_was_hit() && n < 10000);
        CHECK(failed > 3);
        CHECK(finishing || started > 10);
}

static void whatever_fails_the_target_ends(void) {
        fail_in_turn(ask_to_stop, false);
        fail_in_turn(take_the_lease_away, false);
        fail_in_turn(NULL, true);
}

static const Case cases[] = {
        { "asked to stop", asked_to_stop },
        { "a lost lease kills", a_lost_lease_kills },
        { "what joins is killed at once", what_joins_is_killed_at_once },
        { "kills that take long leave the bus its turn", kills_that_take_long_leave_the_bus_its_turn },
        { "what cannot be killed is left to the rounds", what_cannot_be_killed_is_left_to_the_rounds },
        { "what is stuck is told once", what_is_stuck_is_told_once },
        { "what is stuck makes it reboot", what_is_stuck_makes_it_reboot },
        { "frozen before a sleep", frozen_before_a_sleep },
        { "a thaw that fails is tried again", a_thaw_that_fails_is_tried_again },
        { "what could not be thawed is killed", what_could_not_be_thawed_is_killed },
        { "a sleep past the lease kills", a_sleep_past_the_lease_kills },
        { "beside a PID 1 that hangs it freezes", beside_a_pid1_that_hangs_it_freezes },
        { "a lost binding stops", a_lost_binding_stops },
        { "no good lease: refused", no_good_lease_is_refused },
        { "an unbound target: refused", an_unbound_target_is_refused },
        { "asked to stop before the start", asked_to_stop_before_the_start },
        { "half bound: stopped, and killed", half_bound_is_stopped_and_killed },
        { "a PID 1 that does not answer is asked again", a_pid1_that_does_not_answer_is_asked_again },
        { "--finish after no guard", finish_after_no_guard },
        { "--finish ends what a guard left", finish_ends_what_a_guard_left },
        { "--finish thaws nothing after an orderly end", finish_thaws_nothing_after_an_orderly_end },
        { "--finish kills before PID 1 answers", finish_kills_before_pid1_answers },
        { "a guard notes the cgroups for --finish", a_guard_notes_the_cgroups_for_finish },
        { "a configuration that is wrong", a_configuration_that_is_wrong },
        { "no cgroups, no guard", no_cgroups_no_guard },
        { "on a terminal it tells there", on_a_terminal_it_tells_there },
        { "connects again to PID 1", connects_again_to_pid1 },
        { "whatever fails, the target ends", whatever_fails_the_target_ends },
};

int main(void) {
        if (make_run() < 0)
                return 1;
        listen_as_pid1();
        return RUN_CASES(cases);
}
