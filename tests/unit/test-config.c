/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that are accepted, and what comes of them. */

#include "check.h"
#include "cleanup.h"
#include "config-input.h"
#include "strv.h"

#define _cleanup_config_ _cleanup_(config_freep)
#define ENVIRONMENT(...) ((char *const[]) { __VA_ARGS__, NULL })

/* NULL, and a failed check with the message, when it is refused. */
static Config *accept_with(const char *text, char *const *environment) {
        Config *config = NULL;
        ConfigError error = {};

        CHECK_EQ(parse_config(text, environment, &config, &error), 0);
        CHECK_STR(error.text, "");
        return config;
}

static Config *accept(const char *text) {
        return accept_with(text, NULL);
}

static void check_list(char *const *list, const char *expected) {
        _cleanup_free_ char *joined = strv_join(list, " ");

        CHECK_STR(joined, expected);
}

static void test_defaults(void) {
        _cleanup_config_ Config *c = accept(STORE_LINES);

        if (!c)
                return;
        CHECK_STR(c->instance, "validator");
        CHECK_STR(c->label, "validator");
        CHECK_STR(c->my_id, "node1");
        CHECK(!c->endpoint);
        check_list(c->target_units, "validator.service");
        CHECK(c->aws_environment && !*c->aws_environment);
        CHECK(!c->extra_cgroups && !c->aws_key_id && !c->aws_secret && !c->aws_session_token);
        CHECK(c->gap_us == 30 * USEC_PER_MINUTE && c->lease_us == 30 * USEC_PER_MINUTE);
        CHECK(c->renew_us == 2 * USEC_PER_MINUTE && c->poll_us == 10 * USEC_PER_SEC);
        CHECK(c->stop_timeout_us == USEC_INFINITY && c->max_clock_skew_us == 40 * USEC_PER_SEC);
        CHECK_EQ(c->on_target_exit, ON_TARGET_EXIT_RELEASE);
        CHECK_EQ(c->on_stuck, ON_STUCK_NONE);
        CHECK(!c->mixed_fleet && !c->require_watchdog && !c->accept_unchecked_table);
}

