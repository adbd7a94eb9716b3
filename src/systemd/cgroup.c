/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

#include "cleanup.h"
#include "file.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_FILE_MAX 4096

int cgroup_file_path(const char *cgroup, const char *name, char **ret) {
        char *path;

        if (cgroup[0] != '/')
                return -EINVAL;
        if (asprintf(&path, CGROUP_ROOT "%s/%s", strcmp(cgroup, "/") == 0 ? "" : cgroup, name) < 0)
                return -ENOMEM;
        *ret = path;
        return 0;
}

static int read_attribute(const char *cgroup, const char *name, char **ret) {
        _cleanup_free_ char *path = NULL;
        int r = cgroup_file_path(cgroup, name, &path);

        return r < 0 ? r : read_small_file(path, CGROUP_FILE_MAX, ret, NULL);
}

static int write_attribute(const char *cgroup, const char *name, const char *value) {
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -1;
        int r = cgroup_file_path(cgroup, name, &path);

        if (r < 0)
                return r;
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        if (write(fd, value, strlen(value)) < 0)
                return -errno;
        return 0;
}

int cgroup_parse_own(const char *text, char **ret) {
        static const char unified[] = "0::";
        const char *line = strncmp(text, unified, strlen(unified)) == 0 ? text : strstr(text, "\n0::");

        if (!line)
                return -ENOTSUP;
        line += *line == '\n' ? strlen(unified) + 1 : strlen(unified);
        if (*line != '/')
                return -ENOTSUP;
        *ret = strndup(line, strcspn(line, "\n"));
        return *ret ? 0 : -ENOMEM;
}

static int own_cgroup(char **ret) {
        _cleanup_free_ char *text = NULL;
        int r = read_small_file("/proc/self/cgroup", CGROUP_FILE_MAX, &text, NULL);

        return r < 0 ? r : cgroup_parse_own(text, ret);
}

int cgroup_verify(void) {
        _cleanup_free_ char *own = NULL, *path = NULL;
        struct statfs fs;
        int r;

        if (statfs(CGROUP_ROOT, &fs) < 0)
                return -errno;
        if (fs.f_type != CGROUP2_SUPER_MAGIC)
                return -ENOTSUP;
        r = own_cgroup(&own);
        if (r < 0)
                return r;
        r = cgroup_file_path(own, "cgroup.kill", &path);
        if (r < 0)
                return r;
        return access(path, F_OK) < 0 ? -ENOTSUP : 0;
}

/* What an absent file means: nothing is left there, if this is where cgroups are. */
static int absent(int error) {
        return error == -ENOENT || error == -ENODEV ? cgroup_verify() : error;
}

int cgroup_parse_events(const char *text) {
        if (strstr(text, "populated 1\n"))
                return 1;
        return strstr(text, "populated 0\n") ? 0 : -EBADMSG;
}

int cgroup_is_populated(const char *path) {
        _cleanup_free_ char *events = NULL;
        int r = read_attribute(path, "cgroup.events", &events);

        return r < 0 ? absent(r) : cgroup_parse_events(events);
}

int cgroup_kill(const char *path) {
        int r = write_attribute(path, "cgroup.kill", "1");

        return r < 0 ? absent(r) : 0;
}

int cgroup_freeze(const char *path, bool freeze) {
        int r = write_attribute(path, "cgroup.freeze", freeze ? "1" : "0");

        return r < 0 ? absent(r) : 0;
}

/* "a-b.slice" lies in "a.slice"; "-.slice" is the root. */
static int slice_path(const char *slice, char **ret) {
        static const char suffix[] = ".slice";
        size_t length = strlen(slice), stem = length - strlen(suffix);
        _cleanup_free_ char *path = NULL;
        char *p;

        if (length <= strlen(suffix) || strcmp(slice + stem, suffix) != 0)
                return -EINVAL;
        path = p = calloc(stem + 1, length + 2);
        if (!path)
                return -ENOMEM;
        if (strcmp(slice, "-.slice") != 0)
                for (size_t i = 1; i <= stem; i++)
                        if (i == stem || slice[i] == '-')
                                p += sprintf(p, "/%.*s%s", (int) i, slice, suffix);
        *ret = TAKE_PTR(path);
        return 0;
}

int cgroup_path_of_unit(const char *slice, const char *unit, char **ret) {
        _cleanup_free_ char *parent = NULL;
        char *path;
        int r = slice_path(slice, &parent);

        if (r < 0)
                return r;
        if (asprintf(&path, "%s/%s", parent, unit) < 0)
                return -ENOMEM;
        *ret = path;
        return 0;
}

bool cgroup_is_within(const char *path, const char *ancestor) {
        size_t length = strlen(ancestor);

        while (length > 0 && ancestor[length - 1] == '/')
                length--;
        return strncmp(path, ancestor, length) == 0 && (path[length] == '/' || path[length] == '\0');
}
