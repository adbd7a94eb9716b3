/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What fuzzers share. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert(), which a build may leave out. */
#define require(holds) ((holds) ? (void) 0 : fuzz_failed(__FILE__, __LINE__, #holds))

_Noreturn static inline void fuzz_failed(const char *file, int line, const char *what) {
        fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
        abort();
}

/* The bytes up to a NUL as a text of the exact size, so that the sanitizer sees a read beyond it; the caller's to free. */
static inline char *fuzz_text(const uint8_t *data, size_t size) {
        char *text = strndup((const char *) data, size);

        require(text);
        return text;
}

/* Cuts the first line off: returns it, and moves *rest behind it. */
static inline char *fuzz_line(char **rest) {
        return strsep(rest, "\n") ?: (char *) "";
}
