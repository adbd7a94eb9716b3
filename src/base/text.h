/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Building text and overwriting secrets. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

/* snprintf() behind what `buf` already holds; text that does not fit is cut. */
void text_append(char *buf, size_t size, const char *format, ...) _printf_(3, 4);

/* Puts '?' in place of control characters: what comes from outside is not to be obeyed by terminals and journals. */
void text_strip_control(char *text);

/* NULL is no text at all. */
bool text_is(const char *text, const char *expected);

/* Whether there is a control character of ASCII in it, which might begin another line or header. */
bool text_has_control(const char *s);

/* RFC 3629: the length of the UTF-8 sequence that `text` begins with, 0 if there is none. */
size_t utf8_length(const char *text);

bool text_is_utf8(const char *s);

/* FNV-1a over `data`, continued from `hash` (start with FNV_START). Tells locks apart; not for secrets.
 * http://www.isthe.com/chongo/tech/comp/fnv/ */
#define FNV_START UINT64_C(0xcbf29ce484222325)
uint64_t fnv1a(uint64_t hash, const void *data, size_t size);

/* Overwrites and frees a secret; takes NULL and returns NULL. */
char *secret_free(char *secret);

static inline void secret_freep(char **p) {
        secret_free(*p);
}
#define _cleanup_secret_ _cleanup_(secret_freep)
