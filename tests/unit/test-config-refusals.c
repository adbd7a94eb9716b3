/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that are refused, with the very words: each names the place, what is wrong, what was expected, what to do. */

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "cleanup.h"
#include "config-input.h"
#include "time-limits.h"

#define _cleanup_config_ _cleanup_(config_freep)
#define SECRET "wJalrXUtnFEMI"

typedef struct Refusal {
        const char *line; /* the third of its file, behind STORE_LINES */
        const char *message; /* behind CONFIG_FILE ":3: " */
} Refusal;

static void check_refused(const char *text, char *const *environment, const char *expected) {
        _cleanup_config_ Config *config = NULL;
        ConfigError error = {};

        CHECK_EQ(parse_config(text, environment, &config, &error), -EINVAL);
        CHECK(config == NULL);
        CHECK_STR(error.text, expected);
}

static void check_lines(const Refusal *refusals, size_t n) {
        for (size_t i = 0; i < n; i++) {
                char text[512], expected[CONFIG_ERROR_MAX];

                snprintf(text, sizeof(text), "%s%s\n", STORE_LINES, refusals[i].line);
                snprintf(expected, sizeof(expected), "%s:3: %s", CONFIG_FILE, refusals[i].message);
                check_refused(text, NULL, expected);
        }
}

#define CHECK_LINES(refusals) check_lines((refusals), ELEMENTSOF(refusals))

#define NO_ASSIGNMENT "this is no assignment; expected KEY=VALUE, without blanks around the '='"
#define EXPANSION "'$' and '`' are not expanded in this file; write the value itself, or put it in single quotes"
#define META "one of ;&|<>() stands outside quotation marks; put the value in single quotes"
#define UNCLOSED "a quotation mark is not closed on this line; close it"
#define TRAILING "something follows the value; expected one assignment a line; put a value with blanks in quotation marks"

static void test_syntax(void) {
        static const Refusal refusals[] = {
                { "cloudlock_my_id", NO_ASSIGNMENT },
                { "cloudlock_my_id = x", NO_ASSIGNMENT },
                { "cloudlock_my_id= x", NO_ASSIGNMENT },
                { "cloudlock_aws_secret " SECRET, NO_ASSIGNMENT },
                { "export", NO_ASSIGNMENT },
                { "=x", NO_ASSIGNMENT },
                { "9a=x", NO_ASSIGNMENT },
                { "[Section]", NO_ASSIGNMENT },
                { "cloudlock_my_id=$(hostname)", EXPANSION },
                { "cloudlock_my_id=\"$HOSTNAME\"", EXPANSION },
                { "cloudlock_my_id=`hostname`", EXPANSION },
                { "cloudlock_my_id=a;", META },
                { "cloudlock_my_id=a&b", META },
                { "cloudlock_my_id='a", UNCLOSED },
                { "cloudlock_my_id=\"a\\\"", UNCLOSED },
                { "cloudlock_my_id=a b", TRAILING },
                { "cloudlock_my_id=a cloudlock_lock_label=b", TRAILING },
                { "cloudlock_my_id=a\\", "a line cannot be continued with '\\'; write the assignment on one line" },
                { "cloudlock_my_id=a\tb", TRAILING },
                { "cloudlock_my_id='a\tb'", "a control character is in the value; remove it" },
                { "cloudlock_my_id=a\rb", "a control character is in the value; remove it" },
                { "cloudlock_my_id=", "cloudlock_my_id: the value is empty; give one, or remove the line" },
                { "cloudlock_my_id=''", "cloudlock_my_id: the value is empty; give one, or remove the line" },
        };

        CHECK_LINES(refusals);
}

