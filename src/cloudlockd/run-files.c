/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "file.h"

#define RUN_PATH_MAX 256

static const char *run_path(char buf[RUN_PATH_MAX], const char *instance, const char *name) {
        snprintf(buf, RUN_PATH_MAX, RUN_DIRECTORY "/%s/%s", instance, name);
        return buf;
}

int journal_read(const char *instance, Journal *ret) {
        _cleanup_free_ char *data = NULL;
        char path[RUN_PATH_MAX];
        int r = read_small_file(run_path(path, instance, "journal"), JOURNAL_TEXT_MAX, &data, NULL);

        return r < 0 ? r : journal_parse(data, ret);
}

int journal_write(const char *instance, const Identity *identity, const LockWrite *write) {
        char path[RUN_PATH_MAX], text[JOURNAL_TEXT_MAX];

        journal_format(identity, write->journal, write->n_journal, text);
        return write_file_atomic(run_path(path, instance, "journal"), text, strlen(text));
}

static int remove_file(const char *instance, const char *name) {
        char path[RUN_PATH_MAX];

        return unlink(run_path(path, instance, name)) < 0 && errno != ENOENT ? -errno : 0;
}

int journal_remove(const char *instance) {
        return remove_file(instance, "journal");
}

int lease_file_read(const char *instance, Lease *ret) {
        _cleanup_free_ char *data = NULL;
        char path[RUN_PATH_MAX];
        size_t size;
        int r = read_small_file(run_path(path, instance, "lease"), LEASE_TEXT_MAX, &data, &size);

        return r < 0 ? r : lease_parse(data, size, ret);
}

int lease_file_write(const char *instance, const Lease *lease) {
        char path[RUN_PATH_MAX], text[LEASE_TEXT_MAX];
        size_t size;
        int r = lease_format(lease, text, sizeof(text), &size);

        return r < 0 ? r : write_file_atomic(run_path(path, instance, "lease"), text, size);
}

int lease_file_remove(const char *instance) {
        return remove_file(instance, "lease");
}

static int take_flock(const char *path, int *ret_fd) {
        _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int flock_instance(const char *instance, int *ret_fd) {
        char path[RUN_PATH_MAX];

        return take_flock(run_path(path, instance, "flock"), ret_fd);
}

/* Beside the instances' directories; an instance's name has no '#'. */
int flock_lock(const char *lock_id, int *ret_fd) {
        char path[RUN_PATH_MAX];

        snprintf(path, sizeof(path), RUN_DIRECTORY "/#%s", lock_id);
        return take_flock(path, ret_fd);
}

bool has_control_socket(const char *instance) {
        char path[RUN_PATH_MAX];

        return access(run_path(path, instance, "control"), F_OK) == 0;
}
