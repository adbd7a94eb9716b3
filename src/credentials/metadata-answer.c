/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata-answer.h"

#include <string.h>

#include "keys.h"

#define ROLE_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-"

bool metadata_token_is_sound(const char *body, size_t size) {
        return size > 0 && strlen(body) == size && fits_a_header(body);
}

size_t metadata_role_length(const char *body, size_t size) {
        size_t length = strspn(body, ROLE_CHARACTERS);

        return length == size || body[length] == '\r' || body[length] == '\n' ? length : 0;
}
