/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* AWS's partitions: groups of regions with names, accounts and domains of their own, such as China's. */

#include <stdbool.h>

typedef struct Partition {
        const char *name;              /* as in an ARN: "aws", "aws-cn", "aws-us-gov" … */
        const char *suffix;            /* of host names: "amazonaws.com" */
        const char *dual_stack_suffix; /* of the names that have IPv6 addresses too: "api.aws" */
} Partition;

/* The partition that `region` is in, by its name or by the form of it, so that regions that are younger than this
 * program are found too; "aws" for what no partition knows. Never NULL; a constant.
 * Source: partitions.json of the SDKs, as botocore's "aws.partition" reads it. */
const Partition *partition_of_region(const char *region);
