/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lease, permit, configuration and condition of the guard on real files: what is no lease, what is no permit, and that
 * whatever call fails, nothing may start. */

#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"
#include "condition.h"
#include "guard-bench.h"
#include "permit-text.h"
#include "run-files.h"
#include "settings.h"

static char *targets[] = { (char *) "x.service", (char *) "y.service", NULL }, *extra[] = { (char *) "/work.slice", NULL };
static char *cgroups[] = { (char *) "/system.slice/x.service", NULL };
static const Settings settings = { .targets = targets, .extra_cgroups = extra, .on_stuck = ON_STUCK_REBOOT };

static int read_lease_file(void) {
        Lease lease;

        return lease_read(INSTANCE, &lease);
}

static void what_is_no_lease(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = LEASE_FILE };
        char big[LEASE_TEXT_MAX + 1];
        _cleanup_close_ int fd = -1;

        set_up_files();
        CHECK_EQ(read_lease_file(), 0);
        put_text(LEASE_FILE, "fence=1\n");
        CHECK_EQ(read_lease_file(), -EBADMSG);
        memset(big, '\n', sizeof(big));
        put(LEASE_FILE, big, sizeof(big));
        CHECK_EQ(read_lease_file(), -EBADMSG);
        unlink(LEASE_FILE);
        CHECK_EQ(read_lease_file(), -ENOENT);
        CHECK_EQ(symlink("/dev/null", LEASE_FILE), 0);
        CHECK_EQ(read_lease_file(), -EBADMSG);
        unlink(LEASE_FILE);
        CHECK_EQ(mkfifo(LEASE_FILE, 0600), 0);
        CHECK_EQ(read_lease_file(), -EBADMSG);
        unlink(LEASE_FILE);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK_EQ(bind(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
        CHECK_EQ(read_lease_file(), -EBADMSG);
        unlink(LEASE_FILE);
        CHECK_EQ(rename("/run/cloudlock/i", "/run/cloudlock/j"), 0);
        put_text("/run/cloudlock/i", "");
        CHECK_EQ(read_lease_file(), -EBADMSG); /* not -ENOENT, and not a reason to go on */
        unlink("/run/cloudlock/i");
        CHECK_EQ(rename("/run/cloudlock/j", "/run/cloudlock/i"), 0);
}

static void a_permit_is_there_while_it_is_held(void) {
        char boot[ID128_TEXT_SIZE] = "";
        int fd;

        set_up_files();
        CHECK_EQ(permit_check(INSTANCE, boot), -ENOENT);
        fd = permit_take(INSTANCE, boot_id(), &settings, cgroups);
        CHECK(fd >= 0);
        CHECK_EQ(permit_check(INSTANCE, boot), 0);
        CHECK_STR(boot, boot_id());
        CHECK_EQ(permit_take(INSTANCE, boot_id(), &settings, cgroups), -EAGAIN);
        CHECK_EQ(permit_check(INSTANCE, boot), 0);
        close(fd);
        CHECK_EQ(permit_check(INSTANCE, boot), -ENOENT);
}

static void what_is_no_permit(void) {
        static const char *const texts[] = { "", "boot=0123\n", "0123456789abcdef0123456789abcdef0123456789abcdef\n" };
        char boot[ID128_TEXT_SIZE] = "untouched";

        set_up_files();
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                put_text(PERMIT_FILE, texts[i]);
                CHECK_EQ(permit_check(INSTANCE, boot), -EBADMSG);
        }
        CHECK_EQ(truncate(PERMIT_FILE, 4 * 1024 * 1024), 0);
        CHECK_EQ(permit_check(INSTANCE, boot), -EFBIG);
        unlink(PERMIT_FILE);
        CHECK_EQ(symlink(LEASE_FILE, PERMIT_FILE), 0);
        CHECK_EQ(permit_check(INSTANCE, boot), -ELOOP);
        CHECK_EQ(permit_take(INSTANCE, boot_id(), &settings, cgroups), -ELOOP);
        CHECK_STR(boot, "untouched");
}

