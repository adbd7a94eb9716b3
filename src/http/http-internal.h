/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between http.c, which makes answers of what becomes of requests, http-request.c, which tells libcurl what to ask, and
 * http-loop.c, which turns libcurl's wheels. */

#include <curl/curl.h>

#include "http.h"
#include "lookup.h"
#include "trust.h"

/* A name that is not looked up by libcurl, but by us. */
#define WAY_NAME_SIZE 256

struct HttpTransfer {
        Http *http;
        CURL *easy;
        struct curl_slist *headers, *way; /* `way`: the addresses that are being tried, as CURLOPT_RESOLVE has them */
        char untried[LOOKUP_TEXT_SIZE];   /* the others */
        LookupQuery *query;       /* while the name is being looked up, before libcurl gets to work */
        char name[WAY_NAME_SIZE]; /* which that is: the server's or the proxy's; "": there is none to look up */
        int port;
        bool is_proxy;
        usec_t connect_us_max;
        usec_t end_us, connect_end_us; /* of its time, and of that for making a connection; CLOCK_MONOTONIC */
        sd_event_source *deliver; /* hands the answer over in an iteration of the loop that is ours alone */
        HttpHandler handler;
        void *userdata;
        char *peer; /* for messages: what is between the URL's slashes */
        char *body;
        size_t body_size, headers_size;
        bool in_multi, too_large;
        CURLcode result;
        char reason[CURL_ERROR_SIZE];
};

CURLM *http_multi(Http *http);
sd_event *http_event(Http *http);
Lookups *http_lookups(Http *http);
Trust *http_trust(Http *http);
const HttpOptions *http_options(const Http *http);

/* A request, or libcurl's multi handle and with it each request from now on, would never come to an end: the event loop
 * does, with -ENOMEM, for what ends can be started anew. -1, as libcurl's callbacks have it. */
int http_give_up(Http *http);

/* What is known before the name is looked up; finds out which that is, too. False when out of memory. */
bool http_request_set(HttpTransfer *transfer, const HttpRequest *request);

/* The rest: how much time is left, and which of the untried addresses are next. */
bool http_request_set_next(HttpTransfer *transfer);

/* http.c's takers of an answer. */
size_t http_on_body(char *data, size_t size, size_t n, void *userdata);
size_t http_on_header(char *data, size_t size, size_t n, void *userdata);

/* libcurl is through with the transfer; called outside of its callbacks. */
void http_transfer_done(HttpTransfer *transfer, CURLcode result);
