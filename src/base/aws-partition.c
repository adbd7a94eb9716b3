/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aws-partition.h"

#include <string.h>

#include "cleanup.h"

#define DIGITS "0123456789"
#define WORD DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* A region of the partition is its prefix, a word, '-' and a number; "NAME-global" stands for the partition as such. */
typedef struct Row {
        const char *prefix;
        Partition partition;
} Row;

static const Row rows[] = {
        { "cn-", { "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn" } },
        { "us-gov-", { "aws-us-gov", "amazonaws.com", "api.aws" } },
        { "us-iso-", { "aws-iso", "c2s.ic.gov", "api.aws.ic.gov" } },
        { "us-isob-", { "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud" } },
        { "eu-isoe-", { "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk" } },
        { "us-isof-", { "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov" } },
        { "eusc-de-", { "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu" } },
};

static const Partition commercial = { "aws", "amazonaws.com", "api.aws" };

static bool has_form(const char *region, const char *prefix) {
        size_t length;

        if (strncmp(region, prefix, strlen(prefix)) != 0)
                return false;
        region += strlen(prefix);
        length = strspn(region, WORD);
        if (length == 0 || region[length] != '-')
                return false;
        region += length + 1;
        return *region && region[strspn(region, DIGITS)] == '\0';
}

static bool is_global_of(const char *region, const char *partition) {
        size_t length = strlen(partition);

        return strncmp(region, partition, length) == 0 && strcmp(region + length, "-global") == 0;
}

const Partition *partition_of_region(const char *region) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (has_form(region, rows[i].prefix) || is_global_of(region, rows[i].partition.name))
                        return &rows[i].partition;
        return &commercial;
}