/* As its documentation has it, sourced by a shell; with CRLF, as after a detour by way of Windows. */
static void test_original_file(void) {
        static const char *const files[] = {
                "#!/bin/sh\n"
                "# cloudlock for the validator\n\n"
                "export cloudlock_aws_key_id=AKIAIOSFODNN7EXAMPLE\n"
                "export cloudlock_aws_secret=\"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\"\n"
                "export cloudlock_dynamodb_table='locks'   # one for all\n"
                "\texport  cloudlock_aws_region=us-east-2\n"
                "export cloudlock_lock_label=\"eth \"'validator'\\ 1\n"
                "cloudlock_my_id=node-a\n"
                "export cloudlock_my_id\n"
                "export cloudlock_restart_gap_min=45\n"
                "export cloudlock_lock_expiration_min=20\n"
                "export cloudlock_renew_time_min=1\n",
                "cloudlock_aws_key_id=AKIAIOSFODNN7EXAMPLE\r\n"
                "cloudlock_aws_secret='wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'\r\n\r\n"
                "; a comment\r\n"
                "cloudlock_dynamodb_table=locks\r\n"
                "cloudlock_aws_region=us-east-2\r\n"
                "cloudlock_lock_label='eth validator 1'\r\n"
                "cloudlock_my_id=node-a\r\n"
                "cloudlock_restart_gap_min=45\r\ncloudlock_lock_expiration_min=20\r\ncloudlock_renew_time_min=1",
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_config_ Config *c = accept(files[i]);

                if (!c)
                        continue;
                CHECK_STR(c->aws_key_id, "AKIAIOSFODNN7EXAMPLE");
                CHECK_STR(c->aws_secret, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
                CHECK_STR(c->table, "locks");
                CHECK_STR(c->region, "us-east-2");
                CHECK_STR(c->label, "eth validator 1");
                CHECK_STR(c->my_id, "node-a");
                CHECK(c->gap_us == 45 * USEC_PER_MINUTE && c->lease_us == 20 * USEC_PER_MINUTE);
                CHECK(c->renew_us == USEC_PER_MINUTE);
        }
}

static void test_every_new_key(void) {
        _cleanup_config_ Config *c = accept(
                STORE_LINES
                "cloudlock_aws_key_id=ASIAIOSFODNN7EXAMPLE\n"
                "cloudlock_aws_secret=abc+/=\n"
                "cloudlock_aws_session_token=IQoJb3JpZ2luX2VjEXAMPLE//8=\n"
                "cloudlock_dynamodb_endpoint=https://Store.Example:8443/\n"
                "cloudlock_target_unit='validator, beacon.service relay@2.service'\n"
                "cloudlock_extra_cgroups=/validator.slice,/machine.slice/x.slice\n"
                "cloudlock_restart_gap='1min 30s'\n"
                "cloudlock_lock_expiration=90s\n"
                "cloudlock_renew_time=10\n"
                "cloudlock_poll_time=1500ms\n"
                "cloudlock_stop_timeout=20s\n"
                "cloudlock_max_clock_skew=5s\n"
                "cloudlock_on_target_exit=hold\n"
                "cloudlock_on_stuck=reboot\n"
                "cloudlock_mixed_fleet=no\n"
                "cloudlock_require_watchdog=yes\n"
                "cloudlock_accept_unchecked_table=yes\n");

        if (!c)
                return;
        CHECK_STR(c->aws_session_token, "IQoJb3JpZ2luX2VjEXAMPLE//8=");
        CHECK_STR(c->endpoint, "https://store.example:8443");
        check_list(c->target_units, "validator.service beacon.service relay@2.service");
        check_list(c->extra_cgroups, "/validator.slice /machine.slice/x.slice");
        CHECK(c->gap_us == 90 * USEC_PER_SEC && c->lease_us == 90 * USEC_PER_SEC && c->renew_us == 10 * USEC_PER_SEC);
        CHECK(c->poll_us == 1500 * USEC_PER_MSEC && c->stop_timeout_us == 20 * USEC_PER_SEC);
        CHECK(c->max_clock_skew_us == 5 * USEC_PER_SEC);
        CHECK_EQ(c->on_target_exit, ON_TARGET_EXIT_HOLD);
        CHECK_EQ(c->on_stuck, ON_STUCK_REBOOT);
        CHECK(!c->mixed_fleet && c->require_watchdog && c->accept_unchecked_table);
}

/* Each value as sh reads it: printf '%s' VALUE gives the same. */
static void test_quotes(void) {
        static const struct {
                const char *written, *read;
        } values[] = {
                { "a#b", "a#b" },
                { "a #b", "a" },
                { "a\\#b", "a#b" },
                { "'a #b'", "a #b" },
                { "\"a\\\"b\"", "a\"b" },
                { "\"a\\\\b\\$\\`\"", "a\\b$`" },
                { "\"a\\nb\"", "a\\nb" },
                { "'a\\'b", "a\\b" },
                { "'it'\\''s'", "it's" },
                { "a''b\"\"c", "abc" },
                { "'$HOME `id`'", "$HOME `id`" },
                { "a=b", "a=b" },
                { "a\\ b", "a b" },
                { "\"it's\"", "it's" },
                { "'say \"hi\"'", "say \"hi\"" },
                { "b\xc3\xa4r", "b\xc3\xa4r" },
        };

        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                _cleanup_config_ Config *c = NULL;
                char text[256];

                snprintf(text, sizeof(text), "%scloudlock_lock_label=%s\n", STORE_LINES, values[i].written);
                c = accept(text);
                if (c)
                        CHECK_STR(c->label, values[i].read);
        }
}

static void test_environment(void) {
        _cleanup_config_ Config *c = accept_with(
                "cloudlock_aws_key_id=file\ncloudlock_aws_secret=file\ncloudlock_aws_region=file\n"
                "cloudlock_dynamodb_table=file\ncloudlock_dynamodb_endpoint=https://file\ncloudlock_my_id=file\n",
                ENVIRONMENT((char *) "cloudlock_aws_key_id=environment", (char *) "cloudlock_aws_secret=environment",
                            (char *) "cloudlock_aws_session_token=environment", (char *) "cloudlock_aws_region=environment",
                            (char *) "cloudlock_dynamodb_table=environment",
                            (char *) "cloudlock_dynamodb_endpoint=https://environment",
                            (char *) "cloudlock_my_id=environment", (char *) "AWS_REGION=other",
                            (char *) "AWS_ENDPOINT_URL=https://other"));

        if (!c)
                return;
        CHECK_STR(c->aws_key_id, "environment");
        CHECK_STR(c->aws_secret, "environment");
        CHECK_STR(c->aws_session_token, "environment");
        CHECK_STR(c->region, "environment");
        CHECK_STR(c->table, "environment");
        CHECK_STR(c->endpoint, "https://environment");
        CHECK_STR(c->my_id, "file");
}

static void test_no_region(void) {
        _cleanup_config_ Config *c = accept_with("cloudlock_dynamodb_table=locks\n", ENVIRONMENT((char *) "AWS_REGION=a-1"));

        CHECK(c && !c->region && !c->endpoint);
        if (c)
                check_list(c->aws_environment, "AWS_REGION=a-1");
}

