/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operator.h"

#include <unistd.h>

#include "strv.h"

/* The variables by which AWS's tools find keys; with one of the first kind, those of the shell are meant. */
static const struct {
        const char *name;
        bool names_keys;
} key_variables[] = {
        { "AWS_ACCESS_KEY_ID", true },
        { "AWS_SECRET_ACCESS_KEY", true },
        { "AWS_SESSION_TOKEN", false },
        { "AWS_PROFILE", true },
        { "AWS_SHARED_CREDENTIALS_FILE", true },
        { "AWS_CONFIG_FILE", false },
        { "AWS_WEB_IDENTITY_TOKEN_FILE", true },
        { "AWS_ROLE_ARN", false },
        { "AWS_ROLE_SESSION_NAME", false },
        { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", true },
        { "AWS_CONTAINER_CREDENTIALS_FULL_URI", true },
        { "AWS_CONTAINER_AUTHORIZATION_TOKEN", false },
        { "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", false },
        { "HOME", false },
        { "PATH", false },
};

static bool has_keys_of_shell(void) {
        for (size_t i = 0; i < ELEMENTSOF(key_variables); i++)
                if (key_variables[i].names_keys && environment_get(environ, key_variables[i].name))
                        return true;
        return false;
}

/* The daemon's environment with the shell's keys in it: proxies and trust stay those of the daemon. */
static int build_environment(const Config *config, bool shell_keys, char ***environment) {
        int r = 0;

        for (char *const *e = config->aws_environment; *e && r >= 0; e++)
                r = strv_extend(environment, *e);
        for (size_t i = 0; i < ELEMENTSOF(key_variables) && shell_keys && r >= 0; i++)
                r = environment_set(environment, key_variables[i].name,
                                    environment_get(environ, key_variables[i].name) ?: "");
        return r;
}

static void strv_free_secretsp(char ***v) {
        strv_free_secrets(*v);
}

int operator_session_open(const CheckContext *context, Session **ret, bool *ret_shell_keys) {
        _cleanup_(strv_free_secretsp) char **environment = NULL;
        const Config *config = context->config;
        bool shell_keys = has_keys_of_shell();
        int r = build_environment(config, shell_keys, &environment);

        if (r < 0)
                return r;
        *ret_shell_keys = shell_keys;
        return session_open(&(StoreConfig) {
                                    .region = context->place.region,
                                    .endpoint = context->place.endpoint,
                                    .table = config->table,
                                    .label = config->label,
                                    .aws_key_id = shell_keys ? NULL : config->aws_key_id,
                                    .aws_secret = shell_keys ? NULL : config->aws_secret,
                                    .aws_session_token = shell_keys ? NULL : config->aws_session_token,
                                    .environment = environment,
                                    .credentials_directory = shell_keys ? NULL : context->credentials.directory,
                                    .ca_bundle = context->profile->ca_bundle,
                            }, ret);
}