static void test_keys(void) {
        static const Refusal refusals[] = {
                { "cloudlock_aws_secert=x", "unknown key cloudlock_aws_secert; did you mean cloudlock_aws_secret?" },
                { "CLOUDLOCK_MY_ID=x", "unknown key CLOUDLOCK_MY_ID; did you mean cloudlock_my_id?" },
                { "lock_label=x", "unknown key; did you mean cloudlock_lock_label?" },
                { "cloudlock_color=x",
                  "unknown key cloudlock_color; expected one of those in cloudlock.conf(5); remove the line" },
                { SECRET "=x", "unknown key; expected one of those in cloudlock.conf(5); remove the line" },
                { "cloudlock_aws_region=x", "cloudlock_aws_region: line 2 sets it already; remove one of the two" },
        };

        CHECK_LINES(refusals);
        check_refused(STORE_LINES "cloudlock_renew_time=60s\ncloudlock_renew_time_min=1\n", NULL,
                      CONFIG_FILE ":4: cloudlock_renew_time_min: line 3 sets the same time by cloudlock_renew_time; remove one "
                      "of the two");
}

#define URL_REST "; expected https://HOST[:PORT], or http:// with localhost, 127.0.0.1 or [::1]; leave the line out for AWS's own"

static void test_store_values(void) {
        static const Refusal refusals[] = {
                { "cloudlock_aws_key_id='" SECRET " x'",
                  "cloudlock_aws_key_id: this is no AWS access key id; expected at most 128 letters and digits; copy it from the "
                  "IAM console again" },
                { "cloudlock_aws_secret='" SECRET " x'",
                  "cloudlock_aws_secret: this is no AWS secret access key; expected at most 256 characters without blanks; copy "
                  "it from the IAM console again" },
                { "cloudlock_aws_session_token=\"" SECRET " x\"",
                  "cloudlock_aws_session_token: this is no AWS session token; expected at most 8192 characters without blanks; "
                  "copy it again, on one line" },
                { "cloudlock_dynamodb_endpoint=dynamodb.example",
                  "cloudlock_dynamodb_endpoint: the value is no https URL" URL_REST },
                { "cloudlock_dynamodb_endpoint=https://",
                  "cloudlock_dynamodb_endpoint: the value is no https URL" URL_REST },
                { "cloudlock_dynamodb_endpoint=https://a/path",
                  "cloudlock_dynamodb_endpoint: the value is more, or less, than https://HOST[:PORT]" URL_REST },
                { "cloudlock_dynamodb_endpoint=https://user:" SECRET "@a",
                  "cloudlock_dynamodb_endpoint: the value is more, or less, than https://HOST[:PORT]" URL_REST },
                { "cloudlock_dynamodb_endpoint=https://a:65536",
                  "cloudlock_dynamodb_endpoint: the value is more, or less, than https://HOST[:PORT]" URL_REST },
                { "cloudlock_dynamodb_endpoint=http://127.0.0.1.example",
                  "cloudlock_dynamodb_endpoint: the value is unencrypted and leads off this machine" URL_REST },
                { "cloudlock_dynamodb_endpoint=http://localhost.example",
                  "cloudlock_dynamodb_endpoint: the value is unencrypted and leads off this machine" URL_REST },
        };

        CHECK_LINES(refusals);
        check_refused("cloudlock_aws_region=EU", NULL, CONFIG_FILE ":1: cloudlock_aws_region: \"EU\" is no AWS region; expected a "
                      "name such as eu-central-1; see the table's ARN");
        check_refused("cloudlock_dynamodb_table=ab", NULL, CONFIG_FILE ":1: cloudlock_dynamodb_table: \"ab\" is no DynamoDB "
                      "table's name; expected 3 to 255 of A-Z a-z 0-9 _ - .; give the name, not the ARN");
}

#define NAME "this is too long, or not text; expected 1 to 255 bytes of UTF-8 without control characters; choose a shorter, plainer name"

