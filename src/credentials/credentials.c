/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credentials.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

struct Credentials {
        Keys configured;
        Keys current;
};

/* What one place of the chain holds: borrowed strings, NULL or empty where there is nothing. */
typedef struct Found {
        const char *key_id, *secret, *session_token;
} Found;

typedef struct Place {
        void (*look)(const Credentials *credentials, Found *ret);
        const char *key_id_name, *secret_name, *session_token_name; /* as the operator knows them */
} Place;

static void look_in_configuration(const Credentials *credentials, Found *ret) {
        *ret = (Found) {
                .key_id = credentials->configured.key_id,
                .secret = credentials->configured.secret,
                .session_token = credentials->configured.session_token,
        };
}

static void look_in_environment(const Credentials *credentials _unused_, Found *ret) {
        *ret = (Found) {
                .key_id = getenv("AWS_ACCESS_KEY_ID"),
                .secret = getenv("AWS_SECRET_ACCESS_KEY"),
                .session_token = getenv("AWS_SESSION_TOKEN"),
        };
}

/* In the order in which an AWS user expects them. */
static const Place chain[] = {
        { look_in_configuration, "cloudlock_aws_key_id", "cloudlock_aws_secret", "cloudlock_aws_session_token" },
        { look_in_environment, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN" },
};

static bool is_set(const char *s) {
        return s && *s;
}

/* What goes into a header must not begin another one. */
static bool fits_a_header(const char *s) {
        for (; *s; s++)
                if (!isgraph((unsigned char) *s))
                        return false;
        return true;
}

static void keys_clear(Keys *keys) {
        keys->key_id = secret_free(keys->key_id);
        keys->secret = secret_free(keys->secret);
        keys->session_token = secret_free(keys->session_token);
}

static int keys_set(Keys *keys, const Found *found) {
        Keys copy = {
                .key_id = is_set(found->key_id) ? strdup(found->key_id) : NULL,
                .secret = is_set(found->secret) ? strdup(found->secret) : NULL,
                .session_token = is_set(found->session_token) ? strdup(found->session_token) : NULL,
        };

        if ((is_set(found->key_id) && !copy.key_id) || (is_set(found->secret) && !copy.secret) ||
            (is_set(found->session_token) && !copy.session_token)) {
                keys_clear(&copy);
                return -ENOMEM;
        }
        keys_clear(keys);
        *keys = copy;
        return 0;
}

int credentials_new(const char *key_id, const char *secret, const char *session_token, Credentials **ret) {
        _cleanup_(credentials_freep) Credentials *credentials = calloc(1, sizeof(Credentials));
        int r;

        if (!credentials)
                return -ENOMEM;
        r = keys_set(&credentials->configured, &(Found) { key_id, secret, session_token });
        if (r < 0)
                return r;
        *ret = TAKE_PTR(credentials);
        return 0;
}

Credentials *credentials_free(Credentials *credentials) {
        if (!credentials)
                return NULL;
        keys_clear(&credentials->configured);
        keys_clear(&credentials->current);
        free(credentials);
        return NULL;
}

static bool is_sound(const Place *place, const Found *found, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        const char *missing = !is_set(found->key_id) ? place->key_id_name : place->secret_name;
        const char *present = !is_set(found->key_id) ? place->secret_name : place->key_id_name;

        if (!is_set(found->key_id) || !is_set(found->secret)) {
                snprintf(ret_error, CREDENTIALS_ERROR_MAX, "%s is set and %s is not: set both, or neither", present,
                         missing);
                return false;
        }
        if (!fits_a_header(found->key_id) || !fits_a_header(found->secret) ||
            (found->session_token && !fits_a_header(found->session_token))) {
                snprintf(ret_error, CREDENTIALS_ERROR_MAX,
                         "one of %s, %s and %s has a blank or a control character in it: copy it again",
                         place->key_id_name, place->secret_name, place->session_token_name);
                return false;
        }
        return true;
}

int credentials_get(Credentials *credentials, const Keys **ret_keys, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        for (size_t i = 0; i < ELEMENTSOF(chain); i++) {
                Found found;
                int r;

                chain[i].look(credentials, &found);
                if (!is_set(found.key_id) && !is_set(found.secret))
                        continue;
                if (!is_sound(&chain[i], &found, ret_error))
                        return CREDENTIALS_BROKEN;
                r = keys_set(&credentials->current, &found);
                if (r < 0)
                        return r;
                *ret_keys = &credentials->current;
                return CREDENTIALS_FOUND;
        }
        snprintf(ret_error, CREDENTIALS_ERROR_MAX,
                 "there are no AWS keys: set cloudlock_aws_key_id and cloudlock_aws_secret, or AWS_ACCESS_KEY_ID and "
                 "AWS_SECRET_ACCESS_KEY in the environment");
        return CREDENTIALS_NONE;
}
