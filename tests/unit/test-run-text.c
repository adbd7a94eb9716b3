/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "cloudlockctl run" writes for systemd, and what it makes of a command's end. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "check.h"
#include "cleanup.h"
#include "run-end.h"
#include "run-program.h"
#include "run-text.h"

#define BINDING "# by bind\n[Unit]\nBindsTo=g.service\n\n[Service]\nExecCondition=+/g --condition demo\n"

static void check_quote(const char *word, const char *expected) {
        _cleanup_free_ char *quoted = NULL;

        CHECK_EQ(run_quote(word, &quoted), 0);
        CHECK_STR(quoted, expected);
}

static void test_quote(void) {
        _cleanup_free_ char *none = NULL;

        check_quote("", "\"\"");
        check_quote("a b", "\"a b\"");
        check_quote("it's \"so\" \\", "\"it's \\\"so\\\" \\\\\"");
        check_quote("100%n %%", "\"100%%n %%%%\"");
        check_quote("$HOME ${X} ; |", "\"$HOME ${X} ; |\"");
        check_quote("a\n1\t\r\033\177", "\"a\\0121\\011\\015\\033\\177\"");
        check_quote("\xc3\xa4\xf0\x9f\x94\x92", "\"\xc3\xa4\xf0\x9f\x94\x92\"");
        CHECK_EQ(run_quote("a\xff", &none), -EINVAL);
        CHECK_EQ(run_quote("\xc0\x80", &none), -EINVAL);
        CHECK_EQ(run_quote("\xed\xa0\x80", &none), -EINVAL);
        CHECK(!none);
}

static RunUnit unit(void) {
        static char *argv[] = { (char *) "prog", (char *) "a;b", NULL };

        return (RunUnit) {
                .instance = "demo", .binding = BINDING, .directory = "/run/x\\y", .program = "/bin/prog", .argv = argv,
                .working_directory = "/a %h", .user = "me", .stop_us = 1500 * USEC_PER_MSEC,
        };
}

static void test_unit(void) {
        _cleanup_free_ char *text = NULL;
        RunUnit u = unit();

        CHECK_EQ(run_unit_text(&u, &text), 0);
        if (!text)
                return;
        CHECK(strstr(text, "by bind") == NULL);
        CHECK(strstr(text, "\nBindsTo=g.service\n") != NULL);
        CHECK(strstr(text, "\nExecStart=\":@/bin/prog\" \"prog\" \"a;b\"\n") != NULL);
        CHECK(strstr(text, "\nExecStartPre=+/bin/rm \"/run/x\\\\y/ticket\"\n") != NULL);
        CHECK(strstr(text, "\nStandardOutput=file:/run/x\\y/stdout\nStandardError=file:/run/x\\y/stderr\n") != NULL);
        CHECK(strstr(text, "\nTimeoutStopSec=1500000us\n") != NULL);
        CHECK(strstr(text, "\nWorkingDirectory=/a %%h\nUser=me\nExecStart=") != NULL);
}

/* A line of one's own in the unit would be a way around the lock. */
static void test_unit_refused(void) {
        static const char *const bad[] = { "/a\nExecStart=/evil", "/a\\", " /a", "/a ", "", "/\xff" };
        _cleanup_free_ char *text = NULL, *large = calloc(1, RUN_COMMAND_SIZE_MAX + 1);
        char *argv[] = { large, NULL };
        RunUnit u;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                u = unit();
                u.working_directory = bad[i];
                CHECK_EQ(run_unit_text(&u, &text), -EINVAL);
                u = unit();
                u.user = bad[i];
                CHECK_EQ(run_unit_text(&u, &text), -EINVAL);
                u = unit();
                u.group = bad[i];
                CHECK_EQ(run_unit_text(&u, &text), -EINVAL);
        }
        if (!large)
                return;
        memset(large, 'x', RUN_COMMAND_SIZE_MAX);
        u = unit();
        u.argv = argv;
        CHECK_EQ(run_unit_text(&u, &text), -EINVAL);
        CHECK(!text);
}

static char *caller[] = {
        (char *) "A=1 $x `y` \"z\" \\", (char *) "LINES=a\nb", (char *) "cloudlock_aws_secret=s", (char *) "AWS_REGION=r",
        (char *) "AWS_SECRET_ACCESS_KEY=s", (char *) "NOTIFY_SOCKET=/x", (char *) "HOME=/root", (char *) "BAD\xff=1",
        (char *) "B=\xff", (char *) "C=\033[0m", (char *) "F%%=() {", (char *) "EMPTY=", NULL,
};

