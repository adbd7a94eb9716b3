/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ca-bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

/* 0 or a negative errno. Never waits, whatever it is that is there. */
static int open_file(const char *path, FILE **ret) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat status;

        if (fd < 0 || fstat(fd, &status) < 0)
                return -errno;
        if (S_ISDIR(status.st_mode))
                return -EISDIR;
        if (!S_ISREG(status.st_mode))
                return -EINVAL;
        *ret = fdopen(fd, "re");
        if (!*ret)
                return -errno;
        TAKE_FD(fd);
        return 0;
}

static bool has_certificate(FILE *file) {
        X509 *certificate = PEM_read_X509_AUX(file, NULL, NULL, NULL);
        bool has = certificate;

        X509_free(certificate);
        ERR_clear_error();
        return has;
}

int ca_bundle_check(const char *path, char ret_problem[static CA_BUNDLE_PROBLEM_MAX]) {
        _cleanup_fclose_ FILE *file = NULL;
        int r = open_file(path, &file);

        if (r < 0)
                snprintf(ret_problem, CA_BUNDLE_PROBLEM_MAX, "which can't be read: %s", strerror(-r));
        else if (!has_certificate(file))
                snprintf(ret_problem, CA_BUNDLE_PROBLEM_MAX, "which holds no certificate in PEM form");
        else
                return 0;
        return -EINVAL;
}
