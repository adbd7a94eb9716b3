/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Region and endpoint: who is asked first, and the very words where nothing serves. That AWS's own endpoints are right is
 * for place-peer.py to say. */

#include <errno.h>

#include "aws-partition.h"
#include "check.h"
#include "cleanup.h"
#include "place.h"
#include "profile.h"

#define V(assignment) ((char *) (assignment))
#define US "us-east-2"
#define US_URL "https://dynamodb." US ".amazonaws.com"

/* Everything that a profile can say, and wrong where it must not be looked at. */
static const Profile profile = {
        .name = V("lock"), .config_path = V("/home/lock/.aws/config"), .region = V("eu-west-1"), .endpoint_url = V("https://profile"),
};
static const Profile region_only = { .name = V("default"), .region = V("eu-west-1") };

typedef struct Choice {
        const char *region, *endpoint;
        char *environment[5];
        const Profile *profile;
        const char *expected_region, *region_from, *expected_endpoint, *endpoint_from;
} Choice;

static void test_precedence(void) {
        const Choice choices[] = {
                { US, "https://ours:8443", { V("AWS_REGION=eu-west-2"), V("AWS_ENDPOINT_URL_DYNAMODB=https://special") }, &profile,
                  US, "cloudlock_aws_region", "https://ours:8443", "cloudlock_dynamodb_endpoint" },
                { NULL, NULL, { V("AWS_DEFAULT_REGION=eu-west-3"), V("AWS_REGION=eu-west-2"), V("AWS_ENDPOINT_URL=https://general"),
                                V("AWS_ENDPOINT_URL_DYNAMODB=https://special") }, &profile,
                  "eu-west-2", "AWS_REGION", "https://special", "AWS_ENDPOINT_URL_DYNAMODB" },
                { NULL, NULL, { V("AWS_DEFAULT_REGION=eu-west-3"), V("AWS_ENDPOINT_URL=HTTP://LocalHost:8000//") }, &profile,
                  "eu-west-3", "AWS_DEFAULT_REGION", "http://localhost:8000", "AWS_ENDPOINT_URL" },
                { NULL, NULL, {}, &profile, "eu-west-1", "the profile", "https://profile", "the profile" },
                { NULL, NULL, {}, &region_only,
                  "eu-west-1", "the profile", "https://dynamodb.eu-west-1.amazonaws.com", "AWS's own" },
                { US, NULL, {}, NULL, US, "cloudlock_aws_region", US_URL, "AWS's own" },
                /* What is named elsewhere can be turned off; what the configuration names cannot. */
                { US, NULL, { V("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"), V("AWS_ENDPOINT_URL=https://general") }, &profile,
                  US, "cloudlock_aws_region", US_URL, "AWS's own" },
                { US, "https://ours", { V("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=TRUE") }, &profile,
                  US, "cloudlock_aws_region", "https://ours", "cloudlock_dynamodb_endpoint" },
                { US, NULL, { V("AWS_ENDPOINT_URL=https://general") },
                  &(const Profile) { .ignore_configured_endpoint_urls = V("true") },
                  US, "cloudlock_aws_region", US_URL, "AWS's own" },
                { US, NULL, { V("AWS_ENDPOINT_URL=https://general"), V("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false") },
                  &(const Profile) { .ignore_configured_endpoint_urls = V("true") },
                  US, "cloudlock_aws_region", "https://general", "AWS_ENDPOINT_URL" },
                /* Of either kind of endpoint the variable is asked before the profile. */
                { US, NULL, {}, &(const Profile) { .use_fips_endpoint = V("true") },
                  US, "cloudlock_aws_region", "https://dynamodb-fips." US ".amazonaws.com", "AWS's own" },
                { US, NULL, { V("AWS_USE_FIPS_ENDPOINT=False") },
                  &(const Profile) { .use_fips_endpoint = V("true"), .use_dualstack_endpoint = V("true") },
                  US, "cloudlock_aws_region", "https://dynamodb." US ".api.aws", "AWS's own" },
                { "local", "http://localhost:8000", {}, NULL,
                  "local", "cloudlock_aws_region", "http://localhost:8000", "cloudlock_dynamodb_endpoint" },
        };

        for (size_t i = 0; i < ELEMENTSOF(choices); i++) {
                const Choice *c = &choices[i];
                Place place = {};
                char error[PLACE_ERROR_MAX] = "";

                CHECK_EQ(place_choose(&(const PlaceInput) { c->region, c->endpoint, c->environment, c->profile }, &place, error), 0);
                CHECK_STR(error, "");
                CHECK_STR(place.region, c->expected_region);
                CHECK_STR(place.region_from ?: "", c->region_from);
                CHECK_STR(place.endpoint, c->expected_endpoint);
                CHECK_STR(place.endpoint_from ?: "", c->endpoint_from);
        }
}

