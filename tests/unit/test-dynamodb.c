/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table's language: the very bytes of requests, and answers, those included that nobody should send. */

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "cleanup.h"
#include "crc32.h"
#include "dynamodb.h"
#include "endpoint.h"
#include "hostile-answers.h"

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
        "#version = :version, #lease_ms = :lease_ms, #host = :host, #boot = :boot, #fence = :fence"
#define WRITE_CONDITION "\",\"ConditionExpression\":"
#define UNNAMED " REMOVE #successor"
#define WRITE_MIDDLE                                                                                          \
        ",\"ExpressionAttributeNames\":{\"#holder\":\"holder\",\"#expire_time\":\"expire_time\","             \
        "\"#start_time\":\"start_time\",\"#version\":\"version\",\"#lease_ms\":\"lease_ms\",\"#host\":\"host\"," \
        "\"#boot\":\"boot\",\"#fence\":\"fence\",\"#successor\":\"successor\"},\"ExpressionAttributeValues\":{"                            \
        "\":holder\":{\"S\":\"node1#0badcafe\"},\":expire_time\":{\"N\":\"1763929846000\"},"                  \
        "\":start_time\":{\"N\":\"1763928001000\"},\":version\":{\"S\":\"11111111-2222-4333-8444-555555555555\"}," \
        "\":lease_ms\":{\"N\":\"1800000\"},\":host\":{\"S\":\"" HOST "\"},\":boot\":{\"S\":\"" BOOT "\"},"    \
        "\":fence\":{\"N\":\"18446744073709551615\"}"

static void test_write_request(void) {
        static const char *const expected[] = { "v1", "v2" };
        _cleanup_free_ char *create = NULL, *renew = NULL, *both = NULL, *handover = NULL;
        Record named = record;

        strcpy(named.successor, "node2");
        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { .record = &record, .create = true }, &create), 0);
        CHECK_STR(create, WRITE_BEGIN UNNAMED WRITE_CONDITION "\"attribute_not_exists(#version)\"" WRITE_MIDDLE "}}");
        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { &record, false, expected, 2 }, &renew), 0);
        CHECK_STR(renew, WRITE_BEGIN UNNAMED WRITE_CONDITION "\"#version IN (:e0, :e1)\"" WRITE_MIDDLE
                                     ",\":e0\":{\"S\":\"v1\"},\":e1\":{\"S\":\"v2\"}}}");
        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { &record, true, expected, 1 }, &both), 0);
        CHECK_STR(both, WRITE_BEGIN UNNAMED WRITE_CONDITION "\"attribute_not_exists(#version) OR #version IN (:e0)\""
                        WRITE_MIDDLE ",\":e0\":{\"S\":\"v1\"}}}");
        CHECK_EQ(dynamodb_write_request(&context, &(StoreWrite) { &named, false, expected, 1 }, &handover), 0);
        CHECK_STR(handover, WRITE_BEGIN ", #successor = :successor" WRITE_CONDITION "\"#version IN (:e0)\"" WRITE_MIDDLE
                            ",\":successor\":{\"S\":\"node2\"},\":e0\":{\"S\":\"v1\"}}}");
}

#define DELETE_BEGIN                                                                                          \
        "{\"TableName\":\"locks\",\"Key\":{\"label\":{\"S\":\"validator\"}},\"ConditionExpression\":\""
#define NO_LOCKS_VERSION \
        "attribute_exists(#label) AND (attribute_not_exists(#version) OR NOT attribute_type(#version, :version))"

