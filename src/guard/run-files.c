/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "cleanup.h"
#include "file.h"

static void permit_path(const char *instance, char ret[RUN_PATH_MAX]) {
        /* RuntimeDirectory= of the guard's unit: PID 1 makes it before the guard and removes it after --finish. */
        snprintf(ret, RUN_PATH_MAX, "/run/cloudlock-guard/%s/permit", instance);
}

void lease_directory(const char *instance, char ret[RUN_PATH_MAX]) {
        snprintf(ret, RUN_PATH_MAX, "/run/cloudlock/%s", instance);
}

int lease_read(const char *instance, Lease *ret) {
        _cleanup_free_ char *data = NULL;
        char path[RUN_PATH_MAX];
        size_t size;
        int r;

        snprintf(path, sizeof(path), "/run/cloudlock/%s/lease", instance);
        r = read_small_file(path, LEASE_TEXT_MAX, &data, &size);
        if (r == -ELOOP || r == -ENOTTY || r == -EFBIG || r == -ENXIO || r == -ENOTDIR)
                return -EBADMSG; /* a link, a FIFO, a socket: whatever it is, no lease */
        return r < 0 ? r : lease_parse(data, size, ret);
}

int permit_take(const char *instance) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        _cleanup_close_ int fd = -1;
        char path[RUN_PATH_MAX];

        permit_path(instance, path);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
                return -errno;
        return TAKE_FD(fd);
}

bool permit_exists(const char *instance) {
        char path[RUN_PATH_MAX];

        permit_path(instance, path);
        return access(path, F_OK) == 0;
}

int permit_check(const char *instance) {
        /* Asking for a lock, not taking one: that could get in the way of a guard that starts. */
        struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
        _cleanup_close_ int fd = -1;
        char path[RUN_PATH_MAX];

        permit_path(instance, path);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
                return -errno;
        return lock.l_type == F_UNLCK ? -ENOENT : 0;
}
