/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "file.h"
#include "strv.h"

/* As long as the configuration that the settings come from may be, and the boot's line. */
#define PERMIT_SIZE_MAX (CONFIG_SIZE_MAX + 4096)

#define BOOT_KEY "boot="
#define TARGET_KEY "target="
#define EXTRA_CGROUP_KEY "extra_cgroup="

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

static int write_lines(FILE *file, const char *boot_id, const Settings *settings) {
        fprintf(file, BOOT_KEY "%s\n", boot_id);
        for (char **target = settings->targets; target && *target; target++)
                fprintf(file, TARGET_KEY "%s\n", *target);
        for (char **path = settings->extra_cgroups; path && *path; path++)
                fprintf(file, EXTRA_CGROUP_KEY "%s\n", *path);
        return fflush(file) == 0 ? 0 : -errno;
}

int permit_take(const char *instance, const char boot_id[ID128_TEXT_SIZE], const Settings *settings) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        _cleanup_fclose_ FILE *file = NULL;
        _cleanup_close_ int fd = -1;
        char path[RUN_PATH_MAX];
        int r, copy;

        permit_path(instance, path);
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0)
                return -errno;
        file = fdopen(copy, "w");
        if (!file)
                return close(copy), -ENOMEM;
        r = write_lines(file, boot_id, settings);
        if (r < 0)
                return r;
        if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int permit_check(const char *instance, char ret_boot_id[ID128_TEXT_SIZE]) {
        /* Asking for a lock, not taking one: that could get in the way of a guard that starts. */
        struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
        static const size_t key_size = sizeof(BOOT_KEY) - 1;
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -1;
        char path[RUN_PATH_MAX];
        size_t size;
        int r;

        permit_path(instance, path);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        r = read_small_fd(fd, PERMIT_SIZE_MAX, &text, &size);
        if (r < 0)
                return r;
        if (size < key_size + ID128_TEXT_SIZE || strncmp(text, BOOT_KEY, key_size) != 0)
                return -EBADMSG;
        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
                return -errno;
        if (lock.l_type == F_UNLCK)
                return -ENOENT;
        snprintf(ret_boot_id, ID128_TEXT_SIZE, "%s", text + key_size);
        return 0;
}

static int add_line(Settings *settings, const char *line) {
        if (strncmp(line, TARGET_KEY, strlen(TARGET_KEY)) == 0)
                return strv_extend(&settings->targets, line + strlen(TARGET_KEY));
        if (strncmp(line, EXTRA_CGROUP_KEY, strlen(EXTRA_CGROUP_KEY)) == 0)
                return strv_extend(&settings->extra_cgroups, line + strlen(EXTRA_CGROUP_KEY));
        return 0;
}

int permit_settings(const char *instance, Settings *ret) {
        _cleanup_settings_ Settings settings = {};
        _cleanup_free_ char *text = NULL;
        _cleanup_strv_ char **lines = NULL;
        char path[RUN_PATH_MAX];
        int r;

        permit_path(instance, path);
        r = read_small_file(path, PERMIT_SIZE_MAX, &text, NULL);
        if (r < 0)
                return r;
        r = strv_split(text, "\n", &lines);
        for (char **line = lines; r >= 0 && line && *line; line++)
                r = add_line(&settings, *line);
        if (r < 0)
                return r;
        *ret = settings;
        settings = (Settings){};
        return 0;
}
