/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which region the table is in and at which address, by the precedence of AWS's tools with our own keys before it. Pure.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html, feature-region.html and
 * feature-endpoints.html; AWS's own addresses by DynamoDB's endpoint-rule-set of the SDKs. */

#include "aws-names.h"

#define PLACE_ERROR_MAX 512

typedef struct Profile Profile;

typedef struct PlaceInput {
        const char *region, *endpoint; /* cloudlock_aws_region, cloudlock_dynamodb_endpoint; NULL: not configured */
        char *const *environment;      /* as Config.aws_environment */
        const Profile *profile;        /* NULL: none */
} PlaceInput;

typedef struct Place {
        char region[REGION_SIZE];
        char endpoint[ENDPOINT_URL_SIZE];        /* without trailing slash */
        const char *region_from, *endpoint_from; /* who said so: "cloudlock_aws_region", "AWS_REGION", "the profile",
                                                  * "AWS's own"; constants */
} Place;

/* 0, or -EINVAL with a sentence that names the variable, the key or the profile, and says what to do. */
int place_choose(const PlaceInput *input, Place *ret, char ret_error[static PLACE_ERROR_MAX]);
