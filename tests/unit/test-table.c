/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a table can hold locks, by what DynamoDB says of it. */

#include <ctype.h>
#include <stdlib.h>

#include "check.h"
#include "cleanup.h"
#include "table-answer.h"

#define LABEL_KEY "\"KeySchema\":[{\"AttributeName\":\"label\",\"KeyType\":\"HASH\"}],"
#define LABEL_TYPE "\"AttributeDefinitions\":[{\"AttributeName\":\"label\",\"AttributeType\":\"S\"}]"
#define TABLE(members) "{\"Table\":{\"TableName\":\"locks\",\"TableStatus\":\"ACTIVE\"," members "}}"
#define LABELLED(members) TABLE(LABEL_KEY LABEL_TYPE members)
#define REPLICAS ",\"Replicas\":[{\"RegionName\":\"us-west-2\",\"ReplicaStatus\":\"ACTIVE\"}]"
#define VERSION(v) ",\"GlobalTableVersion\":\"" v "\""
#define STRONG ",\"MultiRegionConsistency\":\"STRONG\""
#define STREAM(type) ",\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"" type "\"}"
#define TTL(members) "{\"TimeToLiveDescription\":{" members "}}"
#define ERROR(code) "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" code "\",\"message\":\"m\"}"

static const DynamoDBContext context = {
        .region = "eu-central-1", .table = "locks", .label = "validator", .signed_s = 1763928000,
};

static TableAnswer answer_of(TableQuestion question, int status, const char *body) {
        HttpAnswer http = { .status = status, .date_s = 1763928002, .body = body, .body_size = strlen(body), .error = "none" };
        TableAnswer answer;

        memset(&answer, 0xaa, sizeof(answer));
        table_answer(&context, question, &http, &answer);
        CHECK(answer.verdict == TABLE_FINE ? !*answer.error : *answer.error);
        CHECK((answer.verdict == TABLE_NOT_ALLOWED) == !!answer.assumption);
        for (const char *p = answer.error; *p; p++)
                CHECK(!iscntrl((unsigned char) *p));
        return answer;
}

static void check_shape(const char *body, TableVerdict verdict, const char *says) {
        TableAnswer answer = answer_of(TABLE_SHAPE, 200, body);

        CHECK_EQ(answer.verdict, verdict);
        CHECK(strstr(answer.error, says));
        if (answer.verdict != verdict || !strstr(answer.error, says))
                printf("  %s\n  -> %s\n", body, answer.error);
}

static void test_requests(void) {
        _cleanup_free_ char *shape = NULL, *legacy = NULL, *ttl = NULL;

        CHECK_EQ(table_request(&context, TABLE_SHAPE, &shape), 0);
        CHECK_STR(shape, "{\"TableName\":\"locks\"}");
        CHECK_STR(table_request_target(TABLE_SHAPE), "DynamoDB_20120810.DescribeTable");
        CHECK_EQ(table_request(&context, TABLE_LEGACY, &legacy), 0);
        CHECK_STR(legacy, "{\"GlobalTableName\":\"locks\"}");
        CHECK_STR(table_request_target(TABLE_LEGACY), "DynamoDB_20120810.DescribeGlobalTable");
        CHECK_EQ(table_request(&context, TABLE_TTL, &ttl), 0);
        CHECK_STR(ttl, "{\"TableName\":\"locks\"}");
        CHECK_STR(table_request_target(TABLE_TTL), "DynamoDB_20120810.DescribeTimeToLive");
}

static void test_tables_that_do(void) {
        check_shape(LABELLED(""), TABLE_FINE, "");
        check_shape(LABELLED(",\"CreationDateTime\":1.763928E9,\"TableArn\":\"arn:aws:dynamodb:eu-central-1:1:table/locks\","
                             "\"ItemCount\":0,\"DeletionProtectionEnabled\":true"), TABLE_FINE, "");
        check_shape(LABELLED(REPLICAS STRONG VERSION("2019.11.21")), TABLE_FINE, "");
        check_shape(LABELLED(VERSION("2019.11.21") ",\"Replicas\":[]"), TABLE_FINE, "");
        check_shape(LABELLED(",\"Replicas\":null"), TABLE_FINE, "");
        check_shape(TABLE(LABEL_KEY "\"AttributeDefinitions\":[{\"AttributeName\":\"host\",\"AttributeType\":\"N\"},"
                          "{\"AttributeName\":\"label\",\"AttributeType\":\"S\"}]"), TABLE_FINE, "");
}

