/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "clock-us.h"
#include "http-internal.h"
#include "text.h"
#include "time-limits.h"

/* A record is under 1 KiB; an error, with what DynamoDB says of policies, a few. */
#define BODY_SIZE_MAX ((size_t) 64 * 1024)

/* libcurl keeps every header line of an answer, and 7.88 sets no limit to their sum. */
#define HEADERS_SIZE_MAX ((size_t) 32 * 1024)

/* Header lines may hold a session token. */
static void headers_free(struct curl_slist *headers) {
        for (struct curl_slist *h = headers; h; h = h->next)
                explicit_bzero(h->data, strlen(h->data));
        curl_slist_free_all(headers);
}

static void body_free(HttpTransfer *transfer) {
        if (transfer->body)
                explicit_bzero(transfer->body, transfer->body_size);
        free(transfer->body);
}

HttpTransfer *http_transfer_free(HttpTransfer *transfer) {
        if (!transfer)
                return NULL;
        if (transfer->in_multi)
                curl_multi_remove_handle(http_multi(transfer->http), transfer->easy);
        lookup_query_free(transfer->query);
        curl_easy_cleanup(transfer->easy);
        headers_free(transfer->headers);
        curl_slist_free_all(transfer->way);
        sd_event_source_disable_unref(transfer->deliver);
        free(transfer->peer);
        body_free(transfer);
        free(transfer);
        return NULL;
}

/* The header's value if the answer has it exactly once. */
static const char *only_header(CURL *easy, const char *name) {
        struct curl_header *header;

        if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK || header->amount != 1)
                return NULL;
        return header->value;
}

static HttpFailure failure_of(CURLcode result) {
        switch ((int) result) {
        case CURLE_OK:
                return HTTP_FAILURE_NONE;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
                return HTTP_FAILURE_NAME;
        case CURLE_COULDNT_CONNECT:
                return HTTP_FAILURE_CONNECT;
        case CURLE_OPERATION_TIMEDOUT:
                return HTTP_FAILURE_TIME;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
                return HTTP_FAILURE_TRUST;
        default:
                return HTTP_FAILURE_OTHER;
        }
}

/* libcurl judges the name itself, before it asks for OpenSSL's verdict on the rest. */
static const char *trust_remedy(const HttpTransfer *transfer) {
        long verdict = X509_V_ERR_UNSPECIFIED;

        curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
        if (transfer->result != CURLE_PEER_FAILED_VERIFICATION)
                verdict = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT; /* the bundle itself is at fault */
        switch (verdict) {
        case X509_V_OK:
        case X509_V_ERR_UNSPECIFIED:
                return "; the certificate has to name the endpoint that is configured: correct the one or the other";
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
                return "; the server's certificate has to be renewed, unless it is this host's clock that is wrong";
        default:
                return "; AWS_CA_BUNDLE names the certificates to trust";
        }
}

static void describe_failure(const HttpTransfer *transfer, char *buf, size_t size) {
        const char *what = "answers to no avail", *remedy = "";
        const char *reason = *transfer->reason ? transfer->reason : curl_easy_strerror(transfer->result);

        switch (failure_of(transfer->result)) {
        case HTTP_FAILURE_TIME:
                what = "does not answer in time";
                break;
        case HTTP_FAILURE_NAME:
        case HTTP_FAILURE_CONNECT:
                what = "cannot be reached";
                break;
        case HTTP_FAILURE_TRUST:
                what = "cannot be trusted";
                remedy = trust_remedy(transfer);
                break;
        case HTTP_FAILURE_NONE:
        case HTTP_FAILURE_OTHER: /* libcurl's own words say it best */
                break;
        }
        if (transfer->too_large)
                reason = "the answer is too large";
        buf[0] = '\0';
        text_append(buf, size, "%s %s: %s%s", transfer->peer, what, reason, remedy);
}

static void fill_answer(const HttpTransfer *transfer, HttpAnswer *ret) {
        const char *date;
        long status = 0;

        *ret = (HttpAnswer) { 0 };
        if (transfer->result != CURLE_OK) {
                ret->failure = failure_of(transfer->result);
                describe_failure(transfer, ret->error, sizeof(ret->error));
                return;
        }
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        ret->status = (int) status;
        ret->crc32 = only_header(transfer->easy, "x-amz-crc32");
        ret->content_type = only_header(transfer->easy, "Content-Type");
        ret->body = transfer->body ?: "";
        ret->body_size = transfer->body_size;
        date = only_header(transfer->easy, "Date");
        if (date)
                (void) http_date_parse(date, &ret->date_s);
}

static int on_deliver(sd_event_source *source _unused_, void *userdata) {
        HttpTransfer *transfer = userdata;
        HttpAnswer answer;

        fill_answer(transfer, &answer);
        transfer->handler(&answer, transfer->userdata); /* may have freed the transfer */
        return 0;
}

static void finish(HttpTransfer *transfer, CURLcode result) {
        transfer->result = result;
        if (sd_event_source_set_enabled(transfer->deliver, SD_EVENT_ONESHOT) < 0)
                http_give_up(transfer->http);
}

/* Lets libcurl get to work, on the addresses that are next. */
static bool go(HttpTransfer *transfer) {
        transfer->reason[0] = '\0';
        transfer->in_multi = http_request_set_next(transfer) &&
                             curl_multi_add_handle(http_multi(transfer->http), transfer->easy) == CURLM_OK;
        return transfer->in_multi;
}

/* The time for connecting begins when it is known whereto. */
static bool begin_connecting(HttpTransfer *transfer) {
        transfer->connect_end_us = MIN(transfer->end_us, clock_us(CLOCK_MONOTONIC) + transfer->connect_us_max);
        return go(transfer);
}

