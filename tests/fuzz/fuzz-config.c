/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a configuration, behind lines that give it what it must have, the secret among them: what is accepted keeps
 * every limit, what is refused says so in words that hold neither the secret nor anything a terminal would obey. */

#include "config.h"
#include "fuzz.h"
#include "parse.h"
#include "strv.h"
#include "time-limits.h"

#define SECRET "wJalrXUtnFEMI"
#define LINES_BEFORE "cloudlock_aws_key_id=A\ncloudlock_aws_secret=" SECRET "\n"
#define LINES_AFTER "\ncloudlock_dynamodb_table=locks\ncloudlock_aws_region=eu-central-1\n"

static void check_refusal(const char *text) {
        require(*text && strlen(text) < CONFIG_ERROR_MAX && !strstr(text, SECRET));
        for (; *text; text++)
                require((unsigned char) *text >= ' ' && *text != 0x7f);
}

static void check_config(const Config *c) {
        char warnings[CONFIG_ERROR_MAX];
        ConfigError error = {};

        require(c->region && c->table && (!c->endpoint || strncmp(c->endpoint, "http", 4) == 0));
        require(*c->label && strlen(c->label) <= 255 && *c->my_id && strlen(c->my_id) <= 255 && !strchr(c->my_id, '#'));
        require(c->aws_environment);
        for (char **variable = c->aws_environment; *variable; variable++)
                require(strchr(*variable, '=') && strncmp(*variable, "HOME=", 5) != 0 && strncmp(*variable, "PATH=", 5) != 0);
        require(strv_length(c->target_units) > 0);
        for (char **unit = c->target_units; *unit; unit++)
                require(service_name_is_valid(*unit));
        for (char **path = c->extra_cgroups; path && *path; path++)
                require(path[0][0] == '/' && path[0][1] && !strstr(*path, "/../") && !strstr(*path, "//"));
        require(c->lease_us >= LEASE_US_MIN && c->lease_us <= LEASE_US_MAX && c->gap_us <= GAP_US_MAX);
        require(c->renew_us >= USEC_PER_SEC && c->renew_us < c->lease_us);
        require(c->poll_us >= USEC_PER_SEC && c->poll_us <= c->lease_us / 4);
        require(c->max_clock_skew_us >= USEC_PER_SEC && c->max_clock_skew_us <= CLOCK_SKEW_US_DEFAULT);
        require(!c->mixed_fleet || c->gap_us >= MIXED_FLEET_GAP_US_MIN);
        require(config_check_times(c, 0, &error) == 0 && config_check_times(c, c->lease_us, &error) < 0);
        check_refusal(error.text);
        config_warnings(c, warnings, sizeof(warnings));
        require(!strstr(warnings, SECRET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t before = strlen(LINES_BEFORE), after = strlen(LINES_AFTER);
        _cleanup_free_ char *text = malloc(before + size + after + 1);
        _cleanup_(config_freep) Config *config = NULL;
        ConfigError error = {};
        ConfigInput input = { .instance = "x", .file_name = "x.conf", .data = text, .size = before + size + after,
                              .host_name = "node1" };
        char *p;

        /* The fuzzer reads SECRET off the comparisons; where it puts it itself, nothing is secret. */
        if (!text || memmem(data, size, SECRET, strlen(SECRET)))
                return 0;
        p = mempcpy(mempcpy(text, LINES_BEFORE, before), data, size);
        memcpy(p, LINES_AFTER, after + 1);
        if (config_parse(&input, &config, &error) < 0)
                check_refusal(error.text);
        else
                check_config(config);
        return 0;
}
