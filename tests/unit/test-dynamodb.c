/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table's language: the very bytes of requests, and answers, those included that nobody should send. */

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "cleanup.h"
#include "crc32.h"
#include "dynamodb.h"
#include "endpoint.h"

#define LABEL "\"label\":{\"S\":\"validator\"}"
#define ORIGINAL LABEL ",\"holder\":{\"S\":\"node1\"},\"version\":{\"S\":\"v1\"}," \
        "\"expire_time\":{\"N\":\"1763929801000\"},\"start_time\":{\"N\":\"1763928001000\"}"
#define OURS ORIGINAL ",\"lease_ms\":{\"N\":\"1800000\"},\"host\":{\"S\":\"" HOST "\"},\"boot\":{\"S\":\"" BOOT "\"}," \
        "\"fence\":{\"N\":\"1763928001123\"}"
#define HOST "0123456789abcdef0123456789abcdef"
#define BOOT "fedcba9876543210fedcba9876543210"
#define ITEM(attributes) "{\"Item\":{" attributes "}}"

static const DynamoDBContext context = {
        .region = "eu-central-1", .table = "locks", .label = "validator", .signed_s = 1763928000,
};

static const Record record = {
        .holder = "node1#0badcafe",
        .version = "11111111-2222-4333-8444-555555555555",
        .expire_time_ms = 1763929846000,
        .start_time_ms = 1763928001000,
        .is_ours_by_shape = true,
        .lease_ms = 1800000,
        .host = HOST,
        .boot = BOOT,
        .fence = UINT64_MAX,
};

static StoreAnswer read_with(int status, const char *body, size_t size, const char *crc32) {
        HttpAnswer http = { .status = status, .date_s = 1763928002, .crc32 = crc32, .body = body, .body_size = size };
        StoreAnswer answer;

        memset(&answer, 0xaa, sizeof(answer));
        dynamodb_read_answer(&context, &http, &answer);
        CHECK(answer.outcome == STORE_OK ? !*answer.error : *answer.error);
        CHECK(!answer.has_record || answer.outcome == STORE_OK);
        CHECK_EQ(answer.date_s, 1763928002);
        return answer;
}

static StoreAnswer read_answer(const char *body) {
        return read_with(200, body, strlen(body), NULL);
}

static StoreAnswer write_answer(int status, const char *body) {
        HttpAnswer http = { .status = status, .date_s = 1763928002, .body = body, .body_size = strlen(body) };
        StoreAnswer answer;

        dynamodb_write_answer(&context, &http, &answer);
        CHECK(answer.outcome == STORE_OK ? !*answer.error : *answer.error);
        return answer;
}

static void test_read_request(void) {
        _cleanup_free_ char *body = NULL, *odd = NULL;

        CHECK_EQ(dynamodb_read_request(&context, &body), 0);
        CHECK_STR(body, "{\"TableName\":\"locks\",\"Key\":{\"label\":{\"S\":\"validator\"}},\"ConsistentRead\":true}");
        CHECK_EQ(dynamodb_read_request(&(DynamoDBContext) { .table = "t", .label = "a\"b\\c/\n\xc3\xb6" }, &odd), 0);
        CHECK_STR(odd, "{\"TableName\":\"t\",\"Key\":{\"label\":{\"S\":\"a\\\"b\\\\c/\\n\xc3\xb6\"}},"
                       "\"ConsistentRead\":true}");
}

#define WRITE_BEGIN                                                                                           \
        "{\"TableName\":\"locks\",\"Key\":{\"label\":{\"S\":\"validator\"}},"                                 \
        "\"UpdateExpression\":\"SET #holder = :holder, #expire_time = :expire_time, #start_time = :start_time, " \
        "#version = :version, #lease_ms = :lease_ms, #host = :host, #boot = :boot, #fence = :fence\","        \
        "\"ConditionExpression\":"
