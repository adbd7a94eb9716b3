/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state-files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cleanup.h"
#include "file.h"
#include "run-files.h"

#define STATE_PATH_MAX 512
#define PAUSED_TEXT "An operator paused this lock on this host: \"cloudlockctl resume\" ends it.\n"
#define KEPT_TEXT "An operator keeps this lock whatever its target does: \"cloudlockctl unkeep\" ends it.\n"

/* PID 1 makes the directory: StateDirectory=. */
static int state_path(char buf[static STATE_PATH_MAX], const char *name) {
        const char *directory = getenv("STATE_DIRECTORY");

        if (!directory)
                return -ENOTDIR;
        return snprintf(buf, STATE_PATH_MAX, "%s/%s", directory, name) < STATE_PATH_MAX ? 0 : -ENAMETOOLONG;
}

static void kept_path(char buf[static STATE_PATH_MAX], const char *instance) {
        snprintf(buf, STATE_PATH_MAX, RUN_DIRECTORY "/%s/kept", instance);
}

static bool is_there(const char *path) {
        return access(path, F_OK) >= 0 || errno != ENOENT;
}

bool state_is_paused(void) {
        char path[STATE_PATH_MAX];

        return state_path(path, "paused") >= 0 && is_there(path);
}

bool state_is_kept(const char *instance) {
        char path[STATE_PATH_MAX];

        kept_path(path, instance);
        return is_there(path);
}

static int sync_path(const char *path, int flags) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags);

        if (fd < 0)
                return -errno;
        return fsync(fd) < 0 ? -errno : 0;
}

static int remove_path(const char *path) {
        return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Nobody holds the lock here while it is paused: the loop may wait for the disk. */
int state_set_paused(bool paused) {
        char path[STATE_PATH_MAX];
        int r = state_path(path, "paused");

        if (r < 0)
                return r;
        r = paused ? write_file_atomic(path, PAUSED_TEXT, strlen(PAUSED_TEXT)) : remove_path(path);
        if (r >= 0 && paused)
                r = sync_path(path, 0);
        return r < 0 ? r : sync_path(getenv("STATE_DIRECTORY"), O_DIRECTORY);
}

int state_set_kept(const char *instance, bool kept) {
        char path[STATE_PATH_MAX];

        kept_path(path, instance);
        return kept ? write_file_atomic(path, KEPT_TEXT, strlen(KEPT_TEXT)) : remove_path(path);
}

int state_read_history(History *ret) {
        _cleanup_free_ char *text = NULL;
        char path[STATE_PATH_MAX];
        int r = state_path(path, "history");

        if (r >= 0)
                r = read_small_file(path, HISTORY_TEXT_MAX, &text, NULL);
        return r < 0 ? r : history_parse(text, ret);
}

int state_write_history(const History *history) {
        char path[STATE_PATH_MAX], text[HISTORY_TEXT_MAX];
        int r = state_path(path, "history");

        if (r < 0)
                return r;
        history_format(history, text);
        return write_file_atomic(path, text, strlen(text));
}
