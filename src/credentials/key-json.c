/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "key-json.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "foreign.h"
#include "json.h"
#include "text.h"
#include "time-stamp.h"

typedef struct Dialect {
        const char *token;
        bool token_is_needed, expiry_is_needed;
} Dialect;

static const Dialect dialects[] = {
        [KEY_JSON_PROCESS] = { "SessionToken", false, false },
        [KEY_JSON_CONTAINER] = { "Token", false, false },
        [KEY_JSON_INSTANCE] = { "Token", true, true },
};

static void wipe_and_put(json_object **object) {
        json_put_wiped(*object);
}

static int refuse_missing(const char *name, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        snprintf(ret_error, CREDENTIALS_ERROR_MAX, "has no %s", name);
        return -EINVAL;
}

static int check_version(json_object *object, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        json_object *version;

        if (!json_object_object_get_ex(object, "Version", &version))
                return snprintf(ret_error, CREDENTIALS_ERROR_MAX, "has no \"Version\": 1"), -EINVAL;
        if (!json_object_is_type(version, json_type_int) || json_object_get_int64(version) != 1)
                return snprintf(ret_error, CREDENTIALS_ERROR_MAX, "is of another Version than 1"), -EINVAL;
        return 0;
}

/* IMDS answers with 200 also where the role can't be had. */
static int check_code(json_object *object, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        const char *code = json_string_member(object, "Code");
        char code_text[FOREIGN_TEXT_MAX + 1], message[FOREIGN_TEXT_MAX + 1];

        if (!code || strcmp(code, "Success") == 0)
                return 0;
        snprintf(ret_error, CREDENTIALS_ERROR_MAX, "says %s: %s", foreign_text(code, code_text),
                 foreign_text(json_string_member(object, "Message") ?: "no reason", message));
        return -EINVAL;
}

static int parse_expiry(const Dialect *dialect, json_object *object, int64_t *ret_s,
                        char ret_error[static CREDENTIALS_ERROR_MAX]) {
        json_object *member;
        bool there = json_object_object_get_ex(object, "Expiration", &member) && member;
        const char *text = there ? json_string_member(object, "Expiration") : NULL;

        if (!there)
                return *ret_s = 0, dialect->expiry_is_needed ? refuse_missing("Expiration", ret_error) : 0;
        if (!text || time_stamp_parse(text, ret_s) < 0)
                return snprintf(ret_error, CREDENTIALS_ERROR_MAX, "has an Expiration that is no time of ISO 8601"), -EINVAL;
        return 0;
}

/* A string, or not there, or null; `*ret` is NULL where it is not there. */
static int text_member(json_object *object, const char *name, const char **ret,
                       char ret_error[static CREDENTIALS_ERROR_MAX]) {
        json_object *member;

        *ret = NULL;
        if (!json_object_object_get_ex(object, name, &member) || !member)
                return 0;
        *ret = json_string_member(object, name);
        if (*ret && fits_a_header(*ret))
                return 0;
        snprintf(ret_error, CREDENTIALS_ERROR_MAX, "has a %s that is no word", name);
        return -EINVAL;
}

static int parse_keys(const Dialect *dialect, json_object *object, Keys *ret,
                      char ret_error[static CREDENTIALS_ERROR_MAX]) {
        const char *key_id, *secret, *token;

        if (text_member(object, "AccessKeyId", &key_id, ret_error) < 0 ||
            text_member(object, "SecretAccessKey", &secret, ret_error) < 0 ||
            text_member(object, dialect->token, &token, ret_error) < 0)
                return -EINVAL;
        if (!key_id || !*key_id)
                return refuse_missing("AccessKeyId", ret_error);
        if (!secret || !*secret)
                return refuse_missing("SecretAccessKey", ret_error);
        if (dialect->token_is_needed && (!token || !*token))
                return refuse_missing(dialect->token, ret_error);
        return keys_set(ret, key_id, secret, token);
}

int key_json_parse(KeyJsonKind kind, const char *data, size_t size, Keys *ret, int64_t *ret_expires_s,
                   char ret_error[static CREDENTIALS_ERROR_MAX]) {
        _cleanup_(wipe_and_put) json_object *object = NULL;
        _cleanup_keys_ Keys keys = { 0 };
        int64_t expires_s = 0;
        int r = json_parse(data, size, &object);

        if (r < 0)
                return r;
        if (r != JSON_PROBLEM_NONE) {
                snprintf(ret_error, CREDENTIALS_ERROR_MAX, "is not JSON: it %s", json_problem_text(r));
                return -EINVAL;
        }
        r = kind == KEY_JSON_PROCESS ? check_version(object, ret_error) : check_code(object, ret_error);
        if (r >= 0)
                r = parse_keys(&dialects[kind], object, &keys, ret_error);
        if (r >= 0)
                r = parse_expiry(&dialects[kind], object, &expires_s, ret_error);
        if (r < 0)
                return r;
        keys_done(ret);
        *ret = keys;
        keys = (Keys) { 0 };
        *ret_expires_s = expires_s;
        return 0;
}

void key_json_error(const char *data, size_t size, size_t text_size, char *ret_text) {
        _cleanup_(wipe_and_put) json_object *object = NULL;
        char text[FOREIGN_TEXT_MAX + 1];
        const char *code, *message;

        ret_text[0] = '\0';
        if (json_parse(data, size, &object) != JSON_PROBLEM_NONE)
                return;
        code = json_string_member(object, "code") ?: json_string_member(object, "Code");
        message = json_string_member(object, "message") ?: json_string_member(object, "Message");
        if (code)
                text_append(ret_text, text_size, "%s", foreign_text(code, text));
        if (message)
                text_append(ret_text, text_size, "%s%s", code ? ": " : "", foreign_text(message, text));
}