#define WRITE_MIDDLE                                                                                          \
        ",\"ExpressionAttributeNames\":{\"#holder\":\"holder\",\"#expire_time\":\"expire_time\","             \
        "\"#start_time\":\"start_time\",\"#version\":\"version\",\"#lease_ms\":\"lease_ms\",\"#host\":\"host\"," \
        "\"#boot\":\"boot\",\"#fence\":\"fence\"},\"ExpressionAttributeValues\":{"                            \
        "\":holder\":{\"S\":\"node1#0badcafe\"},\":expire_time\":{\"N\":\"1763929846000\"},"                  \
        "\":start_time\":{\"N\":\"1763928001000\"},\":version\":{\"S\":\"11111111-2222-4333-8444-555555555555\"}," \
        "\":lease_ms\":{\"N\":\"1800000\"},\":host\":{\"S\":\"" HOST "\"},\":boot\":{\"S\":\"" BOOT "\"},"    \
        "\":fence\":{\"N\":\"18446744073709551615\"}"

static void test_write_request(void) {
        static const char *const expected[] = { "v1", "v2" };
        _cleanup_free_ char *create = NULL, *renew = NULL, *both = NULL;

        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { .record = &record, .create = true }, &create), 0);
        CHECK_STR(create, WRITE_BEGIN "\"attribute_not_exists(#version)\"" WRITE_MIDDLE "}}");
        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { &record, false, expected, 2 }, &renew), 0);
        CHECK_STR(renew, WRITE_BEGIN "\"#version IN (:e0, :e1)\"" WRITE_MIDDLE
                                     ",\":e0\":{\"S\":\"v1\"},\":e1\":{\"S\":\"v2\"}}}");
        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { &record, true, expected, 1 }, &both), 0);
        CHECK_STR(both, WRITE_BEGIN "\"attribute_not_exists(#version) OR #version IN (:e0)\"" WRITE_MIDDLE
                                    ",\":e0\":{\"S\":\"v1\"}}}");
}

static void test_write_request_refusals(void) {
        static const char *const expected[] = { "v1" };
        char *body = NULL;
        Record bare = record;

        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { .record = &record }, &body), -EINVAL);
        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { &record, false, expected, 1000 }, &body), -EINVAL);
        bare.is_ours_by_shape = false;
        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { &bare, false, expected, 1 }, &body), -EINVAL);
        CHECK(!body);
}

static void test_records(void) {
        StoreAnswer a = read_answer(ITEM(OURS));

        CHECK_EQ(a.outcome, STORE_OK);
        CHECK(a.has_record && a.record.is_ours_by_shape);
        CHECK_STR(a.record.holder, "node1");
        CHECK_STR(a.record.version, "v1");
        CHECK_STR(a.record.host, HOST);
        CHECK_STR(a.record.boot, BOOT);
        CHECK_EQ(a.record.expire_time_ms, 1763929801000);
        CHECK_EQ(a.record.start_time_ms, 1763928001000);
        CHECK_EQ(a.record.lease_ms, 1800000);
        CHECK_EQ(a.record.fence, 1763928001123);

        a = read_answer(ITEM(ORIGINAL));
        CHECK(a.outcome == STORE_OK && a.has_record && !a.record.is_ours_by_shape);
        a = read_answer(ITEM(ORIGINAL ",\"lease_ms\":{\"N\":\"1800000\"},\"host\":{\"S\":\"h\"},\"fence\":{\"N\":\"1\"}"));
        CHECK(a.outcome == STORE_OK && a.has_record && !a.record.is_ours_by_shape);
        a = read_answer(ITEM(OURS ",\"note\":{\"M\":{\"a\":{\"L\":[{\"N\":\"1\"},{\"NULL\":true}]}}}"));
        CHECK(a.outcome == STORE_OK && a.has_record && a.record.is_ours_by_shape);
        a = read_answer(" {} \r\n");
        CHECK(a.outcome == STORE_OK && !a.has_record);
}