static void test_names(void) {
        static const Refusal refusals[] = {
                { "cloudlock_my_id=a#b",
                  "cloudlock_my_id: \"a#b\" contains a '#', which separates this name from the machine's in the table; choose a "
                  "name without it" },
                { "cloudlock_my_id=\xff", "cloudlock_my_id: " NAME },
                { "cloudlock_lock_label=\xc0\x80", "cloudlock_lock_label: " NAME },
                { "cloudlock_lock_label=\xed\xa0\x80", "cloudlock_lock_label: " NAME },
                { "cloudlock_lock_label=\xc2\x85", "cloudlock_lock_label: " NAME },
                { "cloudlock_lock_label=a\xc3", "cloudlock_lock_label: " NAME },
        };
        char text[512];

        CHECK_LINES(refusals);
        snprintf(text, sizeof(text), "%scloudlock_my_id=%0256d\n", STORE_LINES, 0);
        check_refused(text, NULL, CONFIG_FILE ":3: cloudlock_my_id: " NAME);
}

#define GROUP_REST "; expected an absolute one below the root, without \".\", \"..\" or a slash at the end, such as /validator.slice"
#define SHARED_REST " belongs to others too, and everything in it would be killed; give the target's work a slice of its own and name that"

static void test_units(void) {
        static const Refusal refusals[] = {
                { "cloudlock_target_unit='a b.target'",
                  "cloudlock_target_unit: b.target cannot be gated: its members start and run without it; expected services; "
                  "name the .service itself" },
                { "cloudlock_target_unit=a.timer",
                  "cloudlock_target_unit: a.timer cannot be gated: the service that it starts can be started without it; "
                  "expected services; name the .service itself" },
                { "cloudlock_target_unit=a.mount",
                  "cloudlock_target_unit: a.mount cannot be gated: it runs nothing; expected services; name the .service itself" },
                { "cloudlock_target_unit=a@",
                  "cloudlock_target_unit: \"a@\" is no service's name; expected NAME.service, with blanks or commas between "
                  "several; see systemctl list-units --type=service" },
                { "cloudlock_target_unit=cloudlock-guard@x",
                  "cloudlock_target_unit: cloudlock-guard@x.service is cloudlock's own and cannot wait for itself; name the "
                  "service that only one host may run" },
                { "cloudlock_target_unit=a,a.service", "cloudlock_target_unit: a.service is named twice; name it once" },
                { "cloudlock_target_unit=','", "cloudlock_target_unit: 0 units; expected 1 to 32 services" },
                { "cloudlock_extra_cgroups=/", "cloudlock_extra_cgroups: \"/\" is no cgroup's path" GROUP_REST },
                { "cloudlock_extra_cgroups=a.slice", "cloudlock_extra_cgroups: \"a.slice\" is no cgroup's path" GROUP_REST },
                { "cloudlock_extra_cgroups=/a/../b", "cloudlock_extra_cgroups: \"/a/../b\" is no cgroup's path" GROUP_REST },
                { "cloudlock_extra_cgroups=/a//b", "cloudlock_extra_cgroups: \"/a//b\" is no cgroup's path" GROUP_REST },
                { "cloudlock_extra_cgroups=/a/", "cloudlock_extra_cgroups: \"/a/\" is no cgroup's path" GROUP_REST },
                { "cloudlock_extra_cgroups=/system.slice", "cloudlock_extra_cgroups: /system.slice" SHARED_REST },
                { "cloudlock_extra_cgroups='/system.slice/system-cloudlock\\x2dguard.slice'",
                  "cloudlock_extra_cgroups: /system.slice/system-cloudlock\\x2dguard.slice" SHARED_REST },
                { "cloudlock_extra_cgroups=/sys/fs/cgroup/a.slice",
                  "cloudlock_extra_cgroups: /sys/fs/cgroup/a.slice is a path in the file system; expected one as systemctl show -P "
                  "ControlGroup prints it; leave /sys/fs/cgroup out" },
                { "cloudlock_extra_cgroups='/a /a'", "cloudlock_extra_cgroups: /a is named twice; name it once" },
        };

        CHECK_LINES(refusals);
}

