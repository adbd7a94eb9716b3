/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drop-ins.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"

static void drop_in_done(DropIn *drop_in) {
        free(drop_in->path);
        free(drop_in->before);
        free(drop_in->after);
}

void drop_ins_done(DropIns *drop_ins) {
        for (size_t i = 0; i < drop_ins->n; i++)
                drop_in_done(&drop_ins->list[i]);
        free(drop_ins->list);
        *drop_ins = (DropIns) {};
}

int drop_ins_add(DropIns *drop_ins, const char *path, const char *after) {
        _cleanup_(drop_in_done) DropIn drop_in = {};
        DropIn *grown;
        int r;

        r = read_small_file(path, DROP_IN_SIZE_MAX, &drop_in.before, NULL);
        if (r < 0 && r != -ENOENT)
                return r;
        drop_in.path = strdup(path);
        drop_in.after = after ? strdup(after) : NULL;
        if (!drop_in.path || (after && !drop_in.after))
                return -ENOMEM;
        grown = reallocarray(drop_ins->list, drop_ins->n + 1, sizeof(DropIn));
        if (!grown)
                return -ENOMEM;
        drop_ins->list = grown;
        drop_ins->list[drop_ins->n++] = drop_in;
        drop_in = (DropIn) {};
        return 0;
}

static bool same_text(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_in_place(const DropIn *drop_in) {
        return same_text(drop_in->before, drop_in->after);
}

bool drop_ins_are_in_place(const DropIns *drop_ins) {
        for (size_t i = 0; i < drop_ins->n; i++)
                if (!is_in_place(&drop_ins->list[i]))
                        return false;
        return true;
}

/* What a power cut must not take away: a target whose drop-in is gone starts without the lock. 0 or a negative
 * errno. */
static int sync_directory(const char *directory) {
        _cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        return syncfs(fd) < 0 ? -errno : 0;
}

/* Makes the file hold `text`, or be gone with NULL; its directory comes and goes with it. */
static int put_text(const char *path, const char *text) {
        _cleanup_free_ char *directory = strndup(path, (size_t) (strrchr(path, '/') - path));
        int r;

        if (!directory)
                return -ENOMEM;
        if (!text) {
                if (unlink(path) < 0 && errno != ENOENT)
                        return -errno;
                /* Whatever else the operator keeps in there stays. */
                if (rmdir(directory) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
                        return -errno;
                return 0;
        }
        if (mkdir(directory, 0755) < 0 && errno != EEXIST)
                return -errno;
        r = write_file_atomic(path, text, strlen(text));
        if (r < 0) {
                (void) rmdir(directory);
                return r;
        }
        return sync_directory(directory);
}

static int revert_first(const DropIns *drop_ins, size_t n) {
        int result = 0;

        for (size_t i = n; i > 0; i--) {
                const DropIn *drop_in = &drop_ins->list[i - 1];
                int r = is_in_place(drop_in) ? 0 : put_text(drop_in->path, drop_in->before);

                if (r < 0 && result == 0)
                        result = r;
        }
        return result;
}

int drop_ins_apply(const DropIns *drop_ins, const char **ret_path) {
        for (size_t i = 0; i < drop_ins->n; i++) {
                const DropIn *drop_in = &drop_ins->list[i];
                int r = is_in_place(drop_in) ? 0 : put_text(drop_in->path, drop_in->after);

                if (r < 0) {
                        revert_first(drop_ins, i + 1);
                        *ret_path = drop_in->path;
                        return r;
                }
        }
        return 0;
}

int drop_ins_revert(const DropIns *drop_ins) {
        return revert_first(drop_ins, drop_ins->n);
}

static void print_indented(FILE *out, const char *text) {
        while (*text) {
                size_t length = strcspn(text, "\n");

                fprintf(out, "    %.*s\n", (int) length, text);
                text += length + (text[length] == '\n');
        }
}

void drop_ins_print(const DropIns *drop_ins, FILE *out, bool with_text) {
        for (size_t i = 0; i < drop_ins->n; i++) {
                const DropIn *drop_in = &drop_ins->list[i];

                if (is_in_place(drop_in))
                        continue;
                fprintf(out, "%s %s\n",
                        !drop_in->after ? "Remove" : drop_in->before ? "Replace" : "Create", drop_in->path);
                if (with_text && drop_in->after)
                        print_indented(out, drop_in->after);
        }
}
