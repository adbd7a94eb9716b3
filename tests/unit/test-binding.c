/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every refusal of a target, and the drop-ins' text. */
#include <sched.h>
#include <signal.h>

#include "binding.h"
#include "check.h"
#include "escapes.h"

#define GUARD "cloudlock-guard@demo.service"

static char text[BINDING_TEXT_MAX];

static char *guard_list[] = { (char *) GUARD, NULL };
static char *target_list[] = { (char *) "x.service", NULL };
static char *nothing[] = { NULL };

static char *condition_argv[] = { (char *) GUARD_PROGRAM, (char *) "--condition", (char *) "demo", NULL };
static ExecLine condition[] = { { .path = (char *) GUARD_PROGRAM, .argv = condition_argv } };

static UnitFacts good_target(void) {
        return (UnitFacts){ .id = (char *) "x.service", .load_state = (char *) "loaded", .active_state = (char *) "inactive",
                            .kill_mode = (char *) "control-group", .send_sigkill = true, .final_kill_signal = SIGKILL,
                            .timeout_stop_us = 90 * USEC_PER_SEC, .binds_to = guard_list, .requisite = guard_list,
                            .after = guard_list, .condition = { condition, 1 } };
}

static UnitFacts good_guard(void) {
        return (UnitFacts){ .id = (char *) GUARD, .load_state = (char *) "loaded", .active_state = (char *) "inactive",
                            .wants = target_list, .before = target_list, .propagates_stop_to = target_list };
}

static BindingVerdict judge(const UnitFacts *guard, const UnitFacts *target, bool extra) {
        memset(text, 0, sizeof(text));
        return binding_check(&(BindingSubject){ .instance = "demo", .guard = guard, .targets = target, .n_targets = 1, .has_extra_cgroups = extra },
                             text, sizeof(text));
}

static BindingVerdict judge_target(UnitFacts target, bool extra) {
        UnitFacts guard = good_guard();

        return judge(&guard, &target, extra);
}

#define REFUSED(verdict, words)                     \
        do {                                        \
                CHECK_EQ(verdict_, verdict);        \
                CHECK(strstr(text, words) != NULL); \
                CHECK(strlen(text) < 320);          \
        } while (0)

static void test_fine(void) {
        CHECK_EQ(judge_target(good_target(), false), BINDING_FINE);
        CHECK_STR(text, "");
}

static void test_each_tie(void) {
        for (unsigned i = 0; i < 7; i++) {
                UnitFacts guard = good_guard(), target = good_target();
                char ***lists[] = { &target.binds_to, &target.requisite, &target.after, &guard.wants, &guard.before, &guard.propagates_stop_to };
                BindingVerdict verdict_;

                if (i < 6)
                        *lists[i] = nothing;
                else
                        target.condition.n = 0;
                verdict_ = judge(&guard, &target, false);
                REFUSED(BINDING_UNBOUND, "cloudlockctl bind demo");
        }
}

static void test_condition(void) {
        char *other_instance[] = { (char *) GUARD_PROGRAM, (char *) "--condition", (char *) "other", NULL };
        ExecLine lines[] = {
                { .path = (char *) GUARD_PROGRAM, .argv = condition_argv, .ignore_failure = true },
                { .path = (char *) GUARD_PROGRAM, .argv = other_instance },
                { .path = (char *) "/bin/true", .argv = condition_argv },
        };

        for (size_t i = 0; i < 3; i++) {
                UnitFacts target = good_target();
                BindingVerdict verdict_;

                target.condition = (ExecLines){ lines + i, 1 };
                verdict_ = judge_target(target, false);
                REFUSED(BINDING_UNBOUND, "ExecCondition=");
        }
}

