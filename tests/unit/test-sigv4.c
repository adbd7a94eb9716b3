/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures against values of botocore's, and against the public vectors in the directory that is the argument.
 * Which of those apply: requests to the path "/" without a query, each header on one line and once. */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "file.h"
#include "json.h"
#include "sigv4.h"

#define KEY_ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define CREDENTIAL "AWS4-HMAC-SHA256 Credential=" KEY_ID "/"
#define SIGNED ", SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="
#define SIGNED_WITH_TOKEN ", SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="
#define READ_BODY "{\"TableName\":\"locks\",\"Key\":{\"label\":{\"S\":\"validator\"}},\"ConsistentRead\":true}"

#define VECTOR_FILE_MAX 65536
#define VECTOR_HEADERS_MAX 16
#define VECTORS_MIN 12 /* of the 38 that the public suite has; fewer means that this test reads them wrongly */

static const char *vectors_path;

static void check_signature(const char *host, const char *region, const char *token, int64_t time_s,
                            const char *target, const char *body, const char *expected) {
        _cleanup_free_ char *authorization = NULL;
        char date[SIGV4_TIMESTAMP_SIZE];
        Header headers[5];
        size_t n = 0;

        CHECK_EQ(sigv4_timestamp(time_s, date), 0);
        headers[n++] = (Header) { "content-type", "application/x-amz-json-1.0" };
        headers[n++] = (Header) { "host", host };
        headers[n++] = (Header) { "x-amz-date", date };
        if (token)
                headers[n++] = (Header) { "x-amz-security-token", token };
        headers[n++] = (Header) { "x-amz-target", target };
        CHECK_EQ(sigv4_authorization(&(SigV4Request) {
                                             .method = "POST",
                                             .headers = headers,
                                             .n_headers = n,
                                             .body = body,
                                             .body_size = strlen(body),
                                             .region = region,
                                             .service = "dynamodb",
                                             .time_s = time_s,
                                     }, KEY_ID, SECRET, &authorization), 0);
        CHECK_STR(authorization, expected);
}

/* Computed with botocore 1.29.27, SigV4Auth.add_auth(). */
static void test_botocore_values(void) {
        check_signature("dynamodb.eu-central-1.amazonaws.com", "eu-central-1", NULL, 1763928001,
                        "DynamoDB_20120810.GetItem", READ_BODY,
                        CREDENTIAL "20251123/eu-central-1/dynamodb/aws4_request" SIGNED
                        "fe975cbe22f8f5cfac00d2909ff4965648f384411880f368664db9bc4d14c376");
        check_signature("dynamodb.eu-central-1.amazonaws.com", "eu-central-1", "IQoJb3JpZ2luX2VjEXAMPLE//token==",
                        1763928001, "DynamoDB_20120810.GetItem", READ_BODY,
                        CREDENTIAL "20251123/eu-central-1/dynamodb/aws4_request" SIGNED_WITH_TOKEN
                        "7386a47adf492c01bb532f230d5c50df0bda2b853ab66422c732fa8f1544f6ff");
        check_signature("127.0.0.1:8000", "us-east-1", NULL, 0, "DynamoDB_20120810.UpdateItem", "",
                        CREDENTIAL "19700101/us-east-1/dynamodb/aws4_request" SIGNED
                        "f98c20b56531eb5bc1cc31892fc7ee7cfecf86e9700eee9f03cd346e09a6c793");
        check_signature("dynamodb.cn-north-1.amazonaws.com.cn", "cn-north-1", NULL, 4102444799,
                        "DynamoDB_20120810.UpdateItem", "{\"x\":\"zw\xc3\xb6lf\"}",
                        CREDENTIAL "20991231/cn-north-1/dynamodb/aws4_request" SIGNED
                        "97539563b64b66330c6cd436c7d75c700066e457a73d81e2978b198ff900fe04");
}

static void test_timestamp(void) {
        char text[SIGV4_TIMESTAMP_SIZE] = "untouched";

        CHECK_EQ(sigv4_timestamp(-1, text), -ERANGE);
        CHECK_EQ(sigv4_timestamp(INT64_C(253402300800), text), -ERANGE);
        CHECK_STR(text, "untouched");
        CHECK_EQ(sigv4_timestamp(INT64_C(253402300799), text), 0);
        CHECK_STR(text, "99991231T235959Z");
        CHECK_EQ(sigv4_timestamp(1440938160, text), 0);
        CHECK_STR(text, "20150830T123600Z");
}

static void test_refusals(void) {
        static const Header unsorted[] = { { "x-amz-date", "20150830T123600Z" }, { "host", "a" } };
        static const Header twice[] = { { "host", "a" }, { "host", "a" } };
        static const Header upper[] = { { "Host", "a" } };
        SigV4Request request = { .method = "POST", .body = "", .region = "r", .service = "s" };
        char *authorization = NULL, region[300];

        request.headers = unsorted, request.n_headers = 2;
        CHECK_EQ(sigv4_authorization(&request, KEY_ID, SECRET, &authorization), -EINVAL);
        request.headers = twice;
        CHECK_EQ(sigv4_authorization(&request, KEY_ID, SECRET, &authorization), -EINVAL);
        request.headers = upper, request.n_headers = 1;
        CHECK_EQ(sigv4_authorization(&request, KEY_ID, SECRET, &authorization), -EINVAL);
        request.n_headers = 0, request.time_s = -1;
        CHECK_EQ(sigv4_authorization(&request, KEY_ID, SECRET, &authorization), -ERANGE);
        memset(region, 'r', sizeof(region) - 1);
        region[sizeof(region) - 1] = '\0';
        request.region = region, request.time_s = 0;
        CHECK_EQ(sigv4_authorization(&request, KEY_ID, SECRET, &authorization), -ENOBUFS);
        CHECK(!authorization);
}

