/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sigv4.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "text.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define HASH_SIZE 32
#define HASH_TEXT_SIZE (2 * HASH_SIZE + 1)
#define DATE_LENGTH 8 /* of the timestamp: YYYYMMDD */

/* Date, region, service, "aws4_request": DNS labels are 63 bytes at most. */
#define SCOPE_SIZE 192
#define STRING_TO_SIGN_SIZE (sizeof(ALGORITHM) + SIGV4_TIMESTAMP_SIZE + SCOPE_SIZE + HASH_TEXT_SIZE)

#define TIME_S_MAX INT64_C(253402300799) /* the last second of the year 9999 */

static void md_ctx_freep(EVP_MD_CTX **c) {
        EVP_MD_CTX_free(*c);
}

int sigv4_timestamp(int64_t time_s, char ret[static SIGV4_TIMESTAMP_SIZE]) {
        time_t t = (time_t) time_s;
        struct tm tm;

        if (time_s < 0 || time_s > TIME_S_MAX || !gmtime_r(&t, &tm))
                return -ERANGE;
        strftime(ret, SIGV4_TIMESTAMP_SIZE, "%Y%m%dT%H%M%SZ", &tm);
        return 0;
}

static void hash_format(const unsigned char hash[static HASH_SIZE], char ret[static HASH_TEXT_SIZE]) {
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < HASH_SIZE; i++) {
                ret[2 * i] = digits[hash[i] >> 4];
                ret[2 * i + 1] = digits[hash[i] & 15];
        }
        ret[2 * HASH_SIZE] = '\0';
}

/* The canonical request goes straight into the hash: a copy of it would be one more place with the session token. */
static void feed(EVP_MD_CTX *hash, const char *text) {
        EVP_DigestUpdate(hash, text, strlen(text));
}

/* Blanks at both ends go; runs of blanks inside become one. */
static void feed_trimmed(EVP_MD_CTX *hash, const char *value) {
        bool pending = false, begun = false;

        for (const char *p = value; *p; p++) {
                if (*p == ' ' || *p == '\t') {
                        pending = begun;
                        continue;
                }
                if (pending)
                        feed(hash, " ");
                EVP_DigestUpdate(hash, p, 1);
                pending = false;
                begun = true;
        }
}

static void feed_signed_headers(EVP_MD_CTX *hash, const SigV4Request *request) {
        for (size_t i = 0; i < request->n_headers; i++) {
                if (i > 0)
                        feed(hash, ";");
                feed(hash, request->headers[i].name);
        }
}

static int hash_body(const SigV4Request *request, char ret[static HASH_TEXT_SIZE]) {
        unsigned char hash[HASH_SIZE];
        size_t size;

        if (EVP_Q_digest(NULL, "SHA256", NULL, request->body, request->body_size, hash, &size) != 1)
                return -EIO;
        hash_format(hash, ret);
        return 0;
}

static int hash_canonical_request(const SigV4Request *request, char ret[static HASH_TEXT_SIZE]) {
        _cleanup_(md_ctx_freep) EVP_MD_CTX *hash = EVP_MD_CTX_new();
        unsigned char digest[HASH_SIZE];
        char body[HASH_TEXT_SIZE];
        int r;

        if (!hash)
                return -ENOMEM;
        if (EVP_DigestInit_ex2(hash, EVP_sha256(), NULL) != 1)
                return -EIO;
        r = hash_body(request, body);
        if (r < 0)
                return r;

        feed(hash, request->method);
        feed(hash, "\n/\n\n");
        for (size_t i = 0; i < request->n_headers; i++) {
                feed(hash, request->headers[i].name);
                feed(hash, ":");
                feed_trimmed(hash, request->headers[i].value);
                feed(hash, "\n");
        }
        feed(hash, "\n");
        feed_signed_headers(hash, request);
        feed(hash, "\n");
        feed(hash, body);
        if (EVP_DigestFinal_ex(hash, digest, NULL) != 1)
                return -EIO;
        hash_format(digest, ret);
        return 0;
}

static int hmac(const void *key, size_t key_size, const char *text, unsigned char ret[static HASH_SIZE]) {
        size_t size;

        if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_size, (const unsigned char *) text, strlen(text),
                       ret, HASH_SIZE, &size))
                return -EIO;
        return 0;
}

/* The chain of keys: each step's result is the next one's key, and only the last signs the text. */
static int sign(const SigV4Request *request, const char *date, const char *secret, const char *text,
                char ret[static HASH_TEXT_SIZE]) {
        const char *const steps[] = { date, request->region, request->service, "aws4_request", text };
        _cleanup_secret_ char *first = NULL;
        unsigned char key[HASH_SIZE], next[HASH_SIZE];
        int r;

        if (asprintf(&first, "AWS4%s", secret) < 0)
                return first = NULL, -ENOMEM;
        r = hmac(first, strlen(first), steps[0], key);
        for (size_t i = 1; r >= 0 && i < ELEMENTSOF(steps); i++) {
                r = hmac(key, sizeof(key), steps[i], next);
                if (r >= 0)
                        memcpy(key, next, sizeof(key));
        }
        if (r >= 0)
                hash_format(key, ret);
        explicit_bzero(key, sizeof(key));
        explicit_bzero(next, sizeof(next));
        return r;
}

static bool headers_are_canonical(const SigV4Request *request) {
        for (size_t i = 0; i < request->n_headers; i++) {
                const char *name = request->headers[i].name;

                for (const char *p = name; *p; p++)
                        if (isupper((unsigned char) *p))
                                return false;
                if (i > 0 && strcmp(request->headers[i - 1].name, name) >= 0)
                        return false;
        }
        return true;
}

static int authorization_format(const SigV4Request *request, const char *key_id, const char *scope,
                                const char *signature, char **ret) {
        _cleanup_free_ char *names = NULL;
        size_t size = 1;

        for (size_t i = 0; i < request->n_headers; i++)
                size += strlen(request->headers[i].name) + 1;
        names = calloc(1, size);
        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < request->n_headers; i++)
                text_append(names, size, "%s%s", i > 0 ? ";" : "", request->headers[i].name);

        char *text;
        if (asprintf(&text, ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s", key_id, scope, names,
                     signature) < 0)
                return -ENOMEM;
        *ret = text;
        return 0;
}

int sigv4_authorization(const SigV4Request *request, const char *key_id, const char *secret, char **ret) {
        char timestamp[SIGV4_TIMESTAMP_SIZE], date[DATE_LENGTH + 1], scope[SCOPE_SIZE];
        char hash[HASH_TEXT_SIZE], signature[HASH_TEXT_SIZE], text[STRING_TO_SIGN_SIZE];
        int r;

        if (!headers_are_canonical(request))
                return -EINVAL;
        r = sigv4_timestamp(request->time_s, timestamp);
        if (r < 0)
                return r;
        memcpy(date, timestamp, DATE_LENGTH);
        date[DATE_LENGTH] = '\0';
        r = snprintf(scope, sizeof(scope), "%s/%s/%s/aws4_request", date, request->region, request->service);
        if (r < 0 || (size_t) r >= sizeof(scope))
                return -ENOBUFS;

        r = hash_canonical_request(request, hash);
        if (r < 0)
                return r;
        snprintf(text, sizeof(text), ALGORITHM "\n%s\n%s\n%s", timestamp, scope, hash);
        r = sign(request, date, secret, text, signature);
        if (r < 0)
                return r;
        return authorization_format(request, key_id, scope, signature, ret);
}