static void test_settings(void) {
        UnitFacts target;
        BindingVerdict verdict_;

#define WITH(field, value, verdict, words)              \
        target = good_target();                         \
        target.field = value;                           \
        verdict_ = judge_target(target, false);         \
        REFUSED(verdict, words)

        WITH(id, (char *) "x.target", BINDING_UNSUITABLE, "not a service");
        WITH(id, (char *) "cloudlock@demo.service", BINDING_UNSUITABLE, "part of cloudlock");
        WITH(load_state, (char *) "not-found", BINDING_UNSUITABLE, "cloudlock_target_unit=");
        WITH(load_state, (char *) "masked", BINDING_UNSUITABLE, "unmask");
        WITH(load_state, (char *) "bad-setting", BINDING_UNSUITABLE, "systemctl status");
        WITH(kill_mode, (char *) "process", BINDING_UNSUITABLE, "KillMode=process");
        WITH(kill_mode, (char *) "none", BINDING_UNSUITABLE, "KillMode=none");
        WITH(send_sigkill, false, BINDING_UNSUITABLE, "SendSIGKILL=no");
        WITH(final_kill_signal, SIGTERM, BINDING_UNSUITABLE, "FinalKillSignal=");
        WITH(root_directory, (char *) "/srv/x", BINDING_UNSUITABLE, "RootDirectoryStartOnly=yes");
        WITH(root_image, (char *) "/x.raw", BINDING_UNSUITABLE, "RootDirectoryStartOnly=yes");
        WITH(pam_name, (char *) "login", BINDING_UNSUITABLE, "PAMName=");
        target = good_target();
        target.kill_mode = (char *) "mixed";
        CHECK_EQ(judge_target(target, false), BINDING_FINE);
        target.root_directory = (char *) "/srv/x";
        target.root_directory_start_only = true;
        CHECK_EQ(judge_target(target, false), BINDING_FINE);
        target.pam_name = (char *) "login";
        CHECK_EQ(judge_target(target, true), BINDING_FINE);
}

/* What the guard's own SCHED_RR 50 would not come through. */
static void test_priority(void) {
        static const struct {
                int policy, priority;
                uint64_t limit;
                const char *words; /* NULL: not refused */
        } settings[] = {
                { SCHED_OTHER, 0, 0, NULL },
                { SCHED_RR, 49, 49, NULL },
                { SCHED_FIFO, 49, 0, NULL },
                { SCHED_RR, 50, 0, "CPUSchedulingPriority=50" },
                { SCHED_FIFO, 99, 0, "CPUSchedulingPriority=99" },
                { SCHED_OTHER, 0, 50, "LimitRTPRIO=49 or less" },
                { SCHED_OTHER, 0, UINT64_MAX, "LimitRTPRIO=49 or less" },
        };

        for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
                UnitFacts target = good_target();
                BindingVerdict verdict_;

                target.cpu_scheduling_policy = settings[i].policy;
                target.cpu_scheduling_priority = settings[i].priority;
                target.limit_rtprio = settings[i].limit;
                verdict_ = judge_target(target, true);
                if (settings[i].words)
                        REFUSED(BINDING_UNSUITABLE, settings[i].words);
                else
                        CHECK_EQ(verdict_, BINDING_FINE);
        }
}

static void test_two_locks(void) {
        char *both[] = { (char *) GUARD, (char *) "cloudlock-guard@other.service", NULL };
        UnitFacts target = good_target();
        BindingVerdict verdict_;

        target.requisite = both;
        verdict_ = judge_target(target, false);
        REFUSED(BINDING_CONFLICT, "cloudlock-guard@other.service");
}

static void test_no_guard(void) {
        UnitFacts guard = good_guard(), target = good_target();
        BindingVerdict verdict_;

        guard.load_state = (char *) "not-found";
        verdict_ = judge(&guard, &target, false);
        REFUSED(BINDING_UNSUITABLE, "install");
}

static const char *escape_in(const char *path, const char *a, const char *b, const char *c) {
        char *argv[] = { (char *) path, (char *) a, (char *) b, (char *) c, NULL };
        ExecLine line = { .path = (char *) path, .argv = argv };
        ExecLines lines = { &line, 1 };

        return exec_lines_find_escape(&lines);
}

static void test_escapes(void) {
        static const char *const programs[] = { "docker", "podman", "docker-compose", "sudo", "su", "runuser",
                                                "systemd-run", "machinectl", "screen", "tmux" };

        for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
                char path[64], script[96];

                snprintf(path, sizeof(path), "/usr/bin/%s", programs[i]);
                CHECK_STR(escape_in(path, "x", NULL, NULL), programs[i]);
                snprintf(script, sizeof(script), "cd /srv && exec %s run x", path);
                CHECK_STR(escape_in("/bin/sh", "-c", script, NULL), programs[i]);
                CHECK_STR(escape_in("/usr/bin/env", "A=b", programs[i], "x"), programs[i]);
        }
        CHECK(!escape_in("/usr/bin/validator", "--engine", "docker", NULL));
        CHECK(!escape_in("/bin/sh", "-c", "exec /opt/sudoku --results", NULL));
        CHECK(!escape_in("/usr/bin/env", NULL, NULL, NULL));
}

