/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A pair of keys: copied, checked and wiped. */

#include <stdbool.h>

#include "credentials.h"

/* What goes into a header must not begin another one: printable, and no blanks. */
bool fits_a_header(const char *s);

/* Copies, in place of what is there; NULL and empty strings become NULL. 0, or -ENOMEM with `keys` as before. */
int keys_set(Keys *keys, const char *key_id, const char *secret, const char *session_token);

/* Wipes and frees what is in it. */
void keys_done(Keys *keys);
#define _cleanup_keys_ _cleanup_(keys_done)

/* How the operator knows them. */
typedef struct KeyNames {
        const char *key_id, *secret, *session_token;
        const char *of; /* behind the names: " of profile x in …", or "" */
} KeyNames;

/* Both or neither, and nothing in them that a header can't hold. Writes a sentence where it is not so. */
bool keys_are_sound(const Keys *keys, const KeyNames *names, char ret_error[static CREDENTIALS_ERROR_MAX]);
