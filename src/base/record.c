/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"

#include <stdio.h>
#include <string.h>

#define SUFFIX_LENGTH (1 + HOLDER_DIGITS)

char *holder_name(char *buf, size_t size, const char *holder) {
        size_t length = strlen(holder), bare;

        if (length > SUFFIX_LENGTH) {
                bare = length - SUFFIX_LENGTH;
                if (holder[bare] == '#' && strspn(holder + bare + 1, "0123456789abcdef") == HOLDER_DIGITS)
                        length = bare;
        }
        snprintf(buf, size, "%.*s", (int) length, holder);
        return buf;
}
