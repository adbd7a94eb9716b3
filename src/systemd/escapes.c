/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "escapes.h"

#include <string.h>

#include "cleanup.h"

/* What parts words within one argument of `sh -c` or a "--key=value". */
#define SEPARATORS " \t\n;|&()<>{}`$\"'="

static const char *const escapes[] = {
        "docker",  "docker-compose", "podman",  "podman-compose", "compose", "nerdctl",    "sudo",           "doas", "su",
        "runuser", "pkexec",         "systemd-run", "machinectl", "systemd-nspawn", "screen", "tmux",
};

/* Programs that run what their arguments say. */
static const char *const wrappers[] = {
        "sh",    "bash",   "dash",  "zsh",     "ksh",  "busybox", "env",    "nice",    "ionice", "nohup",
        "setsid", "timeout", "chrt", "taskset", "flock", "stdbuf", "unshare", "setpriv", "xargs",  "ip",
};

static const char *base_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static const char *find(const char *const *names, size_t n, const char *word, size_t length) {
        for (size_t i = 0; i < n; i++)
                if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
                        return names[i];
        return NULL;
}

/* Steps through the words of one argument; NULL after the last one. */
static const char *next_word(const char **position, size_t *ret_length) {
        const char *word = *position + strspn(*position, SEPARATORS);

        if (!*word)
                return NULL;
        *ret_length = strcspn(word, SEPARATORS);
        *position = word + *ret_length;
        return word;
}

static const char *find_in_argument(const char *argument) {
        const char *word, *found;
        size_t length;

        while ((word = next_word(&argument, &length))) {
                const char *slash = memrchr(word, '/', length);
                size_t skip = slash ? (size_t) (slash + 1 - word) : 0;

                found = find(escapes, ELEMENTSOF(escapes), word + skip, length - skip);
                if (found)
                        return found;
        }
        return NULL;
}

static const char *find_in_line(const ExecLine *line) {
        const char *program = base_name(line->path), *found;

        found = find(escapes, ELEMENTSOF(escapes), program, strlen(program));
        if (found || !find(wrappers, ELEMENTSOF(wrappers), program, strlen(program)))
                return found;
        for (char **arg = line->argv ? line->argv + 1 : NULL; arg && *arg && !found; arg++)
                found = find_in_argument(*arg);
        return found;
}

const char *exec_lines_find_escape(const ExecLines *lines) {
        for (size_t i = 0; i < lines->n; i++) {
                const char *found = find_in_line(lines->list + i);

                if (found)
                        return found;
        }
        return NULL;
}

static bool line_has_restart_policy(const ExecLine *line) {
        bool expect_policy = false;

        for (char **arg = line->argv; arg && *arg; arg++) {
                const char *position = *arg, *word;
                size_t length;

                while ((word = next_word(&position, &length))) {
                        if (expect_policy && !(length == 2 && memcmp(word, "no", 2) == 0))
                                return true;
                        expect_policy = length == strlen("--restart") && memcmp(word, "--restart", length) == 0;
                }
        }
        return false;
}

bool exec_lines_have_restart_policy(const ExecLines *lines) {
        for (size_t i = 0; i < lines->n; i++)
                if (find_in_line(lines->list + i) && line_has_restart_policy(lines->list + i))
                        return true;
        return false;
}
