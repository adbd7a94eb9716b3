/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "file.h"
#include "text.h"

int files_read(const char *path, size_t size_max, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) && strcmp(path, "/dev/null") != 0)
                return S_ISDIR(st.st_mode) ? -EISDIR : -ENOTTY;
        return read_small_fd(fd, size_max, ret, ret_size);
}

static bool is_printable(const char *s) {
        for (; *s; s++)
                if (!isprint((unsigned char) *s))
                        return false;
        return true;
}

int files_read_line(const char *path, size_t size_max, char **ret) {
        _cleanup_secret_ char *data = NULL;
        size_t size = 0, begin = 0;
        char *word;
        int r = files_read(path, size_max, &data, &size);

        if (r < 0)
                return r;
        while (size > 0 && isspace((unsigned char) data[size - 1]))
                data[--size] = '\0';
        while (begin < size && isspace((unsigned char) data[begin]))
                begin++;
        if (begin == size || strlen(data) != size || !is_printable(data + begin))
                return -EBADMSG;
        word = strdup(data + begin);
        if (!word)
                return -ENOMEM;
        *ret = word;
        return 0;
}

unsigned long long files_mark(const char *path) {
        uint64_t hash = FNV_START;
        struct stat st;

        if (stat(path, &st) < 0)
                return 0;
        hash = fnv1a(hash, &st.st_dev, sizeof(st.st_dev));
        hash = fnv1a(hash, &st.st_ino, sizeof(st.st_ino));
        hash = fnv1a(hash, &st.st_size, sizeof(st.st_size));
        hash = fnv1a(hash, &st.st_mtim, sizeof(st.st_mtim));
        return fnv1a(hash, &st.st_ctim, sizeof(st.st_ctim));
}