typedef struct Vector {
        char *signed_request; /* cut into pieces that the rest points to */
        json_object *context;
        char *method, *body, *authorization;
        Header headers[VECTOR_HEADERS_MAX];
        size_t n_headers;
} Vector;

static void vector_clear(Vector *v) {
        free(v->signed_request);
        json_object_put(v->context);
}

static int header_compare(const void *a, const void *b) {
        return strcmp(((const Header *) a)->name, ((const Header *) b)->name);
}

static bool is_signed(const Vector *v, const char *name) {
        const char *list = strstr(v->authorization, "SignedHeaders=") + strlen("SignedHeaders=");
        size_t length = strlen(name);

        for (const char *p = list; (p = strstr(p, name)); p++)
                if ((p[-1] == ';' || p[-1] == '=') && (p[length] == ';' || p[length] == ','))
                        return true;
        return false;
}

/* Cuts the signed request; false if it is not of the kind that applies. */
static bool cut_request(Vector *v) {
        char *rest = v->signed_request, *line = strsep(&rest, "\n"), *kept;

        v->method = strsep(&line, " ");
        if (!line || strcmp(strsep(&line, " "), "/") != 0)
                return false;
        while ((line = strsep(&rest, "\n")) && *line) {
                Header *header = &v->headers[v->n_headers];

                if (isblank((unsigned char) *line) || v->n_headers == VECTOR_HEADERS_MAX)
                        return false; /* a header on several lines */
                for (char *p = line; *p && *p != ':'; p++)
                        *p = (char) tolower((unsigned char) *p);
                header->name = strsep(&line, ":");
                header->value = line;
                if (strcmp(header->name, "authorization") == 0)
                        v->authorization = line;
                else
                        v->n_headers++;
        }
        v->body = rest;
        qsort(v->headers, v->n_headers, sizeof(Header), header_compare);

        kept = v->authorization;
        for (size_t i = 0; kept && i + 1 < v->n_headers; i++)
                if (strcmp(v->headers[i].name, v->headers[i + 1].name) == 0)
                        return false; /* a header twice */
        return kept && v->body;
}

static void drop_unsigned_headers(Vector *v) {
        size_t n = 0;

        for (size_t i = 0; i < v->n_headers; i++)
                if (is_signed(v, v->headers[i].name))
                        v->headers[n++] = v->headers[i];
        v->n_headers = n;
}

static bool vector_load(const char *name, Vector *v) {
        _cleanup_free_ char *path = NULL, *context_path = NULL, *context = NULL;
        size_t size;

        if (asprintf(&path, "%s/%s/header-signed-request.txt", vectors_path, name) < 0 ||
            asprintf(&context_path, "%s/%s/context.json", vectors_path, name) < 0)
                abort();
        CHECK_EQ(read_small_file(path, VECTOR_FILE_MAX, &v->signed_request, &size), 0);
        CHECK_EQ(read_small_file(context_path, VECTOR_FILE_MAX, &context, &size), 0);
        CHECK_EQ(context ? json_parse_strict(context, size, &v->context) : -1, 0);
        return v->context && v->signed_request && cut_request(v);
}

static void check_vector(const char *name, Vector *v) {
        _cleanup_free_ char *authorization = NULL;
        json_object *keys;
        unsigned before = check_failures;

        CHECK_STR(json_string_member(v->context, "timestamp"), "2015-08-30T12:36:00Z");
        CHECK(json_object_object_get_ex(v->context, "credentials", &keys));
        drop_unsigned_headers(v);
        CHECK_EQ(sigv4_authorization(&(SigV4Request) {
                                             .method = v->method,
                                             .headers = v->headers,
                                             .n_headers = v->n_headers,
                                             .body = v->body,
                                             .body_size = strlen(v->body),
                                             .region = json_string_member(v->context, "region"),
                                             .service = json_string_member(v->context, "service"),
                                             .time_s = 1440938160,
                                     },
                                     json_string_member(keys, "access_key_id"),
                                     json_string_member(keys, "secret_access_key"), &authorization), 0);
        CHECK_STR(authorization, v->authorization);
        if (check_failures > before)
                printf("  in the public vector %s\n", name);
}

static void test_public_vectors(void) {
        DIR *directory = vectors_path ? opendir(vectors_path) : NULL;
        struct dirent *entry;
        size_t n = 0, skipped = 0;

        if (!directory) {
                /* Without the path: tests/allowed-skips names whole lines. */
                puts("skipped: the public vectors are not at ../shared/sigv4-vectors/aws-c-auth/v4");
                return;
        }
        while ((entry = readdir(directory))) {
                _cleanup_(vector_clear) Vector v = { 0 };

                if (entry->d_name[0] == '.')
                        continue;
                if (vector_load(entry->d_name, &v)) {
                        check_vector(entry->d_name, &v);
                        n++;
                } else
                        skipped++;
        }
        closedir(directory);
        printf("public vectors: %zu agree, %zu are of kinds that DynamoDB does not need\n", n, skipped);
        CHECK(n >= VECTORS_MIN);
}

int main(int argc, char *argv[]) {
        static const Case cases[] = {
                { "values of botocore", test_botocore_values },
                { "timestamp", test_timestamp },
                { "refusals", test_refusals },
                { "public vectors", test_public_vectors },
        };

        vectors_path = argc > 1 ? argv[1] : NULL;
        return RUN_CASES(cases);
}