static void test_delete_request(void) {
        _cleanup_free_ char *whole = NULL, *version = NULL, *holder = NULL, *neither = NULL;

        CHECK_EQ(dynamodb_delete_request(&context, &(StoreDelete) { .version = "v1", .holder = "node1" }, &whole), 0);
        CHECK_STR(whole, DELETE_BEGIN "#version = :version AND #holder = :holder\",\"ExpressionAttributeNames\":"
                         "{\"#version\":\"version\",\"#holder\":\"holder\"},\"ExpressionAttributeValues\":"
                         "{\":version\":{\"S\":\"v1\"},\":holder\":{\"S\":\"node1\"}}}");
        CHECK_EQ(dynamodb_delete_request(&context, &(StoreDelete) { .version = "v1", .holder = "" }, &version), 0);
        CHECK_STR(version, DELETE_BEGIN "#version = :version\",\"ExpressionAttributeNames\":{\"#version\":\"version\"},"
                           "\"ExpressionAttributeValues\":{\":version\":{\"S\":\"v1\"}}}");
        CHECK_EQ(dynamodb_delete_request(&context, &(StoreDelete) { .version = "", .holder = "node1" }, &holder), 0);
        CHECK_STR(holder, DELETE_BEGIN NO_LOCKS_VERSION " AND #holder = :holder\",\"ExpressionAttributeNames\":"
                          "{\"#version\":\"version\",\"#label\":\"label\",\"#holder\":\"holder\"},"
                          "\"ExpressionAttributeValues\":{\":version\":{\"S\":\"S\"},\":holder\":{\"S\":\"node1\"}}}");
        CHECK_EQ(dynamodb_delete_request(&context, &(StoreDelete) { .version = "", .holder = "" }, &neither), 0);
        CHECK_STR(neither, DELETE_BEGIN NO_LOCKS_VERSION "\",\"ExpressionAttributeNames\":{\"#version\":\"version\","
                           "\"#label\":\"label\"},\"ExpressionAttributeValues\":{\":version\":{\"S\":\"S\"}}}");
}

static void test_delete_answers(void) {
        static const char denied[] = "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"message\":\"x\"}";
        HttpAnswer http = { .status = 200, .date_s = 1763928002, .body = "{}", .body_size = 2 };
        DynamoDBContext deleting = context;
        StoreAnswer answer;

        deleting.rights = "dynamodb:DeleteItem";
        dynamodb_delete_answer(&deleting, &http, &answer);
        CHECK_EQ(answer.outcome, STORE_OK);
        http.body = ITEM(OURS);
        http.body_size = strlen(http.body);
        dynamodb_delete_answer(&deleting, &http, &answer);
        CHECK_EQ(answer.outcome, STORE_RETRY);
        CHECK(strstr(answer.error, "something else than DeleteItem"));
        http.status = 400;
        http.body = denied;
        http.body_size = strlen(denied);
        dynamodb_delete_answer(&deleting, &http, &answer);
        CHECK_EQ(answer.outcome, STORE_PERSON);
        CHECK(strstr(answer.error, "allow dynamodb:DeleteItem on it"));
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
        CHECK_STR(a.record.successor, "");
        a = read_answer(ITEM(OURS ",\"successor\":{\"S\":\"node2\"}"));
        CHECK_EQ(a.outcome, STORE_OK);
        CHECK_STR(a.record.successor, "node2");
        /* what it says can do no harm, and what it can't say is nothing */
        a = read_answer(ITEM(OURS ",\"successor\":{\"S\":\"a\\u001b[31m\"}"));
        CHECK(a.outcome == STORE_OK && a.record.is_ours_by_shape && !*a.record.successor);
        a = read_answer(ITEM(OURS ",\"successor\":{\"N\":\"1\"}"));
        CHECK(a.outcome == STORE_OK && a.record.is_ours_by_shape && !*a.record.successor);
        a = read_answer(" {} \r\n");
        CHECK(a.outcome == STORE_OK && !a.has_record);
}

static void test_unclear_items(void) {
        StoreAnswer a = read_answer(ITEM(LABEL ",\"holder\":{\"S\":\"h\"},\"version\":{\"S\":\"v\"}"));

        CHECK_EQ(a.outcome, STORE_UNCLEAR);
        CHECK_STR(a.record.holder, "h");
        CHECK_STR(a.record.version, "v");
        a = read_answer(ITEM(LABEL ",\"holder\":{\"N\":\"1\"},\"version\":{\"S\":\"a\\u0007\"}"));
        CHECK_EQ(a.outcome, STORE_UNCLEAR);
        CHECK_STR(a.record.holder, "");
        CHECK_STR(a.record.version, "");
        CHECK_EQ(a.record.expire_time_ms, 0);
}

static StoreAnswer read_with_expire_time(const char *number) {
        char body[512];

        snprintf(body, sizeof(body),
                 "{\"Item\":{" LABEL ",\"holder\":{\"S\":\"h\"},\"version\":{\"S\":\"v\"},\"start_time\":{\"N\":\"1\"},"
                 "\"expire_time\":{\"N\":\"%s\"}}}", number);
        return read_answer(body);
}

