/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "file.h"
#include "permit-text.h"

/* As long as the configuration that the settings come from may be, and the boot's line. */
#define PERMIT_SIZE_MAX (CONFIG_SIZE_MAX + 4096)

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

static int permit_write(int fd, const char boot_id[ID128_TEXT_SIZE], const Settings *settings, char *const *cgroups) {
        _cleanup_fclose_ FILE *file = NULL;
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

        if (copy < 0)
                return -errno;
        file = fdopen(copy, "w");
        if (!file)
                return close(copy), -ENOMEM;
        return permit_format(file, boot_id, settings, cgroups);
}

int permit_take(const char *instance, const char boot_id[ID128_TEXT_SIZE], const Settings *settings, char *const *cgroups) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        _cleanup_close_ int fd = -1;
        char path[RUN_PATH_MAX];
        int r;

        permit_path(instance, path);
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = permit_write(fd, boot_id, settings, cgroups);
        if (r < 0) {
                unlink(path); /* nothing starts by it, and --finish has nothing to do */
                return r;
        }
        if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int permit_check(const char *instance, char ret_boot_id[ID128_TEXT_SIZE]) {
        /* Asking for a lock, not taking one: that could get in the way of a guard that starts. */
        struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -1;
        char path[RUN_PATH_MAX], boot_id[ID128_TEXT_SIZE];
        size_t size;
        int r;

        permit_path(instance, path);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        r = read_small_fd(fd, PERMIT_SIZE_MAX, &text, &size);
        if (r < 0)
                return r;
        r = permit_parse_boot(text, size, boot_id);
        if (r < 0)
                return r;
        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
                return -errno;
        if (lock.l_type == F_UNLCK)
                return -ENOENT;
        memcpy(ret_boot_id, boot_id, sizeof(boot_id));
        return 0;
}

int permit_settings(const char *instance, Settings *ret) {
        _cleanup_free_ char *text = NULL;
        char path[RUN_PATH_MAX];
        int r;

        permit_path(instance, path);
        r = read_small_file(path, PERMIT_SIZE_MAX, &text, NULL);
        return r < 0 ? r : permit_parse(text, ret);
}