#define URL_REST "; expected https://HOST[:PORT], or http:// with localhost, 127.0.0.1 or [::1]; leave it out for AWS's own"
#define BOTH ": this asks for an endpoint of AWS's own, and "
#define BOTH_REST " names one; leave one of the two out"

typedef struct Refusal {
        const char *region, *endpoint;
        char *environment[3];
        const Profile *profile;
        const char *expected;
} Refusal;

static void test_refusals(void) {
        const Refusal refusals[] = {
                { NULL, NULL, { V("AWS_REGION=") }, &(const Profile) { .name = V("default") },
                  "no region is set; expected that of the DynamoDB table in cloudlock_aws_region, AWS_REGION, AWS_DEFAULT_REGION or "
                  "the region of an AWS profile; add a line such as cloudlock_aws_region=eu-central-1 to the configuration" },
                { NULL, NULL, { V("AWS_REGION=EU"), V("AWS_DEFAULT_REGION=eu-west-1") }, &profile,
                  "AWS_REGION of the environment: \"EU\" is no AWS region; expected a name such as eu-central-1; see the table's ARN" },
                { NULL, NULL, { V("AWS_DEFAULT_REGION=eu_west_1") }, &profile,
                  "AWS_DEFAULT_REGION of the environment: \"eu_west_1\" is no AWS region; expected a name such as eu-central-1; see the table's ARN" },
                { NULL, NULL, {},
                  &(const Profile) { .name = V("lock"), .config_path = V("/home/lock/.aws/config"), .region = V("a\033[1m") },
                  "region of profile lock in /home/lock/.aws/config: \"a?[1m\" is no AWS region; expected a name such as "
                  "eu-central-1; see the table's ARN" },
                { "fips-us-east-1", NULL, {}, NULL,
                  "cloudlock_aws_region: \"fips-us-east-1\" is the old name of a FIPS endpoint; set the region itself, and "
                  "AWS_USE_FIPS_ENDPOINT=true" },
                { NULL, NULL, { V("AWS_REGION=us-east-1-fips") }, NULL,
                  "AWS_REGION: \"us-east-1-fips\" is the old name of a FIPS endpoint; set the region itself, and "
                  "AWS_USE_FIPS_ENDPOINT=true" },
                { NULL, NULL, { V("AWS_REGION=local") }, NULL,
                  "AWS_REGION: \"local\" stands for a store on this machine; set "
                  "cloudlock_dynamodb_endpoint=http://localhost:8000" },
                { US, NULL, { V("AWS_ENDPOINT_URL=https://user:secret@host") }, NULL,
                  "AWS_ENDPOINT_URL of the environment: the value is more, or less, than https://HOST[:PORT]" URL_REST },
                { US, NULL, { V("AWS_ENDPOINT_URL_DYNAMODB=http://dynamodb.example") }, NULL,
                  "AWS_ENDPOINT_URL_DYNAMODB of the environment: the value is unencrypted and leads off this machine" URL_REST },
                { US, NULL, {}, &(const Profile) { .name = V("lock"), .endpoint_url = V("dynamodb.example") },
                  "endpoint_url of profile lock in AWS's files: the value is no https URL" URL_REST },
                { US, "https://ours", { V("AWS_USE_FIPS_ENDPOINT=true"), V("AWS_USE_DUALSTACK_ENDPOINT=true") }, NULL,
                  "AWS_USE_FIPS_ENDPOINT" BOTH "cloudlock_dynamodb_endpoint" BOTH_REST },
                { US, NULL, { V("AWS_USE_DUALSTACK_ENDPOINT=true") }, &profile,
                  "AWS_USE_DUALSTACK_ENDPOINT" BOTH "endpoint_url of profile lock in /home/lock/.aws/config" BOTH_REST },
                { US, NULL, { V("AWS_ENDPOINT_URL=https://general") },
                  &(const Profile) { .name = V("lock"), .use_fips_endpoint = V("true") },
                  "use_fips_endpoint of profile lock in AWS's files" BOTH "AWS_ENDPOINT_URL" BOTH_REST },
                { US, NULL, { V("AWS_USE_FIPS_ENDPOINT=yes") }, NULL,
                  "AWS_USE_FIPS_ENDPOINT of the environment: \"yes\" is neither true nor false; set one of the two" },
                { US, NULL, {}, &(const Profile) { .use_dualstack_endpoint = V("1") },
                  "use_dualstack_endpoint of profile default in AWS's files: \"1\" is neither true nor false; set one of the two" },
                { US, NULL, { V("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=on") }, NULL,
                  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS of the environment: \"on\" is neither true nor false; set one of the two" },
        };

        for (size_t i = 0; i < ELEMENTSOF(refusals); i++) {
                const Refusal *f = &refusals[i];
                Place place = {};
                char error[PLACE_ERROR_MAX] = "";

                CHECK_EQ(place_choose(&(const PlaceInput) { f->region, f->endpoint, f->environment, f->profile }, &place, error),
                         -EINVAL);
                CHECK_STR(error, f->expected);
                CHECK_STR(place.endpoint, "");
        }
}

