/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

/* Of what is written, whatever the umask: the guard reads the lease as root without capabilities, PID 1's drop-ins are
 * anybody's to look at. */
#define FILE_MODE 0644

/* One byte more than allowed tells "just fits" from "too long". */
static int read_up_to(int fd, size_t size_max, char *data, size_t *ret_size) {
        size_t size = 0;

        while (size <= size_max) {
                ssize_t n = read(fd, data + size, size_max + 1 - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
        }
        *ret_size = size;
        return size > size_max ? -EFBIG : 0;
}

int read_small_fd(int fd, size_t size_max, char **ret, size_t *ret_size) {
        _cleanup_free_ char *data = malloc(size_max + 2);
        size_t size = 0;
        int r;

        if (!data)
                return -ENOMEM;
        r = read_up_to(fd, size_max, data, &size);
        if (r < 0) {
                explicit_bzero(data, size_max + 2); /* it may be a secret */
                return r;
        }
        data[size] = '\0';
        *ret = TAKE_PTR(data);
        if (ret_size)
                *ret_size = size;
        return 0;
}

int read_small_file(const char *path, size_t size_max, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -ENOTTY;
        return read_small_fd(fd, size_max, ret, ret_size);
}

static int write_all(int fd, const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data += n;
                size -= (size_t) n;
        }
        return 0;
}

int write_file_atomic(const char *path, const char *data, size_t size) {
        _cleanup_free_ char *temporary = NULL;
        _cleanup_close_ int fd = -1;
        int r;

        if (asprintf(&temporary, "%s.new", path) < 0)
                return temporary = NULL, -ENOMEM;
        fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
        if (fd < 0)
                return -errno;
        r = fchmod(fd, FILE_MODE) < 0 ? -errno : write_all(fd, data, size);
        if (r >= 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0)
                unlink(temporary);
        return r;
}
