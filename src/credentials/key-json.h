/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keys as JSON, in the three dialects of AWS. Pure; strict. */

#include <stddef.h>
#include <stdint.h>

#include "keys.h"

typedef enum KeyJsonKind {
        KEY_JSON_PROCESS,   /* "Version": 1, SessionToken and Expiration optional */
        KEY_JSON_CONTAINER, /* Token and Expiration optional */
        KEY_JSON_INSTANCE,  /* "Code": "Success", Token and Expiration */
} KeyJsonKind;

/* *ret_expires_s: seconds since the epoch; 0: never. 0; -EINVAL with a clause ("has no AccessKeyId"), that quotes none of
 * the keys; -ENOMEM. */
int key_json_parse(KeyJsonKind kind, const char *data, size_t size, Keys *ret, int64_t *ret_expires_s,
                   char ret_error[static CREDENTIALS_ERROR_MAX]);

/* An error as these services send it, {"code": …, "message": …}, in whatever case; writes "code: message", made
 * printable, or nothing where it is none. */
void key_json_error(const char *data, size_t size, size_t text_size, char *ret_text);
