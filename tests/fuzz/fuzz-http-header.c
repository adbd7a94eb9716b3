/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The header values that we read, a line each: Date, x-amz-crc32 and Content-Type; the rest is the body that the latter two
 * are about. In x-amz-crc32 a '#' stands for the right sum, which no fuzzer finds, and a '~' for what is right but for bits
 * that a sum does not have. */

#include <inttypes.h>
#include <time.h>

#include "dynamodb.h"
#include "fuzz.h"
#include "text.h"

#define SUM_TEXT_MAX 4096
/* The first second of the year 10000, which the form has no room for. */
#define DATE_S_END INT64_C(253402300800)

static const DynamoDBContext context = {
        .region = "eu-central-1", .table = "locks", .label = "validator", .signed_s = 1763928000,
};

static void check_date(const char *text) {
        int64_t date_s = -1, again_s = 0;
        char written[64];
        struct tm tm;

        if (http_date_parse(text, &date_s) < 0)
                return require(date_s == -1);
        require(strlen(text) > 3 && strcmp(text + strlen(text) - 3, "GMT") == 0);
        /* a leap second, or a day more than the month has, moves on to the next */
        require(date_s > 0 && date_s <= DATE_S_END);
        if (date_s == DATE_S_END)
                return;
        gmtime_r(&(time_t) { date_s }, &tm);
        require(strftime(written, sizeof(written), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
        require(http_date_parse(written, &again_s) == 0 && again_s == date_s);
}

/* Bit by bit, as its definition has it. */
static uint32_t slow_crc32(const char *data) {
        uint32_t crc = UINT32_MAX;

        for (; *data; data++) {
                crc ^= (unsigned char) *data;
                for (int bit = 0; bit < 8; bit++)
                        crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
        }
        return ~crc;
}

static void put_sum(char *buf, size_t size, const char *pattern, uint64_t sum) {
        *buf = '\0';
        for (; *pattern; pattern++)
                if (*pattern == '#' || *pattern == '~')
                        text_append(buf, size, "%" PRIu64, *pattern == '#' ? sum : sum | UINT64_C(1) << 32);
                else
                        text_append(buf, size, "%c", *pattern);
}

/* Digits whose value is the sum, as the header's definition has it; zeros before it do no harm. */
static bool is_sum(const char *text, uint32_t sum) {
        char digits[16];

        text += *text == '0' ? strspn(text, "0") - (text[strspn(text, "0")] == '\0') : 0;
        snprintf(digits, sizeof(digits), "%" PRIu32, sum);
        return strcmp(text, digits) == 0;
}

static void check_body(const char *crc32, const char *content_type, const char *body) {
        uint32_t sum = slow_crc32(body);
        char text[SUM_TEXT_MAX];
        HttpAnswer http = { .status = 200, .date_s = 1763928002, .crc32 = *crc32 ? text : NULL,
                            .content_type = *content_type ? content_type : NULL, .body = body, .body_size = strlen(body) };
        StoreAnswer answer;

        put_sum(text, sizeof(text), crc32, sum);
        dynamodb_read_answer(&context, &http, &answer);
        require(!*crc32 || !!strstr(answer.error, "arrived damaged") == !is_sum(text, sum));
        require(answer.outcome != STORE_OK || !*content_type || strcasestr(content_type, "json"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_text(data, size);
        char *rest = text;
        const char *date = fuzz_line(&rest), *crc32 = fuzz_line(&rest), *content_type = fuzz_line(&rest);

        check_date(date);
        check_body(crc32, content_type, rest ?: "");
        return 0;
}
