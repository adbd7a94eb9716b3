/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "extra-cgroups.h"

#include <errno.h>
#include <string.h>

#include "cgroup.h"
#include "cleanup.h"
#include "strv.h"
#include "text.h"

/* Slices within slices; systemd's names end after 255 characters, "a-b-c…" counted, so no tree is deeper. */
#define SLICE_DEPTH_MAX 128

#define PID1_CGROUP "/init.scope"

static bool has_suffix(const char *s, const char *suffix) {
        size_t length = strlen(s), n = strlen(suffix);

        return length > n && strcmp(s + length - n, suffix) == 0;
}

static bool is_foreign_unit(const char *name, char *const *targets) {
        static const char *const suffixes[] = { ".service", ".socket", ".mount", ".swap" };

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
                if (has_suffix(name, suffixes[i]))
                        return !strv_contains(targets, name);
        return false;
}

static int find_foreign(const char *path, char *const *targets, unsigned depth, char **ret);

static int look_at_entry(const char *path, const char *name, char *const *targets, unsigned depth, char **ret) {
        _cleanup_free_ char *below = NULL;

        if (is_foreign_unit(name, targets)) {
                *ret = strdup(name);
                return *ret ? 1 : -ENOMEM;
        }
        if (!has_suffix(name, ".slice"))
                return 0;
        if (asprintf(&below, "%s/%s", strcmp(path, "/") == 0 ? "" : path, name) < 0)
                return below = NULL, -ENOMEM;
        return find_foreign(below, targets, depth + 1, ret);
}

/* A unit other than the targets in a cgroup or in the slices beneath: 1 with its name, 0, or a negative errno. */
static int find_foreign(const char *path, char *const *targets, unsigned depth, char **ret) {
        _cleanup_free_ char *folder = NULL;
        _cleanup_closedir_ DIR *dir = NULL;
        int r = depth > SLICE_DEPTH_MAX ? -ELOOP : cgroup_file_path(path, "", &folder);

        if (r < 0)
                return r;
        dir = opendir(folder);
        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        for (struct dirent *entry; (entry = readdir(dir));) {
                r = look_at_entry(path, entry->d_name, targets, depth, ret);
                if (r != 0)
                        return r;
        }
        return 0;
}

static bool refuse(const char *path, const char *holds, char *text, size_t size) {
        *text = '\0';
        text_append(text, size,
                    "cloudlock_extra_cgroups=%s holds %s, which would be killed with the target; give the work a slice of its own.",
                    path, holds);
        return false;
}

static bool check_one(const char *path, char *const *targets, const char *guard_cgroup, char *text, size_t size) {
        const char *name = strrchr(path, '/');
        _cleanup_free_ char *unit = NULL;
        int r;

        if (cgroup_is_within(PID1_CGROUP, path))
                return refuse(path, "PID 1", text, size);
        if (guard_cgroup && *guard_cgroup && cgroup_is_within(guard_cgroup, path))
                return refuse(path, "the guard", text, size);
        if (name && is_foreign_unit(name + 1, targets))
                return refuse(path, "another unit's processes", text, size);
        r = find_foreign(path, targets, 0, &unit);
        if (r > 0)
                return refuse(path, unit, text, size);
        return r == 0 || refuse(path, "what cannot be looked at", text, size);
}

bool extra_cgroups_check(char *const *extra_cgroups, char *const *targets, const char *guard_cgroup, char *text, size_t size) {
        for (; extra_cgroups && *extra_cgroups; extra_cgroups++)
                if (!check_one(*extra_cgroups, targets, guard_cgroup, text, size))
                        return false;
        return true;
}