static void settings_outlive_the_guard(void) {
        _cleanup_settings_ Settings read = {}, none = {};
        Settings empty = {};

        set_up_files();
        CHECK_EQ(permit_settings(INSTANCE, &read), -ENOENT);
        close(permit_take(INSTANCE, boot_id(), &settings, cgroups));
        CHECK_EQ(permit_settings(INSTANCE, &read), 0);
        CHECK_EQ(strv_length(read.targets), 2);
        CHECK(strv_contains(read.targets, "x.service") && strv_contains(read.targets, "y.service"));
        CHECK_EQ(strv_length(read.extra_cgroups), 1);
        CHECK(strv_contains(read.extra_cgroups, "/work.slice"));
        CHECK_EQ(strv_length(read.cgroups), 1);
        CHECK(strv_contains(read.cgroups, "/system.slice/x.service"));
        CHECK_EQ(read.on_stuck, ON_STUCK_REBOOT);
        close(permit_take(INSTANCE, boot_id(), &empty, NULL));
        CHECK_EQ(permit_settings(INSTANCE, &none), 0);
        CHECK_EQ(none.on_stuck, ON_STUCK_NONE);
        CHECK(!none.targets && !none.extra_cgroups && !none.cgroups);
        put_text(PERMIT_FILE, ""); /* its guard ended before it had written it */
        CHECK_EQ(permit_settings(INSTANCE, &none), 0);
        CHECK(!none.targets && !none.extra_cgroups && !none.cgroups);
}

static ssize_t fail_once(void *cookie, _unused_ const char *text, size_t size) {
        bool *failed = cookie;

        if (*failed)
                return (ssize_t) size;
        *failed = true;
        return errno = ENOSPC, 0;
}

/* Of a permit that is longer than the stream's buffer, say; the end of it can be written then. */
static void what_is_not_whole_is_no_permit(void) {
        bool failed = false;
        FILE *file = fopencookie(&failed, "w", (cookie_io_functions_t) { .write = fail_once });

        CHECK(file && setvbuf(file, NULL, _IONBF, 0) == 0);
        CHECK_EQ(permit_format(file, boot_id(), &settings, cgroups), -EIO);
        CHECK(failed);
        fclose(file);
}

/* /system.slice, and all that is in it, would be killed. */
static void half_a_line_names_nothing(void) {
        _cleanup_settings_ Settings read = {};

        set_up_files();
        put_text(PERMIT_FILE, "boot=0123456789abcdef0123456789abcdef\ntarget=x.service\ncgroup=/system.slice");
        CHECK_EQ(permit_settings(INSTANCE, &read), 0);
        CHECK_EQ(strv_length(read.targets), 1);
        CHECK(!read.cgroups);
}

static void configuration_says_which_units(void) {
        _cleanup_settings_ Settings loaded = {};
        ConfigError error = {};

        set_up_files();
        CHECK_EQ(settings_load(INSTANCE, &loaded, &error), 0);
        CHECK_STR(error.text, "");
        CHECK_EQ(strv_length(loaded.targets), 1);
        CHECK(strv_contains(loaded.targets, "x.service"));
        CHECK(!loaded.extra_cgroups);
        CHECK_EQ(loaded.on_stuck, ON_STUCK_NONE);
        put_text(CONFIG_FOLDER "/config", CONFIG "cloudlock_target_unit\n");
        CHECK_EQ(settings_load(INSTANCE, &loaded, &error), -EINVAL);
        CHECK(strstr(error.text, "/etc/cloudlock/i.conf:4"));
        unsetenv("CREDENTIALS_DIRECTORY");
        CHECK_EQ(settings_load(INSTANCE, &loaded, &error), -ENOENT);
        setenv("CREDENTIALS_DIRECTORY", CONFIG_FOLDER, 1);
        unlink(CONFIG_FOLDER "/config");
        CHECK_EQ(settings_load(INSTANCE, &loaded, &error), -ENOENT);
}

