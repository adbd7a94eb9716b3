/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One HTTP request at a time or several, asynchronously: libcurl's multi interface on sd-event. Knows nothing of AWS
 * but the name of one header in an answer. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "header.h"
#include "time-span.h"

#define HTTP_ERROR_MAX 320

typedef struct Http Http;
typedef struct HttpTransfer HttpTransfer;

typedef struct HttpOptions {
        const char *ca_bundle;       /* a file of certificates in PEM form; NULL: the system's */
        const char *proxy, *no_proxy; /* NULL: none; as libcurl's CURLOPT_PROXY and CURLOPT_NOPROXY. Never for `plain` ones */
} HttpOptions;

typedef struct HttpRequest {
        const char *method; /* NULL: POST with a body, GET without one */
        const char *url;
        const Header *headers; /* copied */
        size_t n_headers;
        const char *body;      /* copied; NULL: none */
        size_t body_size;
        bool direct;           /* never through a proxy */
        bool plain;            /* the scheme is http: allowed by the caller, who knows the address; no proxy then */
        bool fresh;            /* never on a connection that was used before, where libcurl sends a request a second
                                * time by itself when the server had closed it */
        usec_t connect_us;     /* of looking up the name and connecting; 0: 4 s at most */
        usec_t timeout_us;     /* of the whole, looking up the name and connecting included */
} HttpRequest;

/* Why there was no answer. */
typedef enum HttpFailure {
        HTTP_FAILURE_NONE,
        HTTP_FAILURE_NAME,    /* its name, or the proxy's, could not be looked up */
        HTTP_FAILURE_CONNECT, /* nobody answers there */
        HTTP_FAILURE_TIME,    /* not in time */
        HTTP_FAILURE_TRUST,   /* its certificate, or what we trust */
        HTTP_FAILURE_OTHER,
} HttpFailure;

typedef struct HttpAnswer {
        int status;           /* 0: no answer; `failure` and `error` say why */
        HttpFailure failure;
        int64_t date_s;       /* Date header, seconds since the epoch; 0: none, or more than one */
        const char *crc32;    /* x-amz-crc32 header as it came; NULL: none */
        const char *content_type; /* likewise */
        const char *body;     /* NUL-terminated as well; valid until the handler returns */
        size_t body_size;
        char error[HTTP_ERROR_MAX]; /* a clause: "127.0.0.1:8000 cannot be reached: Connection refused" */
} HttpAnswer;

typedef void (*HttpHandler)(const HttpAnswer *answer, void *userdata);

/* The options are copied. libcurl's own look at the environment (HTTPS_PROXY) is turned off: what holds is what the
 * caller says. 0 or a negative errno. */
int http_new(sd_event *event, const HttpOptions *options, Http **ret);

/* Every transfer has to be freed before. */
Http *http_free(Http *http);

static inline void http_freep(Http **h) {
        http_free(*h);
}

/* The handler is called exactly once, from the event loop, never from inside this function; it may free transfer and
 * Http. Freeing the transfer before cancels it. Where memory lacks for that, the loop ends with -ENOMEM in place of it.
 * 0 or a negative errno. */
int http_start(Http *http, const HttpRequest *request, HttpHandler handler, void *userdata, HttpTransfer **ret);
HttpTransfer *http_transfer_free(HttpTransfer *transfer);

static inline void http_transfer_freep(HttpTransfer **t) {
        http_transfer_free(*t);
}

/* RFC 9110's preferred form, "Sun, 06 Nov 1994 08:49:37 GMT". 0 or -EINVAL. */
int http_date_parse(const char *text, int64_t *ret_s);