/* The item is there, but whoever wrote it did not mean a lock. */
static void test_unclear_items(void) {
        static const char *const items[] = {
                ITEM(LABEL),
                ITEM(LABEL ",\"holder\":{\"S\":\"h\"},\"version\":{\"S\":\"v\"},\"expire_time\":{\"N\":\"1\"}"),
                ITEM(LABEL ",\"holder\":{\"N\":\"1\"},\"version\":{\"S\":\"v\"},\"expire_time\":{\"N\":\"1\"},"
                           "\"start_time\":{\"N\":\"1\"}"),
                ITEM(LABEL ",\"holder\":{\"S\":\"\"},\"version\":{\"S\":\"v\"},\"expire_time\":{\"N\":\"1\"},"
                           "\"start_time\":{\"N\":\"1\"}"),
                ITEM(LABEL ",\"holder\":{\"S\":\"a\\u0000b\"},\"version\":{\"S\":\"v\"},\"expire_time\":{\"N\":\"1\"},"
                           "\"start_time\":{\"N\":\"1\"}"),
                ITEM(LABEL ",\"holder\":{\"S\":\"a\\u001b[2J\"},\"version\":{\"S\":\"v\"},\"expire_time\":{\"N\":\"1\"},"
                           "\"start_time\":{\"N\":\"1\"}"),
                ITEM(LABEL ",\"holder\":{\"S\":\"h\",\"N\":\"1\"},\"version\":{\"S\":\"v\"},\"expire_time\":{\"N\":\"1\"},"
                           "\"start_time\":{\"N\":\"1\"}"),
                ITEM(LABEL ",\"holder\":\"h\",\"version\":{\"S\":\"v\"},\"expire_time\":{\"N\":\"1\"},"
                           "\"start_time\":{\"N\":\"1\"}"),
                ITEM(ORIGINAL ",\"host\":{\"S\":\"" HOST "0\"}"),
                ITEM(ORIGINAL ",\"lease_ms\":{\"S\":\"1800000\"}"),
                ITEM(ORIGINAL ",\"fence\":{\"N\":\"-1\"}"),
                ITEM(ORIGINAL ",\"fence\":{\"N\":\"18446744073709551616\"}"),
                ITEM(ORIGINAL ",\"fence\":{\"N\":1}"),
        };

        for (size_t i = 0; i < ELEMENTSOF(items); i++) {
                StoreAnswer a = read_answer(items[i]);

                CHECK_EQ(a.outcome, STORE_UNCLEAR);
                if (a.outcome != STORE_UNCLEAR)
                        printf("  of %s\n", items[i]);
        }
}

static StoreAnswer read_with_expire_time(const char *number) {
        char body[512];

        snprintf(body, sizeof(body),
                 "{\"Item\":{" LABEL ",\"holder\":{\"S\":\"h\"},\"version\":{\"S\":\"v\"},\"start_time\":{\"N\":\"1\"},"
                 "\"expire_time\":{\"N\":\"%s\"}}}", number);
        return read_answer(body);
}

static void test_numbers(void) {
        static const char *const wrong[] = { "", "-", "+1", "1.5", "1e3", "0x1", " 1", "1 ", "--1",
                                             "9223372036854775808", "-9223372036854775808",
                                             "99999999999999999999999999999999999999" };

        CHECK_EQ(read_with_expire_time("0").record.expire_time_ms, 0);
        CHECK_EQ(read_with_expire_time("-5").record.expire_time_ms, -5);
        CHECK_EQ(read_with_expire_time("9223372036854775807").record.expire_time_ms, INT64_MAX);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                CHECK_EQ(read_with_expire_time(wrong[i]).outcome, STORE_UNCLEAR);
}

static void test_lengths(void) {
        char body[1024], holder[RECORD_HOLDER_MAX + 2];

        memset(holder, 'x', sizeof(holder));
        for (int length = RECORD_HOLDER_MAX; length <= RECORD_HOLDER_MAX + 1; length++) {
                snprintf(body, sizeof(body),
                         "{\"Item\":{" LABEL ",\"holder\":{\"S\":\"%.*s\"},\"version\":{\"S\":\"v\"},"
                         "\"expire_time\":{\"N\":\"1\"},\"start_time\":{\"N\":\"1\"}}}", length, holder);
                CHECK_EQ(read_answer(body).outcome, length > RECORD_HOLDER_MAX ? STORE_UNCLEAR : STORE_OK);
        }
}

