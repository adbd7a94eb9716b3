/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an operator's commands ask of the table, and what they make of the answers. */

#include <stdlib.h>

#include "check.h"
#include "cleanup.h"
#include "table-admin.h"

#define ARN "arn:aws:dynamodb:eu-central-1:123456789012:table/locks"
#define SHAPE                                                                                    \
        "\"TableName\":\"locks\",\"KeySchema\":[{\"AttributeName\":\"label\",\"KeyType\":\"HASH\"}]," \
        "\"AttributeDefinitions\":[{\"AttributeName\":\"label\",\"AttributeType\":\"S\"}]"
#define ERROR(code) "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" code "\",\"message\":\"m\"}"

static const DynamoDBContext context = {
        .region = "eu-central-1", .table = "locks", .label = "validator", .signed_s = 1763928000,
};

static void check_request(AdminOperation operation, const char *target, const char *expected) {
        _cleanup_free_ char *body = NULL;

        CHECK_EQ(admin_request(&context, operation, &body), 0);
        CHECK_STR(body, expected);
        CHECK_STR(admin_target(operation), target);
}

static void test_requests(void) {
        check_request(ADMIN_READ, "DynamoDB_20120810.GetItem",
                      "{\"TableName\":\"locks\",\"Key\":{\"label\":{\"S\":\"validator\"}},\"ConsistentRead\":true}");
        /* Of no item, and of none that is not there, can both halves be true. */
        check_request(ADMIN_PROBE_WRITE, "DynamoDB_20120810.UpdateItem",
                      "{\"TableName\":\"locks\",\"Key\":{\"label\":{\"S\":\"validator\"}},"
                      "\"UpdateExpression\":\"REMOVE #nothing\","
                      "\"ConditionExpression\":\"attribute_exists(#label) AND attribute_not_exists(#label)\","
                      "\"ExpressionAttributeNames\":{\"#label\":\"label\",\"#nothing\":\"cloudlock_nothing\"}}");
        check_request(ADMIN_DESCRIBE, "DynamoDB_20120810.DescribeTable", "{\"TableName\":\"locks\"}");
        check_request(ADMIN_DESCRIBE_TTL, "DynamoDB_20120810.DescribeTimeToLive", "{\"TableName\":\"locks\"}");
        check_request(ADMIN_DESCRIBE_GLOBAL, "DynamoDB_20120810.DescribeGlobalTable", "{\"GlobalTableName\":\"locks\"}");
        check_request(ADMIN_CREATE, "DynamoDB_20120810.CreateTable",
                      "{\"TableName\":\"locks\",\"BillingMode\":\"PAY_PER_REQUEST\","
                      "\"AttributeDefinitions\":[{\"AttributeName\":\"label\",\"AttributeType\":\"S\"}],"
                      "\"KeySchema\":[{\"AttributeName\":\"label\",\"KeyType\":\"HASH\"}],\"DeletionProtectionEnabled\":true}");
        check_request(ADMIN_PROTECT, "DynamoDB_20120810.UpdateTable",
                      "{\"TableName\":\"locks\",\"DeletionProtectionEnabled\":true}");
        CHECK_STR(admin_right(ADMIN_DESCRIBE_TTL), "dynamodb:DescribeTimeToLive");
}

static AdminReport report_of(AdminOperation operation, int status, const char *body) {
        HttpAnswer http = { .status = status, .date_s = 1763928002, .body = body, .body_size = strlen(body), .error = "none" };
        AdminReport report;

        memset(&report, 0xaa, sizeof(report));
        admin_answer(&context, operation, &http, &report);
        CHECK_EQ(report.operation, operation);
        CHECK_EQ(report.date_s, 1763928002);
        CHECK((report.result == ADMIN_DONE) == !*report.error);
        return report;
}

static void test_descriptions(void) {
        AdminReport report = report_of(ADMIN_DESCRIBE, 200,
                                       "{\"Table\":{" SHAPE ",\"TableStatus\":\"ACTIVE\",\"TableArn\":\"" ARN "\","
                                       "\"DeletionProtectionEnabled\":true,"
                                       "\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"}}}");

        CHECK_EQ(report.result, ADMIN_DONE);
        CHECK_EQ(report.verdict.verdict, TABLE_FINE);
        CHECK_STR(report.description.status, "ACTIVE");
        CHECK_STR(report.description.arn, ARN);
        CHECK(report.description.is_protected && report.description.is_on_demand);

        report = report_of(ADMIN_CREATE, 200, "{\"TableDescription\":{" SHAPE ",\"TableStatus\":\"CREATING\"}}");
        CHECK_STR(report.description.status, "CREATING");
        CHECK_STR(report.description.arn, "");
        CHECK(!report.description.is_protected && !report.description.is_on_demand);

        report = report_of(ADMIN_DESCRIBE, 200,
                           "{\"Table\":{\"TableName\":\"locks\",\"KeySchema\":[],\"AttributeDefinitions\":[],"
                           "\"TableStatus\":7,\"DeletionProtectionEnabled\":\"true\",\"BillingModeSummary\":[]}}");
        CHECK_EQ(report.verdict.verdict, TABLE_REFUSED);
        CHECK_STR(report.description.status, "");
        CHECK(!report.description.is_protected);
        CHECK_EQ(report_of(ADMIN_DESCRIBE, 200, "{\"Table\":[]}").verdict.verdict, TABLE_RETRY);
}