static void test_replicas(void) {
        check_shape(LABELLED(REPLICAS VERSION("2019.11.21")), TABLE_REFUSED, "eventually consistent global table");
        check_shape(LABELLED(REPLICAS), TABLE_REFUSED, "eventually");
        check_shape(LABELLED(REPLICAS ",\"MultiRegionConsistency\":\"EVENTUAL\""), TABLE_REFUSED, "eventually");
        check_shape(LABELLED(REPLICAS ",\"MultiRegionConsistency\":[\"STRONG\"]"), TABLE_REFUSED, "eventually");
        check_shape(LABELLED(REPLICAS ",\"MultiRegionConsistency\":\"STRONG\\u0000\""), TABLE_REFUSED, "eventually");
        check_shape(LABELLED(VERSION("2017.11.29")), TABLE_REFUSED, "eventually");
        check_shape(LABELLED(VERSION("2031.01.01")), TABLE_REFUSED, "eventually");
        check_shape(LABELLED(",\"GlobalTableVersion\":7"), TABLE_REFUSED, "eventually");
        check_shape(LABELLED(",\"Replicas\":{}"), TABLE_REFUSED, "eventually");
}

static void test_keys(void) {
        check_shape(TABLE("\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
                          "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}]"),
                    TABLE_REFUSED, "another key than label (String)");
        check_shape(TABLE("\"KeySchema\":[{\"AttributeName\":\"label\",\"KeyType\":\"HASH\"},"
                          "{\"AttributeName\":\"host\",\"KeyType\":\"RANGE\"}]," LABEL_TYPE), TABLE_REFUSED, "another key");
        check_shape(TABLE(LABEL_KEY "\"AttributeDefinitions\":[{\"AttributeName\":\"label\",\"AttributeType\":\"N\"}]"),
                    TABLE_REFUSED, "another key");
        check_shape(TABLE("\"KeySchema\":[{\"AttributeName\":\"label\",\"KeyType\":\"RANGE\"}]," LABEL_TYPE), TABLE_REFUSED,
                    "another key");
        check_shape(TABLE("\"KeySchema\":[]," LABEL_TYPE), TABLE_REFUSED, "another key");
        check_shape(TABLE("\"KeySchema\":[\"label\"]," LABEL_TYPE), TABLE_REFUSED, "another key");
        check_shape(TABLE(LABEL_KEY "\"AttributeDefinitions\":[null,7]"), TABLE_REFUSED, "another key");
}

/* Nothing of this is a description of our table: it tells nothing, for nor against. */
static void test_hostile_answers(void) {
        static const char *const bodies[] = {
                "", "{}", "[]", "null", "{\"Table\":[]}", "{\"Table\":null}", "{\"Table\":{}}", TABLE(LABEL_TYPE),
                TABLE("\"KeySchema\":{}," LABEL_TYPE),
                "{\"Table\":{\"TableName\":\"other\"," LABEL_KEY LABEL_TYPE "}}",
                "{\"Table\":{\"TableName\":\"locks\\u0000\"," LABEL_KEY LABEL_TYPE "}}",
                "{\"Table\":{" LABEL_KEY LABEL_TYPE "}}",
                LABELLED("") LABELLED(""), LABELLED(STRONG STRONG), LABELLED("") "x",
                LABELLED(",\"\xff\":1"), "<html>\033[2J</html>",
        };

        for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
                CHECK_EQ(answer_of(TABLE_SHAPE, 200, bodies[i]).verdict, TABLE_RETRY);
                CHECK_EQ(answer_of(TABLE_LEGACY, 200, bodies[i]).verdict, TABLE_RETRY);
                CHECK_EQ(answer_of(TABLE_TTL, 200, bodies[i]).verdict, TABLE_RETRY);
        }
        CHECK_EQ(answer_of(TABLE_TTL, 200, TTL("\"TimeToLiveStatus\":7")).verdict, TABLE_RETRY);
        CHECK_EQ(answer_of(TABLE_SHAPE, 0, "").verdict, TABLE_RETRY);
}