static void condition_asks_for_lease_and_permit(void) {
        int fd;

        set_up_files();
        CHECK_EQ(condition_run(INSTANCE), CONDITION_NO);
        fd = permit_take(INSTANCE, boot_id(), &settings, cgroups);
        CHECK_EQ(condition_run(INSTANCE), 0);
        put_lease(-1, LONG_US);
        CHECK_EQ(condition_run(INSTANCE), CONDITION_NO);
        put_text(LEASE_FILE, "");
        CHECK_EQ(condition_run(INSTANCE), CONDITION_NO);
        put_lease_of("0123456789abcdef0123456789abcdef", LONG_US, LONG_US);
        CHECK_EQ(condition_run(INSTANCE), CONDITION_NO);
        unlink(LEASE_FILE);
        CHECK_EQ(condition_run(INSTANCE), CONDITION_NO);
        put_lease(LONG_US, LONG_US);
        CHECK_EQ(condition_run(INSTANCE), 0);
        close(fd);
        CHECK_EQ(condition_run(INSTANCE), CONDITION_NO);
}

static int try_condition(void) {
        return condition_run(INSTANCE) == 0 ? 0 : -1;
}

static int try_lease(void) {
        Lease lease = { .fence = 99 };
        int r = lease_read(INSTANCE, &lease);

        CHECK(r == 0 || (lease.fence == 99 && r != -ENOENT && r != -EBADMSG)); /* not told from what would mean "kill" */
        return r;
}

/* What can't be written leaves nothing behind: half a name would be another unit's. */
static int try_take(void) {
        _cleanup_settings_ Settings left = {};
        char boot[ID128_TEXT_SIZE];
        int fd;

        unlink(PERMIT_FILE);
        fd = permit_take(INSTANCE, boot_id(), &settings, cgroups);
        if (fd >= 0)
                return close(fd);
        CHECK(permit_check(INSTANCE, boot) < 0);
        CHECK(permit_settings(INSTANCE, &left) == -ENOENT || strv_length(left.targets) == 2);
        return fd;
}

static int try_permit_settings(void) {
        Settings read = {};
        int r = permit_settings(INSTANCE, &read);

        CHECK(r == 0 || (!read.targets && !read.extra_cgroups));
        settings_done(&read);
        return r;
}

static int try_load(void) {
        ConfigError error = {};
        Settings loaded = {};
        int r = settings_load(INSTANCE, &loaded, &error);

        CHECK(r == 0 || (!loaded.targets && !loaded.extra_cgroups));
        settings_done(&loaded);
        return r;
}

/* Each call that `attempt` makes fails in turn, until there is none left to fail: it does not work then, and leaves
 * nothing open (nor allocated, say sanitizers and valgrind). */
static void fail_in_turn(int (*attempt)(void)) {
        unsigned files = open_files(), n = 0;

        do {
                int r;

                fault_at(++n);
                r = attempt();
                CHECK_EQ(r < 0, fault_was_hit());
                CHECK_EQ(open_files(), files);
        } while (fault_was_hit() && n < 10000);
        CHECK(n > 2);
        fault_at(0);
}

static void whatever_fails_nothing_starts(void) {
        int fd;

        set_up_files();
        fail_in_turn(try_lease);
        fail_in_turn(try_take);
        fail_in_turn(try_load);
        fd = permit_take(INSTANCE, boot_id(), &settings, cgroups);
        fail_in_turn(try_condition);
        fail_in_turn(try_permit_settings);
        close(fd);
}

static const Case cases[] = {
        { "what is no lease", what_is_no_lease },
        { "a permit is there while it is held", a_permit_is_there_while_it_is_held },
        { "what is no permit", what_is_no_permit },
        { "settings outlive the guard", settings_outlive_the_guard },
        { "what is not whole is no permit", what_is_not_whole_is_no_permit },
        { "half a line names nothing", half_a_line_names_nothing },
        { "the configuration says which units", configuration_says_which_units },
        { "the condition asks for lease and permit", condition_asks_for_lease_and_permit },
        { "whatever fails, nothing starts", whatever_fails_nothing_starts },
};

int main(void) {
        return make_run() < 0 ? 1 : RUN_CASES(cases);
}
