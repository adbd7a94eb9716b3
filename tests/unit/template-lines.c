/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For test-template.py: the table that init asks for and the policy that check prints, as a line of JSON each. */

#include <stdio.h>

#include "cleanup.h"
#include "json.h"
#include "policy.h"
#include "table-admin.h"

#define REGION "cn-north-1"
#define TABLE "locks"
#define LABEL "validator"

int main(void) {
        static const DynamoDBContext context = { .region = REGION, .table = TABLE, .label = LABEL };
        static const PolicyInput input = {
                .region = REGION, .table = TABLE, .label = LABEL, .arn = "arn:aws-cn:dynamodb:" REGION ":123456789012:table/" TABLE,
        };
        _cleanup_json_ json_object *policy = NULL;
        _cleanup_free_ char *request = NULL, *text = NULL;

        if (admin_request(&context, ADMIN_CREATE, &request) < 0 || policy_build(&input, &policy) < 0 ||
            json_format(policy, &text) < 0)
                return EXIT_FAILURE;
        printf("%s\n%s\n", request, text);
        return EXIT_SUCCESS;
}
