/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "config-internal.h"
#include "parse.h"
#include "strv.h"
#include "text.h"

/* The original's, which its documentation promises. */
#define GAP_US_DEFAULT (30 * USEC_PER_MINUTE)
#define LEASE_US_DEFAULT (30 * USEC_PER_MINUTE)
#define RENEW_US_DEFAULT (2 * USEC_PER_MINUTE)

int place_refuse(const Place *place, const char *format, ...) {
        char *text = place->error->text;
        size_t size = sizeof(place->error->text);
        va_list ap;

        snprintf(text, size, "%s:", place->source);
        if (place->line > 0)
                text_append(text, size, "%u:", place->line);
        if (place->key)
                text_append(text, size, " %s:", place->key);
        text_append(text, size, " ");
        va_start(ap, format);
        vsnprintf(text + strlen(text), size - strlen(text), format, ap);
        va_end(ap);
        text_strip_control(text);
        return -EINVAL;
}

Config *config_free(Config *config) {
        if (!config)
                return NULL;
        secret_free(config->aws_key_id);
        secret_free(config->aws_secret);
        secret_free(config->aws_session_token);
        free(config->instance);
        free(config->region);
        free(config->table);
        free(config->endpoint);
        free(config->label);
        free(config->my_id);
        strv_free_secrets(config->aws_environment);
        strv_free(config->target_units);
        strv_free(config->extra_cgroups);
        free(config);
        return NULL;
}

static Config *config_new(void) {
        Config *config = calloc(1, sizeof(*config));

        if (!config)
                return NULL;
        config->gap_us = GAP_US_DEFAULT;
        config->lease_us = LEASE_US_DEFAULT;
        config->renew_us = RENEW_US_DEFAULT;
        config->stop_timeout_us = USEC_INFINITY;
        config->max_clock_skew_us = CLOCK_SKEW_US_DEFAULT;
        return config;
}

static Place file_place(const Draft *draft, unsigned line) {
        return (Place) { .source = draft->input->file_name, .line = line, .error = draft->error };
}

static int read_line(Draft *draft, unsigned number, const char *line, size_t length) {
        const Place place = file_place(draft, number);
        _cleanup_free_ char *key = NULL;
        _cleanup_secret_ char *value = NULL;
        const char *problem;
        int r;

        if (memchr(line, 0, length))
                return place_refuse(&place, "a NUL byte; expected text; write the file anew");
        r = config_line_parse(line, length, &key, &value, &problem);
        if (r == -EINVAL)
                return place_refuse(&place, "%s", problem);
        if (r <= 0)
                return r;
        return draft_set(draft, number, key, value);
}

static int read_lines(Draft *draft) {
        const char *line = draft->input->data, *end = line + draft->input->size;
        const Place place = file_place(draft, 0);

        if (draft->input->size > CONFIG_SIZE_MAX)
                return place_refuse(&place, "the file is too long; expected at most %d bytes", CONFIG_SIZE_MAX);
        for (unsigned number = 1; line < end; number++) {
                const char *next = memchr(line, '\n', (size_t) (end - line));
                int r = read_line(draft, number, line, (size_t) ((next ? next : end) - line));

                if (r < 0)
                        return r;
                line = next ? next + 1 : end;
        }
        return 0;
}

static int check_credentials(Draft *draft) {
        const Config *c = draft->config;
        const Place place = file_place(draft, 0);

        if (!c->aws_key_id != !c->aws_secret)
                return place_refuse(&place, "%s is set and %s is not; expected both or neither; %s",
                                    c->aws_key_id ? "cloudlock_aws_key_id" : "cloudlock_aws_secret",
                                    c->aws_key_id ? "cloudlock_aws_secret" : "cloudlock_aws_key_id",
                                    "add the other, or remove it to use the keys of another source, such as AWS's "
                                    "variables, files or roles");
        if (c->aws_session_token && !c->aws_key_id)
                return place_refuse(&place, "cloudlock_aws_session_token is set without cloudlock_aws_key_id and "
                                    "cloudlock_aws_secret; expected the three that belong together; add them");
        return 0;
}

static int check_store(Draft *draft) {
        const Place place = file_place(draft, 0);
        int r = check_credentials(draft);

        if (r < 0)
                return r;
        if (!draft->config->table)
                return place_refuse(&place, "cloudlock_dynamodb_table is not set; expected the name of the DynamoDB table "
                                    "that holds the lock; add a line such as cloudlock_dynamodb_table=locks");
        return 0;
}

/* The defaults that come from the host and the instance, judged like values of the file. */
static int complete_names(Draft *draft) {
        const ConfigInput *input = draft->input;
        Config *c = draft->config;
        Place place = file_place(draft, 0);
        int r = 0;

        place.key = "cloudlock_lock_label (default: the instance's name)";
        if (!c->label)
                r = set_label(NULL, &place, input->instance, &c->label);
        if (r < 0)
                return r;
        place.key = "cloudlock_my_id (default: the host's name)";
        if (!c->my_id && (!input->host_name || !*input->host_name))
                return place_refuse(&place, "this host has no name; add a line such as cloudlock_my_id=node1");
        if (!c->my_id)
                r = set_my_id(NULL, &place, input->host_name, &c->my_id);
        if (r < 0)
                return r;
        place.key = "cloudlock_target_unit (default: the instance's name)";
        return c->target_units ? 0 : set_target_units(NULL, &place, input->instance, &c->target_units);
}

static int draft_read(Draft *draft) {
        const Place place = file_place(draft, 0);
        int r;

        if (!instance_name_is_valid(draft->input->instance))
                return place_refuse(&place, "the instance's name is not usable; expected 1 to %d of A-Z a-z 0-9 : _ . - \\; "
                                    "rename the file", INSTANCE_NAME_MAX);
        draft->config->instance = strdup(draft->input->instance);
        if (!draft->config->instance)
                return -ENOMEM;
        r = read_lines(draft);
        if (r >= 0)
                r = draft_override(draft);
        if (r >= 0)
                r = draft_override_variables(draft);
        if (r >= 0)
                r = check_store(draft);
        if (r >= 0)
                r = complete_names(draft);
        return r < 0 ? r : draft_check_times(draft);
}

int config_parse(const ConfigInput *input, Config **ret, ConfigError *ret_error) {
        _cleanup_(config_freep) Config *config = config_new();
        Draft draft = { .input = input, .error = ret_error, .config = config };
        int r;

        if (!config)
                return -ENOMEM;
        r = draft_read(&draft);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(config);
        return 0;
}

void config_warnings(const Config *config, char *buf, size_t size) {
        char gap[SPAN_TEXT_MAX], lease[SPAN_TEXT_MAX];

        if (size == 0)
                return;
        *buf = '\0';
        if (config->gap_us < config->lease_us)
                text_append(buf, size, "cloudlock_restart_gap (%s) is shorter than cloudlock_lock_expiration (%s): a gap of "
                            "at least every host's expiration also covers mistakes outside cloudlock.\n",
                            format_span(gap, sizeof(gap), config->gap_us), format_span(lease, sizeof(lease), config->lease_us));
        if (config->mixed_fleet)
                text_append(buf, size, "cloudlock_mixed_fleet: every host's gap, also where the original runs, must be 2min or "
                            "longer, and no two hosts may have the same my_id.\n");
        if (config->accept_unchecked_table)
                text_append(buf, size, "cloudlock_accept_unchecked_table: if the table is an eventually consistent global "
                            "table, two hosts can hold this lock.\n");
}
