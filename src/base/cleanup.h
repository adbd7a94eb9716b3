/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Ownership: every owning local carries a cleanup attribute; what leaves the function is taken out of it by name. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)
#define _cleanup_strv_ _cleanup_(strv_freep)
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))

/* Hands the pointer over to the caller and leaves NULL behind. */
#define TAKE_PTR(p)                            \
        ({                                     \
                __typeof__(p) *_pp = &(p);     \
                __typeof__(p) _v = *_pp;       \
                *_pp = NULL;                   \
                _v;                            \
        })

/* The same for a file descriptor; leaves -EBADF's habitual -1 behind. */
#define TAKE_FD(fd)                \
        ({                         \
                int *_fp = &(fd);  \
                int _v = *_fp;     \
                *_fp = -1;         \
                _v;                \
        })

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define MAX(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })

static inline void freep(void *p) {
        free(*(void **) p);
}

static inline void closep(const int *fd) {
        if (*fd >= 0)
                close(*fd);
}

static inline void fclosep(FILE **f) {
        if (*f)
                fclose(*f);
}

static inline void closedirp(DIR **directory) {
        if (*directory)
                closedir(*directory);
}

/* NULL-terminated vectors of strings. strv_free() takes NULL and returns NULL. */
char **strv_free(char **v);

static inline void strv_freep(char ***v) {
        strv_free(*v);
}
