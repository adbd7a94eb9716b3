/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* AWS Signature Version 4 in its Authorization-header form, for requests to the path "/" without a query: all that
 * DynamoDB needs. Pure: the time is handed in.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */

#include <stddef.h>
#include <stdint.h>

#include "header.h"

#define SIGV4_TIMESTAMP_SIZE 17 /* "20150830T123600Z" and NUL */

typedef struct SigV4Request {
        const char *method;
        const Header *headers; /* all that are signed, in order of their names, each name once */
        size_t n_headers;
        const char *body;
        size_t body_size;
        const char *region, *service;
        int64_t time_s; /* seconds since the epoch; the caller sends the same time as x-amz-date */
} SigV4Request;

/* What x-amz-date says. 0, or -ERANGE: not within the years 1970 to 9999. */
int sigv4_timestamp(int64_t time_s, char ret[static SIGV4_TIMESTAMP_SIZE]);

/* The value of the Authorization header, the caller's to free.
 * 0, -EINVAL (headers out of order or not in lower case), -ERANGE (time), -ENOBUFS (region or service too long),
 * -ENOMEM, -EIO (OpenSSL). */
int sigv4_authorization(const SigV4Request *request, const char *key_id, const char *secret, char **ret);
