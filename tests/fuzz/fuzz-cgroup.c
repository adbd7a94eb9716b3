/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the kernel says of control groups, and what PID 1 says of slices; a line is a slice, the next a unit, the rest what a
 * file of the kernel's holds. What is populated is never taken for empty. */

#include <errno.h>

#include "cgroup.h"
#include "fuzz.h"

static void check_unit(const char *slice, const char *unit) {
        _cleanup_free_ char *path = NULL, *end = NULL, *ancestor = NULL;
        bool is_root = strcmp(slice, "-.slice") == 0;

        if (cgroup_path_of_unit(slice, unit, &path) < 0)
                return require(!path);
        require(asprintf(&end, "%s%s/%s", is_root ? "" : "/", is_root ? "" : slice, unit) >= 0);
        require(path[0] == '/' && strlen(path) >= strlen(end) && strcmp(path + strlen(path) - strlen(end), end) == 0);
        /* it lies beneath each of its ancestors, and none of them beneath it */
        for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
                free(ancestor);
                ancestor = strndup(path, (size_t) (slash - path));
                require(ancestor && cgroup_is_within(path, ancestor));
                require(slash[1] == '\0' || slash[1] == '/' || !cgroup_is_within(ancestor, path));
        }
}

static void check_events(const char *text) {
        _cleanup_free_ char *before = NULL, *behind = NULL;
        int r = cgroup_parse_events(text);

        require(r == 0 || r == 1 || r == -EBADMSG);
        require(r != 0 || strstr(text, "populated 0"));
        require(asprintf(&before, "populated 1\n%s", text) >= 0 && asprintf(&behind, "%s\npopulated 1\n", text) >= 0);
        require(cgroup_parse_events(before) == 1 && cgroup_parse_events(behind) == 1);
}

static void check_own(const char *text) {
        _cleanup_free_ char *path = NULL, *line = NULL;

        if (cgroup_parse_own(text, &path) < 0)
                return require(!path);
        require(path[0] == '/' && !strchr(path, '\n') && strstr(text, path) && strstr(text, "0::"));
        /* the line of the unified hierarchy, and not one that happens to come later */
        require(asprintf(&line, "0::%s", path) >= 0 && strstr(text, line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_text(data, size);
        char *rest = text;
        const char *slice = fuzz_line(&rest), *unit = fuzz_line(&rest);

        check_unit(slice, unit);
        check_events(rest ?: "");
        check_own(rest ?: "");
        return 0;
}
