/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The keys that requests are signed with: looked for along a chain of places, the first that has any decides. Asked
 * anew before each request, so that keys which change while the daemon runs are taken up. */

#include <stddef.h>

#define CREDENTIALS_ERROR_MAX 320

typedef struct Keys {
        char *key_id, *secret;
        char *session_token; /* NULL: none */
} Keys;

typedef struct Credentials Credentials;

/* What the configuration says; NULL where it says nothing. Copied. 0 or -ENOMEM. */
int credentials_new(const char *key_id, const char *secret, const char *session_token, Credentials **ret);
Credentials *credentials_free(Credentials *credentials);

static inline void credentials_freep(Credentials **c) {
        credentials_free(*c);
}

typedef enum CredentialsResult {
        CREDENTIALS_FOUND,
        CREDENTIALS_NONE,   /* no place of the chain has keys; `ret_error` says what to do */
        CREDENTIALS_BROKEN, /* the first place that has some has them incomplete or malformed; likewise */
} CredentialsResult;

/* *ret_keys belong to `credentials` and are valid until the next call. A CredentialsResult or -ENOMEM. */
int credentials_get(Credentials *credentials, const Keys **ret_keys, char ret_error[static CREDENTIALS_ERROR_MAX]);
