/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "web-identity.h"

#include <errno.h>
#include <string.h>

#include "aws-partition.h"
#include "cleanup.h"
#include "parse.h"
#include "strv.h"

#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"

static bool is_true(const char *text) {
        bool value;

        return text && parse_bool(text, &value) >= 0 && value;
}

static const char *own_endpoint(char *const *environment, const Profile *profile) {
        if (is_true(environment_get(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ?:
                            profile->ignore_configured_endpoint_urls))
                return NULL;
        return environment_get(environment, "AWS_ENDPOINT_URL_STS") ?: environment_get(environment, "AWS_ENDPOINT_URL") ?:
               profile->sts_endpoint_url;
}

/* The names are botocore's, of endpoint-rule-set-1.json of sts. */
int sts_endpoint(const char *region, char *const *environment, const Profile *profile, char ret_url[static STS_URL_MAX],
                 char ret_error[static CREDENTIALS_ERROR_MAX]) {
        const char *own = own_endpoint(environment, profile);
        const Partition *partition;
        bool fips, dual_stack;

        if (own && strlen(own) < STS_URL_MAX) {
                strcpy(ret_url, own);
                return 0;
        }
        if (own)
                return snprintf(ret_error, CREDENTIALS_ERROR_MAX, "the URL for STS is too long: correct AWS_ENDPOINT_URL_STS, "
                                "or endpoint_url of sts in the profile"), -EINVAL;
        if (!region)
                return snprintf(ret_error, CREDENTIALS_ERROR_MAX, "there is no region to look for STS in: set "
                                "cloudlock_aws_region, or AWS_REGION"), -EINVAL;
        partition = partition_of_region(region);
        fips = is_true(environment_get(environment, "AWS_USE_FIPS_ENDPOINT") ?: profile->use_fips_endpoint);
        dual_stack = is_true(environment_get(environment, "AWS_USE_DUALSTACK_ENDPOINT") ?: profile->use_dualstack_endpoint);
        /* GovCloud's own names are FIPS ones already. */
        if (strcmp(partition->name, "aws-us-gov") == 0 && !dual_stack)
                fips = false;
        snprintf(ret_url, STS_URL_MAX, "https://sts%s.%s.%s", fips ? "-fips" : "", region,
                 dual_stack ? partition->dual_stack_suffix : partition->suffix);
        return 0;
}

/* What is behind it. */
static char *put_encoded(char *p, const char *text) {
        static const char digits[] = "0123456789ABCDEF";

        for (; *text; text++) {
                unsigned char c = (unsigned char) *text;

                if (strchr(UNRESERVED, c))
                        *p++ = *text;
                else {
                        *p++ = '%';
                        *p++ = digits[c >> 4];
                        *p++ = digits[c & 15];
                }
        }
        return p;
}

int sts_body(const char *role_arn, const char *session_name, const char *token, char **ret) {
        static const char begin[] = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=";
        static const char name[] = "&RoleSessionName=", value[] = "&WebIdentityToken=";
        size_t size = sizeof(begin) + sizeof(name) + sizeof(value) +
                      3 * (strlen(role_arn) + strlen(session_name) + strlen(token));
        char *body = calloc(1, size), *p;

        if (!body)
                return -ENOMEM;
        p = put_encoded(stpcpy(body, begin), role_arn);
        p = put_encoded(stpcpy(p, name), session_name);
        p = put_encoded(stpcpy(p, value), token);
        *p = '\0';
        *ret = body;
        return 0;
}