static void test_single_times(void) {
        static const Refusal refusals[] = {
                { "cloudlock_lock_expiration=soon",
                  "cloudlock_lock_expiration: \"soon\" is no time; expected a time span such as 90s, 2min or \"1min 30s\"" },
                { "cloudlock_lock_expiration_min=1.5",
                  "cloudlock_lock_expiration_min: \"1.5\" is no number; expected whole minutes; for other times use the key "
                  "without _min, as in cloudlock_lock_expiration=90s" },
                { "cloudlock_lock_expiration=19s", "cloudlock_lock_expiration: \"19s\" is out of range; expected 20s to 1d" },
                { "cloudlock_lock_expiration_min=1441",
                  "cloudlock_lock_expiration_min: \"1441\" is out of range; expected 20s to 1d" },
                { "cloudlock_lock_expiration_min=18446744073709551615",
                  "cloudlock_lock_expiration_min: \"18446744073709551615\" is out of range; expected 20s to 1d" },
                { "cloudlock_lock_expiration_min=18446744073709551616",
                  "cloudlock_lock_expiration_min: \"18446744073709551616\" is out of range; expected 20s to 1d" },
                { "cloudlock_lock_expiration=99999999999w",
                  "cloudlock_lock_expiration: \"99999999999w\" is out of range; expected 20s to 1d" },
                { "cloudlock_renew_time_min=0", "cloudlock_renew_time_min: \"0\" is out of range; expected 1s to 1d" },
                { "cloudlock_restart_gap=infinity", "cloudlock_restart_gap: \"infinity\" is out of range; expected 0s to 1d" },
                { "cloudlock_poll_time=100ms", "cloudlock_poll_time: \"100ms\" is out of range; expected 1s to 1d" },
                { "cloudlock_poll_time=451s",
                  "cloudlock_poll_time: 451s is too long; expected at most a quarter of cloudlock_lock_expiration; set 450s or "
                  "less" },
                { "cloudlock_stop_timeout=0", "cloudlock_stop_timeout: \"0\" is out of range; expected 1s to 1d" },
                { "cloudlock_max_clock_skew=41s", "cloudlock_max_clock_skew: \"41s\" is out of range; expected 1s to 40s" },
                { "cloudlock_on_target_exit=keep", "cloudlock_on_target_exit: \"keep\" is not known; expected release or hold" },
                { "cloudlock_on_stuck=yes", "cloudlock_on_stuck: \"yes\" is not known; expected none or reboot" },
                { "cloudlock_mixed_fleet=maybe", "cloudlock_mixed_fleet: \"maybe\" is not known; expected yes or no" },
                { "cloudlock_mixed_fleet=yes\ncloudlock_restart_gap=119s",
                  "cloudlock_mixed_fleet: beside hosts that run the original, a gap of 119s does not keep two targets apart; "
                  "expected 2min or more on every host; set cloudlock_restart_gap=2min or longer" },
        };

        CHECK_LINES(refusals);
}

#define PLAN(renew, request, stop, clocks, sum) \
        "the times cannot be kept: renewing after " renew " + 2 requests of " request " + stopping the target " stop \
        " + kill margin 5s + clocks " clocks " = " sum

static void test_plan(void) {
        static const Refusal refusals[] = {
                { "cloudlock_lock_expiration=90s",
                  PLAN("120s", "10s", "0s", "1.09s", "146.09s") ", but the lock expires after 90s; set "
                  "cloudlock_lock_expiration=147s or longer, or cloudlock_renew_time=63s or shorter" },
                { "cloudlock_lock_expiration=30s\ncloudlock_renew_time=5s\ncloudlock_stop_timeout=20s",
                  PLAN("5s", "3.75s", "20s", "1.03s", "38.53s") ", but the lock expires after 30s; set "
                  "cloudlock_lock_expiration=42s or longer" },
        };

        CHECK_LINES(refusals);
        check_refused(STORE_LINES "cloudlock_renew_time=23h\ncloudlock_lock_expiration=24h\ncloudlock_stop_timeout=2h\n", NULL,
                      CONFIG_FILE ":4: " PLAN("82800s", "10s", "7200s", "87.4s", "90112.4s") ", but the lock expires after "
                      "86400s; set cloudlock_renew_time=79087s or shorter");
}

