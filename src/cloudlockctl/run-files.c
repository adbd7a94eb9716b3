/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "file.h"

#define RUN_DIRECTORY "/run/cloudlock-run"
#define UNIT_DIRECTORY "/run/systemd/system"

/* The last run of others may remove the directory above just when we have made it. */
#define DIRECTORY_TRIES_MAX 10

static const char *const own_names[] = { "stdout", "stderr", "environment", "ticket" };

void run_files_done(RunFiles *files) {
        closep(&files->lock_fd);
        closep(&files->out_fd);
        closep(&files->err_fd);
        free(files->directory);
        free(files->unit_path);
        free(files->drop_in_directory);
        free(files->drop_in_path);
        *files = (RunFiles) RUN_FILES_EMPTY;
}

static int set_paths(RunFiles *files, const char *instance, const char *unit) {
        char **paths[] = { &files->directory, &files->unit_path, &files->drop_in_directory, &files->drop_in_path };
        bool failed = asprintf(paths[0], RUN_DIRECTORY "/%s", instance) < 0 ||
                      asprintf(paths[1], UNIT_DIRECTORY "/%s", unit) < 0 ||
                      asprintf(paths[2], UNIT_DIRECTORY "/cloudlock-guard@%s.service.d", instance) < 0 ||
                      /* Not by the name that bind uses in /etc, which would hide this one. */
                      asprintf(paths[3], "%s/zzzz-cloudlock-run.conf", files->drop_in_directory) < 0;

        return failed ? -ENOMEM : 0;
}

static int make_directory(const char *path, mode_t mode) {
        return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

static int make_own_directory(const RunFiles *files) {
        int r = -ENOENT;

        for (int i = 0; i < DIRECTORY_TRIES_MAX && r == -ENOENT; i++) {
                r = make_directory(RUN_DIRECTORY, 0700);
                if (r >= 0)
                        r = make_directory(files->directory, 0700);
        }
        return r;
}

/* The directory above goes with the last one in it. */
static int remove_own_directory(const RunFiles *files) {
        int r = rmdir(files->directory) < 0 && errno != ENOENT ? -errno : 0;

        (void) rmdir(RUN_DIRECTORY);
        return r;
}

static int take_lock(RunFiles *files) {
        struct stat st;
        int r = make_own_directory(files);

        if (r < 0)
                return r;
        files->lock_fd = open(files->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (files->lock_fd < 0 || flock(files->lock_fd, LOCK_EX | LOCK_NB) < 0 || fstat(files->lock_fd, &st) < 0)
                return -errno;
        /* Another run's that was removed between our two steps. */
        return st.st_nlink == 0 ? -EWOULDBLOCK : 0;
}

int run_files_open(const char *instance, const char *unit, RunFiles *ret) {
        _cleanup_run_files_ RunFiles files = RUN_FILES_EMPTY;
        int r = set_paths(&files, instance, unit);

        if (r >= 0)
                r = take_lock(&files);
        if (r < 0)
                return r;
        *ret = files;
        files = (RunFiles) RUN_FILES_EMPTY;
        return 0;
}

void run_files_forget(const RunFiles *files) {
        (void) remove_own_directory(files);
}

/* Whoever runs the command may open /dev/stdout anew; the directory keeps all others out. */
static int make_pipe(const RunFiles *files, const char *name, int *ret_fd) {
        int fd;

        if (mkfifoat(files->lock_fd, name, 0666) < 0 || fchmodat(files->lock_fd, name, 0666, 0) < 0)
                return -errno;
        fd = openat(files->lock_fd, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

/* `mode` from the beginning: the environment is nobody else's to read. */
static int write_own(const RunFiles *files, const char *name, const char *text) {
        _cleanup_close_ int fd = openat(files->lock_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        size_t size = strlen(text);

        if (fd < 0)
                return -errno;
        while (size > 0) {
                ssize_t n = write(fd, text, size);

                if (n < 0)
                        return -errno;
                text += n;
                size -= (size_t) n;
        }
        return 0;
}

static int remove_at(int directory_fd, const char *name) {
        return unlinkat(directory_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int remove_own(const RunFiles *files) {
        int result = 0;

        for (size_t i = 0; i < ELEMENTSOF(own_names); i++) {
                int r = remove_at(files->lock_fd, own_names[i]);

                if (r < 0 && result == 0)
                        result = r;
        }
        return result;
}

static int put_own(RunFiles *files, const RunTexts *texts) {
        int r = remove_own(files);

        if (r >= 0)
                r = make_pipe(files, "stdout", &files->out_fd);
        if (r >= 0)
                r = make_pipe(files, "stderr", &files->err_fd);
        if (r >= 0)
                r = write_own(files, "environment", texts->environment);
        return r < 0 ? r : write_own(files, "ticket", "");
}

int run_files_put(RunFiles *files, const RunTexts *texts) {
        mode_t mask = umask(0022);
        int r = put_own(files, texts);

        if (r >= 0)
                r = write_file_atomic(files->unit_path, texts->unit, strlen(texts->unit));
        if (r >= 0)
                r = make_directory(files->drop_in_directory, 0755);
        if (r >= 0)
                r = write_file_atomic(files->drop_in_path, texts->drop_in, strlen(texts->drop_in));
        umask(mask);
        return r;
}

/* The guard must not name a unit that is gone, so its drop-in goes first. The lock is the last to go. */
int run_files_remove(const RunFiles *files) {
        int results[] = {
                remove_at(AT_FDCWD, files->drop_in_path),
                /* Whatever else is kept in there stays. */
                rmdir(files->drop_in_directory) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT ? -errno
                                                                                                                : 0,
                remove_at(AT_FDCWD, files->unit_path),
                remove_own(files),
                remove_own_directory(files),
        };

        for (size_t i = 0; i < ELEMENTSOF(results); i++)
                if (results[i] < 0)
                        return results[i];
        return 0;
}
