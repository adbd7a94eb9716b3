/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The places where keys lie as they are: the configuration, systemd's credentials, the environment. */

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "files.h"
#include "source.h"
#include "strv.h"

#define FILE_SIZE_MAX ((size_t) 16 * 1024)

/* What was found is the answer, or says what is wrong with it. */
static int judge(const KeyNames *names, Found *ret) {
        if (!keys_are_sound(&ret->keys, names, ret->error))
                keys_done(&ret->keys);
        return 1;
}

bool configured_is_configured(const Surroundings *around) {
        return around->configured.key_id || around->configured.secret;
}

int configured_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch _unused_) {
        const Keys *keys = &request->around->configured;
        int r = keys_set(&ret->keys, keys->key_id, keys->secret, keys->session_token);

        snprintf(ret->source, sizeof(ret->source), "cloudlock_aws_key_id and cloudlock_aws_secret");
        return r < 0 ? r : judge(&(KeyNames) { "cloudlock_aws_key_id", "cloudlock_aws_secret",
                                               "cloudlock_aws_session_token", "" }, ret);
}

static bool is_there(const char *directory, const char *name) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", directory, name) < 0)
                return path = NULL, false;
        return access(path, F_OK) == 0;
}

bool directory_is_configured(const Surroundings *around) {
        return around->directory && (is_there(around->directory, "aws_key_id") || is_there(around->directory, "aws_secret"));
}

/* 0; 1: it can't be used, and ret->error says why; negative errno. */
static int read_credential(const char *directory, const char *name, char **text, Found *ret) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (asprintf(&path, "%s/%s", directory, name) < 0)
                return path = NULL, -ENOMEM;
        r = files_read_line(path, FILE_SIZE_MAX, text);
        if (r >= 0 || r == -ENOMEM)
                return r;
        if (r == -ENOENT)
                return 0;
        snprintf(ret->error, sizeof(ret->error), "systemd's credential %s %s: correct what LoadCredential= or "
                 "LoadCredentialEncrypted= of the unit names", name,
                 r == -EBADMSG ? "is empty, or has a blank or a control character in it" : strerror(-r));
        return 1;
}

int directory_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch _unused_) {
        const char *directory = request->around->directory;
        int r;

        snprintf(ret->source, sizeof(ret->source), "systemd's credentials aws_key_id and aws_secret");
        r = read_credential(directory, "aws_key_id", &ret->keys.key_id, ret);
        if (r == 0)
                r = read_credential(directory, "aws_secret", &ret->keys.secret, ret);
        if (r == 0)
                r = read_credential(directory, "aws_session_token", &ret->keys.session_token, ret);
        if (r != 0) {
                keys_done(&ret->keys);
                return r;
        }
        return judge(&(KeyNames) { "aws_key_id", "aws_secret", "aws_session_token", " of systemd's credentials" }, ret);
}

bool environment_is_configured(const Surroundings *around) {
        return environment_get(around->environment, "AWS_ACCESS_KEY_ID") ||
               environment_get(around->environment, "AWS_SECRET_ACCESS_KEY");
}

int environment_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch _unused_) {
        char *const *environment = request->around->environment;
        int r = keys_set(&ret->keys, environment_get(environment, "AWS_ACCESS_KEY_ID"),
                         environment_get(environment, "AWS_SECRET_ACCESS_KEY"),
                         environment_get(environment, "AWS_SESSION_TOKEN"));

        snprintf(ret->source, sizeof(ret->source), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
        return r < 0 ? r : judge(&(KeyNames) { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "" }, ret);
}