static void test_plan_with_units(void) {
        Config config = { .lease_us = 30 * USEC_PER_MINUTE, .renew_us = 2 * USEC_PER_MINUTE };
        usec_t most_us = config.lease_us - config.renew_us - 20 * USEC_PER_SEC - KILL_MARGIN_US - 1800 * USEC_PER_MSEC -
                         DATE_RESOLUTION_US;
        ConfigError error = {};

        CHECK_EQ(config_check_times(&config, most_us, &error), 0);
        CHECK_STR(error.text, "");
        CHECK_EQ(config_check_times(&config, most_us + 1, &error), -EINVAL);
        CHECK_EQ(config_check_times(&config, 90 * USEC_PER_MINUTE, &error), -EINVAL);
        CHECK_STR(error.text, PLAN("120s", "10s", "5400s", "2.8s", "5547.8s") ", but the lock expires after 1800s; set "
                  "cloudlock_lock_expiration=5552s or longer");
        CHECK_EQ(config_check_times(&config, 25 * USEC_PER_HOUR, &error), -EINVAL);
        CHECK_STR(error.text, PLAN("120s", "10s", "90000s", "2.8s", "90147.8s") ", but the lock expires after 1800s; no lease of "
                  "a day or less is long enough: shorten cloudlock_renew_time, or the TimeoutStopSec= of the target's units");
        CHECK_EQ(config_check_times(&config, USEC_INFINITY, &error), -EINVAL);
        CHECK_STR(error.text, "the target may take for ever to stop (TimeoutStopSec=infinity), and a lease ends; expected a limit; "
                  "set TimeoutStopSec= in the target's unit, or cloudlock_stop_timeout=");
}

static void test_missing(void) {
        check_refused("", NULL, CONFIG_FILE ": cloudlock_dynamodb_table is not set; expected the name of the DynamoDB table that "
                      "holds the lock; add a line such as cloudlock_dynamodb_table=locks");
        check_refused(STORE_LINES "cloudlock_aws_secret=" SECRET, NULL, CONFIG_FILE ": cloudlock_aws_secret is set and "
                      "cloudlock_aws_key_id is not; expected both or neither; add the other, or remove it to use the keys of another "
                      "source, such as AWS's variables, files or roles");
        check_refused(STORE_LINES "cloudlock_aws_key_id=A", NULL, CONFIG_FILE ": cloudlock_aws_key_id is set and "
                      "cloudlock_aws_secret is not; expected both or neither; add the other, or remove it to use the keys of another "
                      "source, such as AWS's variables, files or roles");
        check_refused(STORE_LINES "cloudlock_aws_session_token=A", NULL, CONFIG_FILE ": cloudlock_aws_session_token is set without "
                      "cloudlock_aws_key_id and cloudlock_aws_secret; expected the three that belong together; add them");
}

static void test_environment(void) {
        char *const key[] = { (char *) "cloudlock_aws_key_id=" SECRET " x", NULL };
        char *const region[] = { (char *) "AWS_REGION=a\033[1m", NULL };
        char *const token[] = { (char *) "AWS_SESSION_TOKEN=" SECRET "\r\nX-Evil: 1", NULL };

        check_refused(STORE_LINES, key, "environment: cloudlock_aws_key_id: this is no AWS access key id; expected at most 128 "
                      "letters and digits; copy it from the IAM console again");
        check_refused("cloudlock_dynamodb_table=locks", region, "environment: AWS_REGION: a control character is in the value; "
                      "set it anew without");
        check_refused(STORE_LINES, token, "environment: AWS_SESSION_TOKEN: a control character is in the value; set it anew "
                      "without");
}

