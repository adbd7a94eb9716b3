/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-program.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "strv.h"

static int look_at(const char *path) {
        struct stat st;

        if (stat(path, &st) < 0)
                return errno == ENOTDIR ? -ENOENT : -errno;
        return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : -EACCES;
}

static int try_in(const char *directory, const char *name, char **ret) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (asprintf(&path, "%s/%s", directory, name) < 0)
                return path = NULL, -ENOMEM;
        r = look_at(path);
        if (r >= 0)
                *ret = TAKE_PTR(path);
        return r;
}

int run_find_program(const char *name, const char *search_path, const char *directory, char **ret) {
        _cleanup_strv_ char **places = NULL;
        int r, result = -ENOENT;

        if (*name == '/')
                return try_in("", name + 1, ret);
        if (strchr(name, '/'))
                return try_in(directory, name, ret);
        r = strv_split(search_path, ":", &places);
        if (r < 0)
                return r;
        for (char **place = places; *name && place && *place; place++) {
                r = try_in(*place, name, ret);
                if (r >= 0)
                        return r;
                if (r != -ENOENT)
                        result = r;
        }
        return result;
}