/* Nothing that may be believed: as good as no answer. */
static void test_broken_answers(void) {
        static const char *const bodies[] = {
                "", "null", "[]", "1", "\"x\"", "<html></html>", "{", "{}x", "{}{}", "{'Item':{}}",
                "{\"Item\":null}", "{\"Item\":[]}", "{\"Item\":{}}", "{\"item\":{}}", "{\"Message\":\"hello\"}",
                "{\"Item\":{" OURS "}", "{\"Item\":{" OURS "},}",
                ITEM(OURS ",\"holder\":{\"S\":\"node2\"}"),
                "{\"Item\":{" OURS "},\"Item\":{" ORIGINAL "}}",
                ITEM("\"label\":{\"S\":\"other\"}"), ITEM("\"label\":{\"N\":\"1\"}"), ITEM("\"holder\":{\"S\":\"x\"}"),
                ITEM("\"label\":{\"S\":\"validator\\u0000\"}"),
                ITEM(ORIGINAL ",\"note\":{\"S\":\"\xff\xfe\"}"),
        };

        for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
                StoreAnswer a = read_answer(bodies[i]);

                CHECK_EQ(a.outcome, STORE_RETRY);
                if (a.outcome != STORE_RETRY)
                        printf("  of %s\n", bodies[i]);
        }
        CHECK_EQ(read_with(200, "{}\0x", 4, NULL).outcome, STORE_RETRY);
        CHECK_EQ(read_with(200, "{}\0", 3, NULL).outcome, STORE_RETRY);
}

static void test_every_truncation(void) {
        static const char body[] = ITEM(OURS);

        for (size_t size = 0; size < sizeof(body) - 1; size++)
                CHECK_EQ(read_with(200, body, size, NULL).outcome, STORE_RETRY);
}

static void test_depth(void) {
        char body[4096];

        for (size_t depth = 1; depth < 500; depth += 100) {
                size_t n = (size_t) snprintf(body, sizeof(body), "{\"Item\":{" ORIGINAL ",\"note\":");

                memset(body + n, '[', depth);
                memset(body + n + depth, ']', depth);
                strcpy(body + n + 2 * depth, "}}");
                CHECK_EQ(read_answer(body).outcome, depth > 64 ? STORE_RETRY : STORE_OK);
        }
}

static void test_crc32(void) {
        CHECK_EQ(crc32_of("123456789", 9), 0xcbf43926);
        CHECK_EQ(read_with(200, "{}", 2, "2745614147").outcome, STORE_OK);
        CHECK_EQ(read_with(200, "{}", 2, "2745614148").outcome, STORE_RETRY);
        CHECK_EQ(read_with(200, "{}", 2, "").outcome, STORE_RETRY);
        CHECK_EQ(read_with(200, "{}", 2, "-1").outcome, STORE_RETRY);
        CHECK_EQ(read_with(400, "{}", 2, "1").outcome, STORE_RETRY);
}

static void test_no_answer(void) {
        HttpAnswer http = { .error = "127.0.0.1:8000 cannot be reached: Connection refused" };
        StoreAnswer a;

        dynamodb_write_answer(&context, &http, &a);
        CHECK_EQ(a.outcome, STORE_RETRY);
        CHECK_STR(a.error, "127.0.0.1:8000 cannot be reached: Connection refused");
        CHECK_EQ(a.date_s, 0);
}

typedef struct ErrorCase {
        int status;
        const char *code, *message;
        StoreOutcome outcome;
        const char *says; /* somewhere in the sentence */
} ErrorCase;