static void test_containers(void) {
        char *argv[] = { (char *) "docker", (char *) "run", (char *) "--restart=always", (char *) "x", NULL };
        ExecLine line = { .path = (char *) "/usr/bin/docker", .argv = argv };
        UnitFacts target = good_target();
        BindingVerdict verdict_;

        target.start = (ExecLines){ &line, 1 };
        verdict_ = judge_target(target, true);
        REFUSED(BINDING_UNSUITABLE, "restart policy");
        argv[2] = (char *) "--restart";
        argv[3] = (char *) "unless-stopped";
        verdict_ = judge_target(target, true);
        REFUSED(BINDING_UNSUITABLE, "restart policy");
        argv[3] = (char *) "no";
        CHECK_EQ(judge_target(target, true), BINDING_FINE);
        verdict_ = judge_target(target, false);
        REFUSED(BINDING_UNSUITABLE, "cloudlock_extra_cgroups=");
}

static void test_stop_budget(void) {
        char *after_x[] = { (char *) "x.service", NULL };
        ExecLine two[2] = {};
        UnitFacts targets[2] = { good_target(), good_target() };

        targets[1].id = (char *) "y.service";
        CHECK_EQ(binding_stop_budget_us(targets, 1), 180 * USEC_PER_SEC);
        targets[0].stop = (ExecLines){ two, 2 };
        targets[0].stop_post = (ExecLines){ two, 1 };
        CHECK_EQ(binding_stop_budget_us(targets, 1), 450 * USEC_PER_SEC);
        CHECK_EQ(binding_stop_budget_us(targets, 2), 450 * USEC_PER_SEC);
        targets[1].after = after_x;
        CHECK_EQ(binding_stop_budget_us(targets, 2), 630 * USEC_PER_SEC);
        targets[1].timeout_stop_us = USEC_INFINITY;
        CHECK(binding_stop_budget_us(targets, 2) == USEC_INFINITY);
}

static void test_drop_ins(void) {
        char *targets[] = { (char *) "x.service", (char *) "y.service", NULL };
        _cleanup_free_ char *target = NULL, *guard = NULL, *escaped = NULL, *path = NULL, *guard_path = NULL;

        CHECK_EQ(binding_target_text("demo", &target), 0);
        CHECK(strstr(target, "\nBindsTo=" GUARD "\nRequisite=" GUARD "\nAfter=" GUARD "\n") != NULL);
        CHECK(strstr(target, "\nExecCondition=+" GUARD_PROGRAM " --condition demo\n") != NULL);
        CHECK_EQ(binding_guard_text("demo", targets, &guard), 0);
        CHECK(strstr(guard, "\nWants=x.service y.service\nBefore=x.service y.service\nPropagatesStopTo=x.service y.service\n") != NULL);
        CHECK_EQ(binding_target_text("a\\x2db", &escaped), 0);
        CHECK(strstr(escaped, "BindsTo=cloudlock-guard@a\\x2db.service\n") != NULL);
        CHECK(strstr(escaped, "--condition a\\\\x2db\n") != NULL);
        CHECK_EQ(binding_target_path("x.service", &path), 0);
        CHECK_STR(path, "/etc/systemd/system/x.service.d/zzzz-cloudlock.conf");
        CHECK_EQ(binding_guard_path("demo", &guard_path), 0);
        CHECK_STR(guard_path, "/etc/systemd/system/" GUARD ".d/zzzz-cloudlock.conf");
}

int main(void) {
        static const Case cases[] = {
                { "a bound target", test_fine },
                { "each tie is missed", test_each_tie },
                { "the condition has to be ours, and to count", test_condition },
                { "settings that are refused", test_settings },
                { "priorities that would starve the guard", test_priority },
                { "one target in two locks", test_two_locks },
                { "no guard unit", test_no_guard },
                { "programs whose work leaves the cgroup", test_escapes },
                { "containers and restart policies", test_containers },
                { "the stop budget", test_stop_budget },
                { "the drop-ins", test_drop_ins },
        };

        return RUN_CASES(cases);
}
