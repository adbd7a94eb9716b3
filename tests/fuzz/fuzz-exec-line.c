/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any command line, an argument a line: what is said to escape is a word of it, and nothing that stands before, after or
 * around a program that escapes hides it. */

#include "escapes.h"
#include "fuzz.h"
#include "strv.h"

static const char *find(char **argv) {
        ExecLine line = { .path = argv[0], .argv = argv };

        return exec_lines_find_escape(&(ExecLines) { &line, 1 });
}

static bool has_policy(char **argv) {
        ExecLine line = { .path = argv[0], .argv = argv };

        return exec_lines_have_restart_policy(&(ExecLines) { &line, 1 });
}

static void check_found(char **argv) {
        const char *found = find(argv);
        bool is_there = !found;

        for (char **arg = argv; *arg; arg++)
                is_there = is_there || strstr(*arg, found);
        require(is_there && (found || !has_policy(argv)));
}

static void check_hidden(char *text) {
        _cleanup_free_ char *command = NULL, *quoted = NULL, *path = NULL, *restart = NULL;
        char shell[] = "/bin/sh", option[] = "-c";

        require(asprintf(&command, "%s docker run x", text) >= 0 && asprintf(&quoted, "x='podman' \"%s\"", text) >= 0);
        require(asprintf(&path, "/usr/bin/su;%s", text) >= 0);
        require(asprintf(&restart, "docker %s --restart=always", text) >= 0);
        require(find((char *[]) { shell, option, command, NULL }) && find((char *[]) { shell, text, quoted, NULL }) &&
                find((char *[]) { shell, path, NULL }));
        require(has_policy((char *[]) { shell, option, restart, NULL }));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_strv_ char **argv = NULL;

        require(strv_split(text, "\n", &argv) == 0);
        if (strv_length(argv) == 0)
                return 0;
        check_found(argv);
        check_hidden(text);
        return 0;
}
