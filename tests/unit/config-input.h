/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How the configuration's tests hand text to the parser. */

#include <string.h>

#include "config.h"

#define CONFIG_FILE "/etc/cloudlock/validator.conf"
/* The least that a file must say. */
#define STORE_LINES "cloudlock_dynamodb_table=locks\ncloudlock_aws_region=eu-central-1\n"

static inline int parse_config(const char *text, char *const *environment, Config **ret, ConfigError *ret_error) {
        const ConfigInput input = {
                .instance = "validator",
                .file_name = CONFIG_FILE,
                .data = text,
                .size = strlen(text),
                .environment = environment,
                .host_name = "node1",
        };

        return config_parse(&input, ret, ret_error);
}