static const ErrorCase error_cases[] = {
        { 400, "ConditionalCheckFailedException", "", STORE_CONDITION_FAILED, "another version" },
        { 500, "ConditionalCheckFailedException", "", STORE_RETRY, "another version" },
        { 400, "ThrottlingException", "Rate exceeded", STORE_RETRY, "throttled" },
        { 400, "ProvisionedThroughputExceededException", "", STORE_RETRY, "capacity" },
        { 400, "RequestLimitExceeded", "", STORE_RETRY, "limit" },
        { 500, "InternalServerError", "", STORE_RETRY, "internal error" },
        { 400, "ReplicatedWriteConflictException", "", STORE_RETRY, "another region" },
        { 400, "TransactionConflictException", "", STORE_RETRY, "transaction" },
        { 400, "ResourceNotFoundException", "", STORE_PERSON,
          "table locks in eu-central-1 does not exist: create it with key label (String), or correct" },
        { 400, "AccessDeniedException", "User: arn:aws:iam::1:user/x is not authorized", STORE_PERSON,
          "allow dynamodb:GetItem and dynamodb:UpdateItem on it (User: arn:aws:iam::1:user/x is not" },
        { 400, "ValidationException", "The provided key element\nis \x1b[2J", STORE_PERSON,
          "label (String); create such a table, or correct cloudlock_dynamodb_table (The provided key element?is ?[2J)" },
        { 400, "UnrecognizedClientException", "", STORE_PERSON, "cloudlock_aws_key_id" },
        { 400, "MissingAuthenticationTokenException", "", STORE_PERSON, "proxy" },
        { 400, "IncompleteSignatureException", "", STORE_PERSON, "proxy" },
        { 400, "ExpiredTokenException", "", STORE_PERSON, "cloudlock_aws_session_token" },
        { 400, "InvalidSignatureException", "Signature expired: 2025 is now earlier", STORE_RETRY, "clock is wrong" },
        { 400, "InvalidSignatureException", "Signature not yet current: 2025", STORE_RETRY, "clock is wrong" },
        { 400, "InvalidSignatureException", "x-amz-security-token:TELLTALE does not match", STORE_PERSON, "secret" },
        { 400, "NewException", "hear,\thear", STORE_RETRY, "NewException: hear,?hear" },
        { 503, "ServiceUnavailable", "", STORE_RETRY, "ServiceUnavailable" },
};

static void json_escape(const char *text, char *buf) {
        for (; *text; text++)
                buf += (unsigned char) *text < ' ' ? sprintf(buf, "\\u%04x", *text) : sprintf(buf, "%c", *text);
}

static void test_errors(void) {
        for (size_t i = 0; i < ELEMENTSOF(error_cases); i++) {
                const ErrorCase *c = &error_cases[i];
                char body[512], message[512] = "";
                StoreAnswer a;

                json_escape(c->message, message);
                snprintf(body, sizeof(body), "{\"__type\":\"com.amazonaws.dynamodb.v20120810#%.60s\",\"%s\":\"%.300s\"}",
                         c->code, i % 2 ? "message" : "Message", message);
                a = write_answer(c->status, body);
                CHECK_EQ(a.outcome, c->outcome);
                CHECK(strstr(a.error, c->says));
                CHECK(!strstr(a.error, "TELLTALE"));
                if (a.outcome != c->outcome || !strstr(a.error, c->says))
                        printf("  of %s: %s\n", c->code, a.error);
        }
}

/* The code of a wrong clock is that of a wrong secret: what tells is the server's date. */
static void test_clock_by_date(void) {
        static const char body[] = "{\"__type\":\"x#InvalidSignatureException\",\"message\":\"\"}";
        DynamoDBContext late = context;
        HttpAnswer http = { .status = 400, .body = body, .body_size = sizeof(body) - 1, .date_s = context.signed_s };
        StoreAnswer a;

        dynamodb_write_answer(&late, &http, &a);
        CHECK_EQ(a.outcome, STORE_PERSON);
        late.signed_s -= 301;
        dynamodb_write_answer(&late, &http, &a);
        CHECK_EQ(a.outcome, STORE_RETRY);
        late.signed_s += 2000;
        dynamodb_write_answer(&late, &http, &a);
        CHECK_EQ(a.outcome, STORE_RETRY);
        http.date_s = 0;
        dynamodb_write_answer(&late, &http, &a);
        CHECK_EQ(a.outcome, STORE_PERSON);
}

