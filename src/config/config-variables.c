/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The variables of AWS's tools, in the file beside our own keys or in the environment. What they mean is decided
 * elsewhere; here they are only taken together, and judged where that needs nothing else. */

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "config-internal.h"
#include "strv.h"
#include "text.h"

/* Variables that mean something together only: where the environment sets one, the file's others are not added, so that
 * no session token meets a key that it does not belong to. */
typedef enum Group {
        GROUP_NONE,
        GROUP_KEYS,
        GROUP_PROXY,
        GROUP_NO_PROXY,
} Group;

typedef struct Variable {
        const char *name;
        KeySetter judge; /* NULL: any text, for now. Only of the file, whose line can be named */
        Group group;
        bool environment_only;
} Variable;

static int set_true_false(const Key *key, const Place *place, const char *value, void *field) {
        (void) key;
        (void) field;
        if (strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0)
                return 0;
        return place_refuse(place, "this is neither true nor false; write one of the two");
}

static const Variable variables[] = {
        { "AWS_ACCESS_KEY_ID", set_aws_key_id, GROUP_KEYS },
        { "AWS_SECRET_ACCESS_KEY", set_aws_secret, GROUP_KEYS },
        { "AWS_SESSION_TOKEN", set_aws_session_token, GROUP_KEYS },
        { "AWS_PROFILE" },
        { "AWS_CONFIG_FILE" },
        { "AWS_SHARED_CREDENTIALS_FILE" },
        { "AWS_REGION", set_region },
        { "AWS_DEFAULT_REGION", set_region },
        { "AWS_ENDPOINT_URL", set_endpoint },
        { "AWS_ENDPOINT_URL_DYNAMODB", set_endpoint },
        { "AWS_ENDPOINT_URL_STS", set_endpoint },
        { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", set_true_false },
        { "AWS_USE_FIPS_ENDPOINT", set_true_false },
        { "AWS_USE_DUALSTACK_ENDPOINT", set_true_false },
        { "AWS_CA_BUNDLE" },
        { "AWS_ROLE_ARN" },
        { "AWS_ROLE_SESSION_NAME" },
        { "AWS_WEB_IDENTITY_TOKEN_FILE" },
        { "AWS_STS_REGIONAL_ENDPOINTS" },
        { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" },
        { "AWS_CONTAINER_CREDENTIALS_FULL_URI" },
        { "AWS_CONTAINER_AUTHORIZATION_TOKEN" },
        { "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" },
        { "AWS_EC2_METADATA_DISABLED" },
        { "AWS_EC2_METADATA_SERVICE_ENDPOINT" },
        { "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE" },
        { "HTTPS_PROXY", .group = GROUP_PROXY },
        { "https_proxy", .group = GROUP_PROXY },
        { "NO_PROXY", .group = GROUP_NO_PROXY },
        { "no_proxy", .group = GROUP_NO_PROXY },
        { "HOME", .environment_only = true },
        { "PATH", .environment_only = true },
};

_Static_assert(ELEMENTSOF(variables) == VARIABLES, "Draft.variable_lines has another length");

const char *variable_name(size_t i) {
        return i < ELEMENTSOF(variables) && !variables[i].environment_only ? variables[i].name : NULL;
}

static int add(char ***environment, const char *name, const char *value) {
        _cleanup_secret_ char *assignment = NULL;

        if (asprintf(&assignment, "%s=%s", name, value) < 0)
                return assignment = NULL, -ENOMEM;
        return strv_extend(environment, assignment);
}

static int add_line(Draft *draft, const Variable *variable, unsigned line, const char *value) {
        const Place place = {
                .source = draft->input->file_name, .line = line, .key = variable->name, .error = draft->error,
        };
        unsigned *set_at = &draft->variable_lines[variable - variables];
        _cleanup_secret_ char *judged = NULL;
        int r;

        if (variable->environment_only)
                return place_refuse(&place, "this is taken from the program's environment alone; remove the line");
        if (*set_at > 0)
                return place_refuse(&place, "line %u sets it already; remove one of the two", *set_at);
        if (!*value)
                return place_refuse(&place, "the value is empty; give one, or remove the line");
        *set_at = line;
        r = variable->judge ? variable->judge(NULL, &place, value, &judged) : 0;
        return r < 0 ? r : add(&draft->config->aws_environment, variable->name, value);
}

int draft_set_variable(Draft *draft, unsigned line, const char *name, const char *value) {
        for (size_t i = 0; i < ELEMENTSOF(variables); i++)
                if (strcmp(variables[i].name, name) == 0) {
                        int r = add_line(draft, &variables[i], line, value);

                        return r < 0 ? r : 1;
                }
        return 0;
}

/* Whether the environment sets the variable, or another one that goes with it. */
static bool is_overridden(const Draft *draft, const Variable *variable) {
        for (size_t i = 0; i < ELEMENTSOF(variables); i++)
                if ((&variables[i] == variable || (variable->group && variables[i].group == variable->group)) &&
                    environment_get(draft->input->environment, variables[i].name))
                        return true;
        return false;
}

/* The environment's values, and of the file's those that it leaves standing. */
static int merge(const Draft *draft, char ***environment) {
        for (size_t i = 0; i < ELEMENTSOF(variables); i++) {
                const char *name = variables[i].name;
                const Place place = { .source = "environment", .key = name, .error = draft->error };
                const char *value = environment_get(draft->input->environment, name);
                int r;

                if (value && text_has_control(value))
                        return place_refuse(&place, "a control character is in the value; set it anew without");
                if (!value && !is_overridden(draft, &variables[i]))
                        value = environment_get(draft->config->aws_environment, name);
                if (!value)
                        continue;
                r = add(environment, name, value);
                if (r < 0)
                        return r;
        }
        return 0;
}

int draft_override_variables(Draft *draft) {
        char **merged = calloc(1, sizeof(char *)); /* empty, not NULL */
        int r = merged ? merge(draft, &merged) : -ENOMEM;

        if (r < 0) {
                strv_free_secrets(merged);
                return r;
        }
        strv_free_secrets(draft->config->aws_environment);
        draft->config->aws_environment = merged;
        return 0;
}