static void test_variables(void) {
        static const Refusal refusals[] = {
                { "AWS_REGOIN=eu-central-1", "unknown key AWS_REGOIN; did you mean AWS_REGION?" },
                { "aws_profile=lock", "unknown key aws_profile; did you mean AWS_PROFILE?" },
                { "HTTP_PROXY=http://proxy.example", "unknown key; did you mean HTTPS_PROXY?" },
                { "AWS_MAX_ATTEMPTS=3",
                  "unknown key AWS_MAX_ATTEMPTS; expected one of those in cloudlock.conf(5); remove the line" },
                { "HOME=/root", "HOME: this is taken from the program's environment alone; remove the line" },
                { "PATH=/bin", "PATH: this is taken from the program's environment alone; remove the line" },
                { "AWS_PROFILE=", "AWS_PROFILE: the value is empty; give one, or remove the line" },
                { "AWS_PROFILE='a\tb'", "a control character is in the value; remove it" },
                { "AWS_REGION=EU", "AWS_REGION: \"EU\" is no AWS region; expected a name such as eu-central-1; see the table's ARN" },
                { "AWS_ENDPOINT_URL=http://user:" SECRET "@a",
                  "AWS_ENDPOINT_URL: the value is more, or less, than https://HOST[:PORT]" URL_REST },
                { "AWS_USE_FIPS_ENDPOINT=yes", "AWS_USE_FIPS_ENDPOINT: this is neither true nor false; write one of the two" },
                { "AWS_SECRET_ACCESS_KEY='" SECRET " x'",
                  "AWS_SECRET_ACCESS_KEY: this is no AWS secret access key; expected at most 256 characters without blanks; copy "
                  "it from the IAM console again" },
        };

        CHECK_LINES(refusals);
        check_refused(STORE_LINES "AWS_PROFILE=a\nexport AWS_PROFILE=b\n", NULL,
                      CONFIG_FILE ":4: AWS_PROFILE: line 3 sets it already; remove one of the two");
}

static void check_input(const ConfigInput *input, const char *expected) {
        _cleanup_config_ Config *config = NULL;
        ConfigError error = {};

        CHECK_EQ(config_parse(input, &config, &error), -EINVAL);
        CHECK_STR(error.text, expected);
}

static void test_bytes_and_host(void) {
        static const char nul[] = "\n# a\0b\n";
        _cleanup_free_ char *large = malloc(CONFIG_SIZE_MAX + 2);
        ConfigInput input = { .instance = "x", .file_name = "x.conf", .data = nul, .size = sizeof(nul) - 1, .host_name = "h" };

        check_input(&input, "x.conf:2: a NUL byte; expected text; write the file anew");
        if (!large)
                return;
        memset(large, '\n', CONFIG_SIZE_MAX + 1);
        large[CONFIG_SIZE_MAX + 1] = '\0';
        input.data = large;
        input.size = CONFIG_SIZE_MAX + 1;
        check_input(&input, "x.conf: the file is too long; expected at most 65536 bytes");
        input.data = STORE_LINES;
        input.size = strlen(STORE_LINES);
        input.host_name = "";
        check_input(&input, "x.conf: cloudlock_my_id (default: the host's name): this host has no name; add a line such as "
                    "cloudlock_my_id=node1");
        input.instance = "a/b";
        check_input(&input, "x.conf: the instance's name is not usable; expected 1 to 64 of A-Z a-z 0-9 : _ . - \\; rename the file");
}

static const Case cases[] = {
        { "lines", test_syntax },
        { "unknown and repeated keys", test_keys },
        { "values for the store", test_store_values },
        { "names", test_names },
        { "units and cgroups", test_units },
        { "single times and choices", test_single_times },
        { "the plan as far as the file tells", test_plan },
        { "the plan with what the units need", test_plan_with_units },
        { "what is missing", test_missing },
        { "the environment", test_environment },
        { "variables of AWS's tools", test_variables },
        { "bytes, and defaults that do not serve", test_bytes_and_host },
};

int main(void) {
        return RUN_CASES(cases);
}
