/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/magic.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "check-context.h"
#include "instances.h"
#include "strv.h"

#define SYSTEMD_VERSION_MIN 252
#define USER "cloudlock"
#define POLKIT_BUS_NAME "org.freedesktop.PolicyKit1"
#define CGROUP_ROOT "/sys/fs/cgroup"

static int get_manager_string(CheckContext *context, const char *property, char **ret) {
        return sd_bus_get_property_string(context->bus, SYSTEMD_BUS_NAME, SYSTEMD_MANAGER_PATH, SYSTEMD_MANAGER_INTERFACE,
                                          property, NULL, ret);
}

void check_bus(CheckContext *context) {
        int r = context->bus ? 0 : sd_bus_open_system(&context->bus);

        if (r >= 0)
                return;
        findings_add(&context->findings, FINDING_FAILED, "systemd", "the system bus cannot be reached: %s", strerror(-r));
        findings_remedy(&context->findings, "systemctl start dbus.service; cloudlockd and this command need it");
}

/* "252.36-1~deb12u1" */
static void check_systemd(CheckContext *context) {
        _cleanup_free_ char *version = NULL;
        int r;

        if (!context->bus)
                return;
        r = get_manager_string(context, "Version", &version);
        if (r < 0) {
                findings_add(&context->findings, FINDING_FAILED, "systemd", "PID 1 does not answer: %s", strerror(-r));
                findings_remedy(&context->findings, "see \"systemctl is-system-running\" and \"journalctl -b _PID=1\"");
                context->bus = sd_bus_flush_close_unref(context->bus);
        } else if (strtoul(version, NULL, 10) < SYSTEMD_VERSION_MIN) {
                findings_add(&context->findings, FINDING_FAILED, "systemd", "version %s; cloudlock needs %d or newer", version,
                             SYSTEMD_VERSION_MIN);
                findings_remedy(&context->findings, "upgrade systemd");
        } else
                findings_add(&context->findings, FINDING_FINE, "systemd", "version %s", version);
}

/* Of PID 1's own cgroup, which is to be seen from wherever this command was started. */
static void check_cgroups(CheckContext *context) {
        struct statfs fs;
        int r = statfs(CGROUP_ROOT, &fs) < 0 ? -errno : fs.f_type != CGROUP2_SUPER_MAGIC ? -EPROTO : 0;

        if (r >= 0 && access(CGROUP_ROOT "/init.scope/cgroup.kill", F_OK) < 0)
                r = -errno;
        if (r >= 0) {
                findings_add(&context->findings, FINDING_FINE, "cgroups", "version 2, with cgroup.kill");
                return;
        }
        findings_add(&context->findings, FINDING_FAILED, "cgroups", CGROUP_ROOT " is no cgroup v2 with cgroup.kill: %s",
                     r == -EPROTO ? "of another version" : strerror(-r));
        findings_remedy(&context->findings, "boot Linux 5.14 or newer without systemd.unified_cgroup_hierarchy=0");
}

/* NULL: there is none, or none that could be looked up. */
static const struct passwd *check_user(CheckContext *context) {
        const struct passwd *user;

        errno = 0;
        user = getpwnam(USER);
        if (user) {
                findings_add(&context->findings, FINDING_FINE, "user", USER);
                return user;
        }
        if (errno == EIO || errno == EMFILE || errno == ENFILE || errno == ENOMEM) { /* getpwnam(3) */
                findings_add(&context->findings, FINDING_FAILED, "user", "the user " USER " cannot be looked up: %s", strerror(errno));
                return NULL;
        }
        findings_add(&context->findings, FINDING_FAILED, "user", "there is no user " USER ", as whom cloudlockd runs");
        findings_remedy(&context->findings, "systemd-sysusers cloudlock.conf");
        return NULL;
}

/* What cloudlockd writes there is what the guard goes by. */
static void check_run_directory(CheckContext *context, const struct passwd *user) {
        Findings *findings = &context->findings;
        struct stat st;

        if (!user) {
                check_skip(context, "run-directory", "the user " USER ", to whom it would belong, is not known");
                return;
        }
        if (lstat(RUN_DIRECTORY, &st) < 0)
                findings_add(findings, FINDING_FAILED, "run-directory", RUN_DIRECTORY ": %s", strerror(errno));
        else if (!S_ISDIR(st.st_mode))
                findings_add(findings, FINDING_FAILED, "run-directory", RUN_DIRECTORY " is no directory");
        else if (st.st_uid != user->pw_uid)
                findings_add(findings, FINDING_FAILED, "run-directory", RUN_DIRECTORY " belongs to uid %u, not to " USER,
                             (unsigned) st.st_uid);
        else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
                findings_add(findings, FINDING_FAILED, "run-directory",
                             RUN_DIRECTORY " may be written by others (mode %04o), who could forge a lease",
                             (unsigned) (st.st_mode & 07777));
        else {
                findings_add(findings, FINDING_FINE, "run-directory", RUN_DIRECTORY);
                return;
        }
        findings_remedy(findings, "systemd-tmpfiles --create cloudlock.conf");
}

static void check_installed(CheckContext *context, const char *check, const char *const *paths, const char *without,
                            const char *remedy) {
        for (const char *const *path = paths; *path; path++)
                if (access(*path, F_OK) == 0) {
                        findings_add(&context->findings, FINDING_FINE, check, "%s", *path);
                        return;
                }
        findings_add(&context->findings, FINDING_FAILED, check, "%s is missing: %s", paths[0], without);
        findings_remedy(&context->findings, "%s", remedy);
}

static bool is_activatable(CheckContext *context, const char *name) {
        _cleanup_strv_ char **running = NULL, **activatable = NULL;

        return sd_bus_list_names(context->bus, &running, &activatable) >= 0 &&
               (strv_contains(running, name) || strv_contains(activatable, name));
}

static void check_policies(CheckContext *context) {
        static const char *const bus[] = { "/usr/share/dbus-1/system.d/org.cloudlock1.conf",
                                           "/etc/dbus-1/system.d/org.cloudlock1.conf", NULL };
        static const char *const polkit[] = { "/usr/share/polkit-1/rules.d/cloudlock.rules",
                                              "/etc/polkit-1/rules.d/cloudlock.rules", NULL };

        check_installed(context, "dbus-policy", bus, "cloudlockd cannot show its lock on D-Bus",
                        "install cloudlock's files again, then: systemctl reload dbus");
        check_installed(context, "polkit-rule", polkit, "cloudlockd may not start its guard",
                        "install cloudlock's files again; polkit takes them up by itself");
        if (!context->bus || is_activatable(context, POLKIT_BUS_NAME))
                return;
        findings_add(&context->findings, FINDING_FAILED, "polkit", "polkit is not installed: cloudlockd may not start its guard");
        findings_remedy(&context->findings, "install it; on Debian: apt-get install polkitd");
}

void check_host(CheckContext *context) {
        check_systemd(context);
        check_cgroups(context);
        check_run_directory(context, check_user(context));
        check_policies(context);
}