static void test_numbers(void) {
        CHECK_EQ(read_with_expire_time("0").record.expire_time_ms, 0);
        CHECK_EQ(read_with_expire_time("-5").record.expire_time_ms, -5);
        CHECK_EQ(read_with_expire_time("9223372036854775807").record.expire_time_ms, INT64_MAX);
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

/* Nothing that may be believed, or an item that is no lock: each says what is wrong with it. */
static void test_hostile_answers(void) {
        for (size_t i = 0; i < ELEMENTSOF(hostile_answers); i++) {
                const HostileAnswer *h = &hostile_answers[i];
                StoreAnswer a = read_with(h->status, h->body, h->size, h->crc32);

                CHECK_EQ(a.outcome, h->outcome);
                CHECK(strstr(a.error, h->says));
                if (a.outcome != h->outcome || !strstr(a.error, h->says))
                        printf("  of %s: %s\n", h->name, a.error);
        }
}

/* The same as the answer to a write: as good as none, for nobody knows whether it was applied. */
static void test_hostile_answers_to_a_write(void) {
        for (size_t i = 0; i < ELEMENTSOF(hostile_answers); i++) {
                const HostileAnswer *h = &hostile_answers[i];
                HttpAnswer http = { .status = h->status, .crc32 = h->crc32, .body = h->body, .body_size = h->size };
                StoreAnswer a;

                dynamodb_write_answer(&context, &http, &a);
                CHECK(a.outcome == STORE_RETRY || a.outcome == STORE_CONDITION_FAILED);
                CHECK((a.outcome == STORE_CONDITION_FAILED) == (strstr(h->body, "ConditionalCheckFailed") != NULL));
                CHECK(!a.has_record && *a.error);
                if (a.outcome == STORE_OK)
                        printf("  of %s\n", h->name);
        }
        CHECK_EQ(write_answer(200, "{}").outcome, STORE_OK);
        CHECK(strstr(write_answer(200, ITEM(OURS)).error, "answers something else than UpdateItem"));
        CHECK(strstr(write_answer(200, "{\"TableNames\":[]}").error, "answers something else than UpdateItem"));
}

static void test_content_type(void) {
        static const struct {
                const char *type;
                bool is_json;
        } cases[] = {
                { NULL, true },
                { "application/x-amz-json-1.0", true },
                { "application/x-amz-json-1.1; charset=utf-8", true },
                { "Application/JSON", true },
                { "text/html", false },
                { "text/plain; charset=utf-8", false },
                { "application/octet-stream", false },
                { "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HttpAnswer http = { .status = 200, .content_type = cases[i].type, .body = "{}", .body_size = 2 };
                StoreAnswer a;

                dynamodb_read_answer(&context, &http, &a);
                CHECK_EQ(a.outcome, cases[i].is_json ? STORE_OK : STORE_RETRY);
                CHECK(cases[i].is_json || strstr(a.error, "the answer is no JSON by its Content-Type"));
                dynamodb_write_answer(&context, &http, &a);
                CHECK_EQ(a.outcome, cases[i].is_json ? STORE_OK : STORE_RETRY);
        }
}

static void test_ten_megabytes(void) {
        size_t size = 10 * 1024 * 1024;
        _cleanup_free_ char *body = malloc(size);

        CHECK(body);
        if (!body)
                return;
        memset(body, ' ', size);
        memcpy(body, "{}", 2);
        CHECK(strstr(read_with(200, body, size, NULL).error, "the answer is too large"));
        memset(body, '[', size);
        CHECK_EQ(read_with(400, body, size, NULL).outcome, STORE_RETRY);
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
                { "request to delete", test_delete_request },
                { "answers to a deletion", test_delete_answers },
                { "what an unclear item is known by", test_unclear_items },
                { "requests that cannot be", test_write_request_refusals },
                { "records, ours and the original's", test_records },
                { "numbers", test_numbers },
                { "lengths", test_lengths },
                { "hostile answers", test_hostile_answers },
                { "hostile answers to a write", test_hostile_answers_to_a_write },
                { "types of content", test_content_type },
                { "ten megabytes", test_ten_megabytes },
                { "an answer cut off anywhere", test_every_truncation },
                { "depth", test_depth },
                { "checksum", test_crc32 },
                { "no answer", test_no_answer },
                { "endpoints", test_endpoints },
                { "dates", test_dates },
        };

        return RUN_CASES(cases);
}