static void test_legacy(void) {
        CHECK(!answer_of(TABLE_SHAPE, 200, LABELLED(STREAM("NEW_IMAGE"))).streams_images);
        CHECK(answer_of(TABLE_SHAPE, 200, LABELLED(STREAM("NEW_AND_OLD_IMAGES"))).streams_images);
        CHECK_EQ(answer_of(TABLE_LEGACY, 200, "{\"GlobalTableDescription\":{\"ReplicationGroup\":[]}}").verdict, TABLE_REFUSED);
        CHECK_EQ(answer_of(TABLE_LEGACY, 400, ERROR("GlobalTableNotFoundException")).verdict, TABLE_FINE);
        CHECK_EQ(answer_of(TABLE_LEGACY, 400, ERROR("UnknownOperationException")).verdict, TABLE_FINE);
        CHECK_EQ(answer_of(TABLE_LEGACY, 500, ERROR("UnknownOperationException")).verdict, TABLE_RETRY);
}

static void check_ttl(const char *status, const char *attribute, TableVerdict verdict) {
        _cleanup_free_ char *body = NULL;
        TableAnswer answer;

        if (asprintf(&body, TTL("\"TimeToLiveStatus\":\"%s\",\"AttributeName\":\"%s\""), status, attribute) < 0)
                abort();
        answer = answer_of(TABLE_TTL, 200, body);
        CHECK_EQ(answer.verdict, verdict);
        if (verdict == TABLE_REFUSED)
                CHECK(strstr(answer.error, attribute));
}

static void test_ttl(void) {
        static const char *const ours[] = { "label",    "holder", "expire_time", "version", "start_time",
                                            "lease_ms", "host",   "boot",        "fence" };

        for (size_t i = 0; i < ELEMENTSOF(ours); i++) {
                check_ttl("ENABLED", ours[i], TABLE_REFUSED);
                check_ttl("ENABLING", ours[i], TABLE_REFUSED);
                check_ttl("DISABLING", ours[i], TABLE_REFUSED);
                check_ttl("DISABLED", ours[i], TABLE_FINE);
        }
        check_ttl("ENABLED", "ttl", TABLE_FINE);
        check_ttl("ENABLED", "Expire_time", TABLE_FINE);
        CHECK_EQ(answer_of(TABLE_TTL, 200, TTL("\"TimeToLiveStatus\":\"DISABLED\"")).verdict, TABLE_FINE);
        CHECK_EQ(answer_of(TABLE_TTL, 400, ERROR("UnknownOperationException")).verdict, TABLE_FINE);
        CHECK_EQ(answer_of(TABLE_TTL, 400, ERROR("ValidationException")).verdict, TABLE_FINE);
        CHECK_EQ(answer_of(TABLE_TTL, 400, ERROR("ThrottlingException")).verdict, TABLE_RETRY);
}