static void test_variables(void) {
        static const struct {
                const char *lines;
                char *environment[4];
                const char *expected;
        } rows[] = {
                { "AWS_PROFILE=lock\nexport AWS_REGION='us-east-2'\nAWS_USE_FIPS_ENDPOINT=True\n", {},
                  "AWS_PROFILE=lock AWS_REGION=us-east-2 AWS_USE_FIPS_ENDPOINT=True" },
                /* Of the environment only what is known; what is empty there does not count. */
                { "AWS_PROFILE=file\nAWS_CONFIG_FILE=/file\n",
                  { (char *) "AWS_PROFILE=environment", (char *) "AWS_CONFIG_FILE=", (char *) "AWS_PAGER=less" },
                  "AWS_PROFILE=environment AWS_CONFIG_FILE=/file" },
                { "", { (char *) "HOME=/var/lib/x", (char *) "PATH=/bin", (char *) "SHELL=/bin/sh" }, "HOME=/var/lib/x PATH=/bin" },
                /* A key, its secret and its token come from one place. */
                { "AWS_ACCESS_KEY_ID=F\nAWS_SECRET_ACCESS_KEY=f\nAWS_SESSION_TOKEN=t\n",
                  { (char *) "AWS_SECRET_ACCESS_KEY=e", (char *) "AWS_ACCESS_KEY_ID=E" },
                  "AWS_ACCESS_KEY_ID=E AWS_SECRET_ACCESS_KEY=e" },
                /* The small letters would win, wherever they stand. */
                { "https_proxy=http://file\nno_proxy=file\n", { (char *) "HTTPS_PROXY=http://environment" },
                  "HTTPS_PROXY=http://environment no_proxy=file" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_config_ Config *c = NULL;
                char text[256];

                snprintf(text, sizeof(text), "%s%s", STORE_LINES, rows[i].lines);
                c = accept_with(text, rows[i].environment);
                if (c)
                        check_list(c->aws_environment, rows[i].expected);
        }
}

static void test_poll_follows_the_lease(void) {
        _cleanup_config_ Config *c = accept(STORE_LINES "cloudlock_lock_expiration=20s\ncloudlock_renew_time=2s\n");

        CHECK(c && c->poll_us == 5 * USEC_PER_SEC);
}

static void test_endpoints(void) {
        static const char *const urls[] = {
                "http://localhost:8000", "http://127.0.0.1", "http://127.1.2.3:65535", "http://[::1]:8000", "https://[2001:db8::1]",
                "https://10.0.0.1:1", "https://vpce-1a.dynamodb.us-east-1.vpce.amazonaws.com",
        };

        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                _cleanup_config_ Config *c = NULL;
                char text[256];

                snprintf(text, sizeof(text), "%scloudlock_dynamodb_endpoint=%s\n", STORE_LINES, urls[i]);
                c = accept(text);
                if (c)
                        CHECK_STR(c->endpoint, urls[i]);
        }
}

static void test_longest_names(void) {
        char name[256], text[1024];
        _cleanup_config_ Config *c = NULL;

        memset(name, 'n', sizeof(name));
        name[sizeof(name) - 1] = '\0';
        snprintf(text, sizeof(text), "%scloudlock_my_id=%s\ncloudlock_lock_label=%s\n", STORE_LINES, name, name);
        c = accept(text);
        if (!c)
                return;
        CHECK_STR(c->my_id, name);
        CHECK_STR(c->label, name);
}

static void test_warnings(void) {
        _cleanup_config_ Config *quiet = accept(STORE_LINES);
        _cleanup_config_ Config *loud = accept(STORE_LINES "cloudlock_restart_gap=10min\ncloudlock_mixed_fleet=yes\n"
                                               "cloudlock_accept_unchecked_table=yes\n");
        char text[CONFIG_ERROR_MAX];

        if (!quiet || !loud)
                return;
        config_warnings(quiet, text, sizeof(text));
        CHECK_STR(text, "");
        config_warnings(loud, text, sizeof(text));
        CHECK_STR(text,
                  "cloudlock_restart_gap (10min) is shorter than cloudlock_lock_expiration (30min): a gap of at least every "
                  "host's expiration also covers mistakes outside cloudlock.\n"
                  "cloudlock_mixed_fleet: every host's gap, also where the original runs, must be 2min or longer, and no two "
                  "hosts may have the same my_id.\n"
                  "cloudlock_accept_unchecked_table: if the table is an eventually consistent global table, two hosts can hold "
                  "this lock.\n");
}

static const Case cases[] = {
        { "the shortest file, and every default", test_defaults },
        { "a file that was written for the original", test_original_file },
        { "every key", test_every_new_key },
        { "quotation marks as sh reads them", test_quotes },
        { "the environment overrides the store's keys and no other", test_environment },
        { "region and endpoint may be said elsewhere", test_no_region },
        { "variables of AWS's tools, in the file and in the environment", test_variables },
        { "the poll time follows a short lease", test_poll_follows_the_lease },
        { "endpoints", test_endpoints },
        { "the longest names", test_longest_names },
        { "warnings", test_warnings },
};

int main(void) {
        return RUN_CASES(cases);
}