static void on_looked_up(const char *addresses, const char *error, void *userdata) {
        HttpTransfer *transfer = userdata;

        transfer->query = lookup_query_free(transfer->query);
        if (!addresses) {
                text_append(transfer->reason, sizeof(transfer->reason), "%s%s%s%s", transfer->is_proxy ? "its proxy " : "",
                            transfer->is_proxy ? transfer->name : "", transfer->is_proxy ? ": " : "", error);
                finish(transfer, CURLE_COULDNT_RESOLVE_HOST);
                return;
        }
        snprintf(transfer->untried, sizeof(transfer->untried), "%s", addresses);
        if (!begin_connecting(transfer))
                finish(transfer, CURLE_OUT_OF_MEMORY);
}

/* Whether there was no connection over which the request could have gone. */
static bool found_no_way(const HttpTransfer *transfer, CURLcode result) {
        curl_off_t connected_us = 0;

        if (result != CURLE_COULDNT_CONNECT && result != CURLE_OPERATION_TIMEDOUT && result != CURLE_SSL_CONNECT_ERROR)
                return false;
        /* TLS included */
        return curl_easy_getinfo(transfer->easy, CURLINFO_APPCONNECT_TIME_T, &connected_us) == CURLE_OK && connected_us == 0;
}

/* Which of the name's addresses is worth trying first the next time. */
static void learn(const HttpTransfer *transfer, bool no_way) {
        Lookups *lookups = http_lookups(transfer->http);
        char *address = NULL;

        if (!*transfer->name)
                return;
        if (no_way)
                lookup_was_bad(lookups, transfer->name);
        else if (curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address && *address)
                lookup_was_good(lookups, transfer->name, address);
}

void http_transfer_done(HttpTransfer *transfer, CURLcode result) {
        bool no_way = found_no_way(transfer, result), is_another;

        curl_multi_remove_handle(http_multi(transfer->http), transfer->easy);
        transfer->in_multi = false;
        if (no_way)
                is_another = *transfer->untried && clock_us(CLOCK_MONOTONIC) < transfer->connect_end_us;
        else
                is_another = trust_judge(http_trust(transfer->http), transfer->easy, result);
        /* In both cases nothing has been sent yet. */
        if (is_another && go(transfer))
                return;
        learn(transfer, no_way);
        finish(transfer, result);
}

size_t http_on_body(char *data, size_t size, size_t n, void *userdata) {
        HttpTransfer *transfer = userdata;
        size_t add = size * n;
        char *body;

        if (add > BODY_SIZE_MAX - transfer->body_size) {
                transfer->too_large = true;
                return CURL_WRITEFUNC_ERROR;
        }
        /* It may hold keys: what it grows out of is wiped, which realloc() would not do. */
        body = malloc(transfer->body_size + add + 1);
        if (!body)
                return CURL_WRITEFUNC_ERROR;
        if (transfer->body)
                memcpy(body, transfer->body, transfer->body_size);
        memcpy(body + transfer->body_size, data, add);
        body_free(transfer);
        transfer->body = body;
        transfer->body_size += add;
        body[transfer->body_size] = '\0';
        return add;
}

size_t http_on_header(char *data _unused_, size_t size, size_t n, void *userdata) {
        HttpTransfer *transfer = userdata;
        size_t add = size * n;

        if (add > HEADERS_SIZE_MAX - transfer->headers_size) {
                transfer->too_large = true;
                return CURL_WRITEFUNC_ERROR;
        }
        transfer->headers_size += add;
        return add;
}

static int add_header(HttpTransfer *transfer, const Header *header) {
        _cleanup_secret_ char *line = NULL;
        struct curl_slist *more;

        if (asprintf(&line, "%s: %s", header->name, header->value) < 0)
                return line = NULL, -ENOMEM;
        more = curl_slist_append(transfer->headers, line);
        if (!more)
                return -ENOMEM;
        transfer->headers = more;
        return 0;
}

static char *peer_of(const char *url) {
        const char *begin = strstr(url, "://");

        begin = begin ? begin + strlen("://") : url;
        return strndup(begin, strcspn(begin, "/"));
}

static int begin(HttpTransfer *transfer, usec_t timeout_us) {
        transfer->end_us = usec_add(clock_us(CLOCK_MONOTONIC), timeout_us);
        if (*transfer->name)
                return lookup_ask(http_lookups(transfer->http), transfer->name, timeout_us, on_looked_up, transfer,
                                  &transfer->query);
        return begin_connecting(transfer) ? 0 : -ENOMEM;
}

int http_start(Http *http, const HttpRequest *request, HttpHandler handler, void *userdata, HttpTransfer **ret) {
        _cleanup_(http_transfer_freep) HttpTransfer *transfer = calloc(1, sizeof(HttpTransfer));
        int r;

        if (!transfer)
                return -ENOMEM;
        transfer->http = http;
        transfer->handler = handler;
        transfer->userdata = userdata;
        transfer->connect_us_max = request->connect_us ?: CONNECT_US_MAX;
        transfer->peer = peer_of(request->url);
        transfer->easy = curl_easy_init();
        if (!transfer->peer || !transfer->easy)
                return -ENOMEM;
        for (size_t i = 0; i < request->n_headers; i++) {
                r = add_header(transfer, &request->headers[i]);
                if (r < 0)
                        return r;
        }
        if (!http_request_set(transfer, request))
                return -ENOMEM;

        r = sd_event_add_defer(http_event(http), &transfer->deliver, on_deliver, transfer);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(transfer->deliver, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = begin(transfer, MIN(request->timeout_us, REQUEST_US_MAX));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(transfer);
        return 0;
}
