/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keys.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "text.h"

bool fits_a_header(const char *s) {
        for (; *s; s++)
                if (!isgraph((unsigned char) *s))
                        return false;
        return true;
}

static int copy(const char *text, char **ret) {
        *ret = text && *text ? strdup(text) : NULL;
        return text && *text && !*ret ? -ENOMEM : 0;
}

int keys_set(Keys *keys, const char *key_id, const char *secret, const char *session_token) {
        _cleanup_keys_ Keys copies = { 0 };

        if (copy(key_id, &copies.key_id) < 0 || copy(secret, &copies.secret) < 0 ||
            copy(session_token, &copies.session_token) < 0)
                return -ENOMEM;
        keys_done(keys);
        *keys = copies;
        copies = (Keys) { 0 };
        return 0;
}

void keys_done(Keys *keys) {
        keys->key_id = secret_free(keys->key_id);
        keys->secret = secret_free(keys->secret);
        keys->session_token = secret_free(keys->session_token);
}

bool keys_are_sound(const Keys *keys, const KeyNames *names, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        if (!keys->key_id || !keys->secret) {
                snprintf(ret_error, CREDENTIALS_ERROR_MAX, "%s%s is set and %s is not: set both, or neither",
                         keys->key_id ? names->key_id : names->secret, names->of,
                         keys->key_id ? names->secret : names->key_id);
                return false;
        }
        if (!fits_a_header(keys->key_id) || !fits_a_header(keys->secret) ||
            (keys->session_token && !fits_a_header(keys->session_token))) {
                snprintf(ret_error, CREDENTIALS_ERROR_MAX,
                         "one of %s, %s and %s%s has a blank or a control character in it: copy it again", names->key_id,
                         names->secret, names->session_token, names->of);
                return false;
        }
        return true;
}
