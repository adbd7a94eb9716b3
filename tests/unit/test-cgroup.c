/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a unit's cgroup is, and which extra cgroups are refused. Killing is tested on booted hosts. */

#include "cgroup.h"
#include "check.h"
#include "cleanup.h"
#include "extra-cgroups.h"

static void expect_path(const char *slice, const char *unit, const char *path) {
        _cleanup_free_ char *got = NULL;

        CHECK_EQ(cgroup_path_of_unit(slice, unit, &got), 0);
        CHECK_STR(got, path);
}

static void test_paths(void) {
        _cleanup_free_ char *got = NULL;

        expect_path("system.slice", "x.service", "/system.slice/x.service");
        expect_path("-.slice", "x.service", "/x.service");
        expect_path("a-b-c.slice", "x.service", "/a.slice/a-b.slice/a-b-c.slice/x.service");
        expect_path("system-cloudlock\\x2dguard.slice", "x.service",
                    "/system.slice/system-cloudlock\\x2dguard.slice/x.service");
        CHECK(cgroup_path_of_unit("system", "x.service", &got) < 0);
        CHECK(cgroup_path_of_unit("", "x.service", &got) < 0);
        CHECK(!got);
}

static void test_within(void) {
        CHECK(cgroup_is_within("/a.slice/x", "/a.slice"));
        CHECK(cgroup_is_within("/a.slice", "/a.slice"));
        CHECK(cgroup_is_within("/a.slice", "/"));
        CHECK(!cgroup_is_within("/a.slice-b", "/a.slice"));
        CHECK(!cgroup_is_within("/", "/a.slice"));
}

static bool allowed(const char *path) {
        char *extra[] = { (char *) path, NULL }, *targets[] = { (char *) "x.service", NULL }, text[320] = "";
        bool fine = extra_cgroups_check(extra, targets, "/system.slice/g.slice/g.service", text, sizeof(text));

        CHECK(fine == (text[0] == '\0'));
        return fine;
}

static void test_extra(void) {
        CHECK(!allowed("/"));
        CHECK(!allowed("/init.scope"));
        CHECK(!allowed("/system.slice"));
        CHECK(!allowed("/system.slice/g.slice"));
        CHECK(!allowed("/system.slice/g.slice/g.service"));
        CHECK(!allowed("/no-such.slice/other.service"));
        CHECK(allowed("/no-such.slice"));
        CHECK(allowed("/no-such.slice/x.service"));
        CHECK(allowed("/no-such.slice/docker-1234.scope"));
}

/* Outside a cgroup2 hierarchy, or one without our own cgroup, absence proves nothing. */
static void test_absent(void) {
        int verified = cgroup_verify(), populated = cgroup_is_populated("/no-such-cgroup-of-cloudlock");

        CHECK_EQ(populated, verified);
        CHECK_EQ(cgroup_kill("/no-such-cgroup-of-cloudlock"), verified);
        CHECK_EQ(cgroup_freeze("/no-such-cgroup-of-cloudlock", true), verified);
        CHECK(cgroup_is_populated("relative") < 0);
}

int main(void) {
        static const Case cases[] = {
                { "paths of units", test_paths },
                { "one within another", test_within },
                { "extra cgroups", test_extra },
                { "absent is empty only where cgroups are", test_absent },
        };

        return RUN_CASES(cases);
}