static void test_longest_region(void) {
        char region[REGION_SIZE + 1], expected[ENDPOINT_URL_SIZE], error[PLACE_ERROR_MAX];
        Place place;

        memset(region, 'a', sizeof(region));
        region[REGION_SIZE] = '\0';
        CHECK_EQ(place_choose(&(const PlaceInput) { .region = region }, &place, error), -EINVAL);
        region[REGION_SIZE - 1] = '\0';
        snprintf(expected, sizeof(expected), "https://dynamodb.%s.amazonaws.com", region);
        CHECK_EQ(place_choose(&(const PlaceInput) { .region = region }, &place, error), 0);
        CHECK_STR(place.endpoint, expected);
}

static void test_partitions(void) {
        static const struct {
                const char *region, *name;
        } rows[] = {
                { "eu-central-1", "aws" },     { "mars-north-1", "aws" },      { "", "aws" },
                { "cn-north-1", "aws-cn" },    { "cn-new_1-22", "aws-cn" },    { "aws-cn-global", "aws-cn" },
                { "cn-north-", "aws" },        { "cn-north", "aws" },          { "cn--1", "aws" },
                { "cn-north-1a", "aws" },      { "cn-a-b-1", "aws" },          { "us-gov-west-9", "aws-us-gov" },
                { "us-isob-east-1", "aws-iso-b" }, { "eu-isoe-west-1", "aws-iso-e" }, { "eusc-de-east-1", "aws-eusc" },
                { "us-isof-south-1", "aws-iso-f" }, { "us-iso-east-1", "aws-iso" }, { "us-isox-east-1", "aws" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                CHECK_STR(partition_of_region(rows[i].region)->name, rows[i].name);
}

static const Case cases[] = {
        { "who is asked first", test_precedence },
        { "what does not serve", test_refusals },
        { "the longest region", test_longest_region },
        { "partitions", test_partitions },
};

int main(void) {
        return RUN_CASES(cases);
}
