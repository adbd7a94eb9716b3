/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Control groups (version 2), looked at and killed without asking PID 1. Paths are as systemd's ControlGroup= shows
 * them: "/system.slice/x.service". cgroups(7), Documentation/admin-guide/cgroup-v2.rst. */

#include <stdbool.h>
#include <stddef.h>

/* 0 when /sys/fs/cgroup is a cgroup2 hierarchy in which our own cgroup is to be seen, so that what is absent there
 * really is absent, and cgroup.kill is known (Linux 5.14); -ENOTSUP or another negative errno. */
int cgroup_verify(void);

/* Whether any process is in it or beneath. 1; 0: none, or there is no such cgroup in a verified hierarchy; a negative
 * errno: it could not be looked at, which is never "empty". */
int cgroup_is_populated(const char *path);

/* SIGKILL to every process in it and beneath, at once. 0, also when it is gone; or a negative errno. */
int cgroup_kill(const char *path);

/* Freezes or thaws; 0, also when it is gone; or a negative errno. */
int cgroup_freeze(const char *path, bool freeze);

/* The directory of a cgroup, or of a file in it ("" for none): newly allocated. 0, -EINVAL or -ENOMEM. */
int cgroup_file_path(const char *path, const char *name, char **ret);

/* Where systemd will put a unit that has not been started: newly allocated. 0, -EINVAL or -ENOMEM. */
int cgroup_path_of_unit(const char *slice, const char *unit, char **ret);

/* Whether `path` is `ancestor` or lies beneath it. */
bool cgroup_is_within(const char *path, const char *ancestor);

/* What the kernel writes: whether cgroup.events says "populated", 0, 1 or -EBADMSG; and the cgroup of /proc/PID/cgroup,
 * newly allocated: 0, -ENOTSUP (none in a unified hierarchy) or -ENOMEM. Pure. */
int cgroup_parse_events(const char *text);
int cgroup_parse_own(const char *text, char **ret);