static void test_refusals(void) {
        TableAnswer answer = answer_of(TABLE_SHAPE, 400, ERROR("AccessDeniedException"));

        CHECK_EQ(answer.verdict, TABLE_NOT_ALLOWED);
        CHECK_STR(answer.error, "not allowed to look at table locks (dynamodb:DescribeTable)");
        CHECK_STR(answer.assumption, "it is no eventually consistent global table");
        answer = answer_of(TABLE_TTL, 400, ERROR("AccessDeniedException"));
        CHECK_EQ(answer.verdict, TABLE_NOT_ALLOWED);
        CHECK_STR(answer.error, "not allowed to look at table locks (dynamodb:DescribeTimeToLive)");
        CHECK_EQ(answer_of(TABLE_SHAPE, 503, ERROR("AccessDeniedException")).verdict, TABLE_RETRY);
        CHECK_EQ(answer_of(TABLE_SHAPE, 400, "AccessDeniedException").verdict, TABLE_RETRY);
        CHECK_EQ(answer_of(TABLE_SHAPE, 400, ERROR("ResourceNotFoundException")).verdict, TABLE_RETRY);
        CHECK_EQ(answer_of(TABLE_SHAPE, 400, ERROR("UnknownOperationException")).verdict, TABLE_RETRY);
        CHECK_EQ(answer_of(TABLE_SHAPE, 400, ERROR("ValidationException")).verdict, TABLE_RETRY);
}

static TableVerdict sum_of(TableVerdict first, TableVerdict second) {
        TableAnswer sum = { .verdict = first, .streams_images = true };

        table_answer_add(&sum, &(TableAnswer) { .verdict = second });
        CHECK(sum.streams_images);
        return sum.verdict;
}

/* What is known to be wrong weighs more than what could not be seen, and that more than nothing wrong. */
static void test_sums(void) {
        TableAnswer sum = answer_of(TABLE_SHAPE, 400, ERROR("AccessDeniedException"));
        TableAnswer ttl = answer_of(TABLE_TTL, 400, ERROR("AccessDeniedException"));

        CHECK_EQ(sum_of(TABLE_FINE, TABLE_FINE), TABLE_FINE);
        CHECK_EQ(sum_of(TABLE_FINE, TABLE_NOT_ALLOWED), TABLE_NOT_ALLOWED);
        CHECK_EQ(sum_of(TABLE_FINE, TABLE_RETRY), TABLE_RETRY);
        CHECK_EQ(sum_of(TABLE_NOT_ALLOWED, TABLE_FINE), TABLE_NOT_ALLOWED);
        CHECK_EQ(sum_of(TABLE_NOT_ALLOWED, TABLE_REFUSED), TABLE_REFUSED);
        CHECK_EQ(sum_of(TABLE_NOT_ALLOWED, TABLE_RETRY), TABLE_RETRY);
        table_answer_add(&sum, &ttl);
        CHECK(strstr(sum.error, "dynamodb:DescribeTable)"));
}

static void test_order(void) {
        const TableAnswer fine = { .verdict = TABLE_FINE }, streams = { .verdict = TABLE_FINE, .streams_images = true };
        const TableAnswer unseen = { .verdict = TABLE_NOT_ALLOWED }, refused = { .verdict = TABLE_REFUSED };
        const TableAnswer unknown = { .verdict = TABLE_RETRY };

        CHECK_EQ(table_next_question(TABLE_SHAPE, &fine), TABLE_TTL);
        CHECK_EQ(table_next_question(TABLE_SHAPE, &streams), TABLE_LEGACY);
        CHECK_EQ(table_next_question(TABLE_SHAPE, &unseen), TABLE_TTL);
        CHECK_EQ(table_next_question(TABLE_SHAPE, &refused), _TABLE_QUESTION_MAX);
        CHECK_EQ(table_next_question(TABLE_SHAPE, &unknown), _TABLE_QUESTION_MAX);
        CHECK_EQ(table_next_question(TABLE_LEGACY, &streams), TABLE_TTL);
        CHECK_EQ(table_next_question(TABLE_TTL, &fine), _TABLE_QUESTION_MAX);
}

int main(void) {
        static const Case cases[] = {
                { "requests", test_requests },
                { "tables that do", test_tables_that_do },
                { "replicas", test_replicas },
                { "keys", test_keys },
                { "hostile answers", test_hostile_answers },
                { "legacy replicas", test_legacy },
                { "time to live", test_ttl },
                { "refusals", test_refusals },
                { "sums", test_sums },
                { "order", test_order },
        };

        return RUN_CASES(cases);
}
