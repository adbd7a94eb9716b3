/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The least that a host's keys must be allowed, as an IAM policy. Pure.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html */

#include <json-c/json.h>
#include <stdbool.h>

typedef struct PolicyInput {
        const char *region, *table, *label;
        const char *arn;    /* the table's, as DescribeTable shows it; NULL: not known, the account stays open */
        bool legacy_global; /* whether it is a global table of version 2017.11.29 has to be asked, by a right of its own */
        bool original;      /* the original program works on the same item, and replaces it by PutItem */
} PolicyInput;

/* The caller's to free. 0 or -ENOMEM. */
int policy_build(const PolicyInput *input, json_object **ret);

/* Indented, newline at the end; the caller's to free. 0 or -ENOMEM. */
int policy_format(json_object *policy, char **ret);