static void test_environment(void) {
        _cleanup_free_ char *text = NULL, *others = NULL;
        char *set[] = { (char *) "A=2", (char *) "AWS_SECRET_ACCESS_KEY", (char *) "ABSENT", NULL };
        const char *bad = NULL;

        CHECK_EQ(run_environment_text(caller, NULL, false, &text, &bad), 0);
        CHECK_STR(text,
                  "A=\"1 \\$x \\`y\\` \\\"z\\\" \\\\\"\nLINES=\"a\nb\"\nAWS_REGION=\"r\"\nHOME=\"/root\"\nEMPTY=\"\"\n");
        CHECK_EQ(run_environment_text(caller + 3, set, true, &others, &bad), 0);
        CHECK_STR(others, "AWS_REGION=\"r\"\nEMPTY=\"\"\nA=\"2\"\nAWS_SECRET_ACCESS_KEY=\"s\"\n");
        CHECK(!bad);
}

static void test_environment_refused(void) {
        static const char *const words[] = { "=x", "1A=x", "A B=x", "", "A=\xff", "A=\001", "A\n=x" };
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                char *set[] = { (char *) words[i], NULL };
                const char *bad = NULL;

                CHECK_EQ(run_environment_text(caller, set, false, &text, &bad), -EINVAL);
                CHECK(bad == words[i]);
        }
        CHECK(!text);
}

static void test_exit_status(void) {
        const RunEnd exited = {
                .code = CLD_EXITED, .status = 7, .started_us = 10, .active_us = 11, .ended_us = 20, .left_us = 21,
        };
        RunEnd end = exited;

        CHECK_EQ(run_exit_status(&end, false, false), 7);
        CHECK_EQ(run_exit_status(&end, false, true), 7);
        /* Told to stop, by us or not. */
        end.left_us = 19;
        CHECK_EQ(run_exit_status(&end, true, false), 7);
        CHECK_EQ(run_exit_status(&end, false, false), EXIT_LOCK_GONE);
        /* What PID 1 remembers of an earlier run. */
        end.left_us = 9;
        CHECK_EQ(run_exit_status(&end, false, false), 7);
        end = exited;
        end.code = CLD_DUMPED;
        end.status = SIGSEGV;
        CHECK_EQ(run_exit_status(&end, false, true), 139);
        end.code = CLD_KILLED;
        end.status = SIGKILL;
        CHECK_EQ(run_exit_status(&end, false, false), 137);
        CHECK_EQ(run_exit_status(&end, false, true), EXIT_LOCK_GONE);
        CHECK_EQ(run_exit_status(&end, true, true), 137);
}

static void test_not_executed(void) {
        RunEnd end = { .code = CLD_EXITED, .status = 203, .started_us = 10, .active_us = 0, .ended_us = 20 };

        CHECK_EQ(run_exit_status(&end, false, false), EXIT_NOT_EXECUTED);
        end.status = 217;
        CHECK_EQ(run_exit_status(&end, false, false), EXIT_RUN_FAILED);
        end.active_us = 15;
        end.left_us = 21;
        CHECK_EQ(run_exit_status(&end, false, false), 217);
}

static void check_found(const char *name, const char *path, int r, const char *expected) {
        _cleanup_free_ char *found = NULL;

        CHECK_EQ(run_find_program(name, path, "/usr/bin", &found), r);
        if (expected)
                CHECK_STR(found, expected);
        CHECK(r == 0 || !found);
}

static void test_program(void) {
        check_found("sh", "/nonexistent:/bin", 0, "/bin/sh");
        check_found("/bin/sh", "", 0, "/bin/sh");
        check_found("./env", "", 0, "/usr/bin/./env");
        check_found("passwd", "/etc:/nonexistent", -EACCES, NULL);
        check_found("no-such-program", "/bin", -ENOENT, NULL);
        check_found("/etc", "", -EACCES, NULL);
        check_found("/etc/passwd/x", "", -ENOENT, NULL);
        check_found("", "/bin", -ENOENT, NULL);
}

int main(void) {
        static const Case cases[] = {
                { "words are quoted", test_quote },
                { "the unit", test_unit },
                { "what cannot stand in a unit", test_unit_refused },
                { "the environment", test_environment },
                { "variables that are refused", test_environment_refused },
                { "the exit status", test_exit_status },
                { "a command that could not be executed", test_not_executed },
                { "where the program is", test_program },
        };

        return RUN_CASES(cases);
}