/* An error that says "there is none of the kind" is no failure. */
static void test_no_such_thing(void) {
        CHECK_EQ(report_of(ADMIN_DESCRIBE_GLOBAL, 400, ERROR("GlobalTableNotFoundException")).result, ADMIN_DONE);
        CHECK_EQ(report_of(ADMIN_DESCRIBE_GLOBAL, 400, ERROR("AccessDeniedException")).result, ADMIN_DENIED);
        CHECK_EQ(report_of(ADMIN_DESCRIBE_TTL, 400, ERROR("UnknownOperationException")).result, ADMIN_DONE);
        CHECK_EQ(report_of(ADMIN_DESCRIBE, 400, ERROR("UnknownOperationException")).result, ADMIN_FAILED);
}

static void test_rights(void) {
        for (AdminOperation i = 0; i < _ADMIN_OPERATION_MAX; i++)
                CHECK_EQ(report_of(i, 400, ERROR("AccessDeniedException")).result, ADMIN_DENIED);
        CHECK_STR(report_of(ADMIN_CREATE, 400, ERROR("AccessDeniedException")).error,
                  "the AWS keys have no right to table locks in eu-central-1: allow dynamodb:CreateTable on it (m)");
        CHECK_EQ(report_of(ADMIN_PROBE_WRITE, 400, ERROR("ConditionalCheckFailedException")).result, ADMIN_DONE);
        CHECK_EQ(report_of(ADMIN_PROBE_WRITE, 200, "{}").result, ADMIN_DONE);
        CHECK_EQ(report_of(ADMIN_READ, 400, ERROR("ConditionalCheckFailedException")).result, ADMIN_FAILED);
}

static void test_errors(void) {
        HttpAnswer none = { .failure = HTTP_FAILURE_NAME, .error = "x.invalid cannot be reached: no such name" };
        AdminReport report;

        CHECK_EQ(report_of(ADMIN_READ, 400, ERROR("ResourceNotFoundException")).result, ADMIN_MISSING);
        CHECK_EQ(report_of(ADMIN_CREATE, 400, ERROR("ResourceInUseException")).result, ADMIN_BUSY);
        CHECK_EQ(report_of(ADMIN_READ, 400, ERROR("ValidationException")).result, ADMIN_MISFIT);
        CHECK_EQ(report_of(ADMIN_READ, 400, ERROR("ExpiredTokenException")).result, ADMIN_WRONG_KEYS);
        CHECK_EQ(report_of(ADMIN_READ, 400, ERROR("UnrecognizedClientException")).result, ADMIN_WRONG_KEYS);
        CHECK_EQ(report_of(ADMIN_READ, 500, ERROR("AccessDeniedException")).result, ADMIN_FAILED);
        CHECK_EQ(report_of(ADMIN_READ, 403, "<html>").result, ADMIN_FAILED);
        CHECK_EQ(report_of(ADMIN_DESCRIBE, 200, "<html>").result, ADMIN_FAILED);

        admin_answer(&context, ADMIN_DESCRIBE, &none, &report);
        CHECK_EQ(report.result, ADMIN_UNREACHABLE);
        CHECK_EQ(report.failure, HTTP_FAILURE_NAME);
        CHECK_STR(report.error, none.error);
}

static void test_reading(void) {
        AdminReport report = report_of(ADMIN_READ, 200, "{}");

        CHECK(report.result == ADMIN_DONE && !report.has_record);
        report = report_of(ADMIN_READ, 200,
                           "{\"Item\":{\"label\":{\"S\":\"validator\"},\"holder\":{\"S\":\"node2\"},\"version\":{\"S\":\"v\"},"
                           "\"expire_time\":{\"N\":\"1763929846000\"},\"start_time\":{\"N\":\"1763928001000\"}}}");
        CHECK(report.result == ADMIN_DONE && report.has_record);
        CHECK_STR(report.record.holder, "node2");
        CHECK_EQ(report_of(ADMIN_READ, 200, "{\"Item\":{\"label\":{\"S\":\"validator\"}}}").result, ADMIN_UNCLEAR);
        CHECK_EQ(report_of(ADMIN_READ, 200, "{\"Item\":{\"label\":{\"S\":\"other\"}}}").result, ADMIN_FAILED);
}

int main(void) {
        static const Case cases[] = {
                { "requests", test_requests },         { "descriptions", test_descriptions },
                { "no such thing", test_no_such_thing }, { "rights", test_rights },
                { "errors", test_errors },             { "reading", test_reading },
        };

        return RUN_CASES(cases);
}