static void test_odd_errors(void) {
        static const char *const bodies[] = { "", "<html>", "{}", "{\"__type\":1}", "{\"__type\":null}", "[]" };

        for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
                CHECK_EQ(write_answer(403, bodies[i]).outcome, STORE_RETRY);
                CHECK(strstr(write_answer(502, bodies[i]).error, "HTTP status 502"));
        }
        CHECK_EQ(write_answer(400, "{\"__type\":\"ResourceNotFoundException\"}").outcome, STORE_PERSON);
        CHECK_EQ(write_answer(200, "{}").outcome, STORE_OK);
        CHECK_EQ(write_answer(200, "").outcome, STORE_RETRY);
        CHECK_EQ(write_answer(302, "{}").outcome, STORE_RETRY);
        CHECK_EQ(read_with(400, "{\"__type\":\"ConditionalCheckFailedException\"}", 46, NULL).outcome, STORE_RETRY);
}

static void test_endpoints(void) {
        static const char *const wrong[] = {
                "", "dynamodb.eu-central-1.amazonaws.com", "ftp://a", "https://", "https://a/", "https://a/b",
                "https://u:p@a", "https://a?b", "https://a b", "https://a\r\nX: y", "http://example.org",
                "http://10.0.0.1:8000", "http://127.example.org", "http://localhost.example.org", "http://128.0.0.1",
                "http://:80", "http://0x7f.1", "http://[::2]:8000",
        };
        Endpoint endpoint;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                CHECK_EQ(endpoint_parse(wrong[i], &endpoint), -EINVAL);
        CHECK_EQ(endpoint_parse("https://dynamodb.eu-central-1.amazonaws.com:443", &endpoint), 0);
        CHECK_STR(endpoint.authority, "dynamodb.eu-central-1.amazonaws.com");
        CHECK(!endpoint.plain);
        CHECK_EQ(endpoint_parse("https://[2001:db8::1]:8443", &endpoint), 0);
        CHECK_STR(endpoint.authority, "[2001:db8::1]:8443");
        CHECK_EQ(endpoint_parse("http://127.0.0.1:8000", &endpoint), 0);
        CHECK(endpoint.plain);
        CHECK_STR(endpoint.authority, "127.0.0.1:8000");
        CHECK_EQ(endpoint_parse("http://[::1]:80", &endpoint), 0);
        CHECK_STR(endpoint.authority, "[::1]");
        CHECK_EQ(endpoint_parse("http://localhost:443", &endpoint), 0);
        CHECK_STR(endpoint.authority, "localhost:443");
}

static void test_dates(void) {
        static const char *const wrong[] = { "", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
                                             "Sun, 06 Nov 1994 08:49:37 GMT;", "1994-11-06T08:49:37Z",
                                             "Thu, 01 Jan 1970 00:00:00 GMT", "Sun, 06 Nov 1994 25:49:37 GMT" };
        int64_t s = 42;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                CHECK_EQ(http_date_parse(wrong[i], &s), -EINVAL);
        CHECK_EQ(s, 42);
        CHECK_EQ(http_date_parse("Sun, 06 Nov 1994 08:49:37 GMT", &s), 0);
        CHECK_EQ(s, 784111777);
}

int main(void) {
        static const Case cases[] = {
                { "request to read", test_read_request },
                { "request to write", test_write_request },
                { "requests that cannot be", test_write_request_refusals },
                { "records, ours and the original's", test_records },
                { "items that are not lock records", test_unclear_items },
                { "numbers", test_numbers },
                { "lengths", test_lengths },
                { "broken answers", test_broken_answers },
                { "an answer cut off anywhere", test_every_truncation },
                { "depth", test_depth },
                { "checksum", test_crc32 },
                { "no answer", test_no_answer },
                { "errors", test_errors },
                { "clock by date", test_clock_by_date },
                { "odd errors", test_odd_errors },
                { "endpoints", test_endpoints },
                { "dates", test_dates },
        };

        return RUN_CASES(cases);
}
