/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "http-internal.h"
#include "text.h"
#include "time-limits.h"

/* A record is under 1 KiB; an error, with what DynamoDB says of policies, a few. */
#define BODY_SIZE_MAX ((size_t) 64 * 1024)

/* libcurl keeps every header line of an answer, and 7.88 sets no limit to their sum. */
#define HEADERS_SIZE_MAX ((size_t) 32 * 1024)

/* DynamoDB closes idle connections after about a minute. */
#define CONNECTION_AGE_S_MAX 45L

struct HttpTransfer {
        Http *http;
        CURL *easy;
        struct curl_slist *headers;
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

/* Header lines may hold a session token. */
static void headers_free(struct curl_slist *headers) {
        for (struct curl_slist *h = headers; h; h = h->next)
                explicit_bzero(h->data, strlen(h->data));
        curl_slist_free_all(headers);
}

HttpTransfer *http_transfer_free(HttpTransfer *transfer) {
        if (!transfer)
                return NULL;
        if (transfer->in_multi)
                curl_multi_remove_handle(http_multi(transfer->http), transfer->easy);
        curl_easy_cleanup(transfer->easy);
        headers_free(transfer->headers);
        sd_event_source_disable_unref(transfer->deliver);
        free(transfer->peer);
        free(transfer->body);
        free(transfer);
        return NULL;
}

int http_date_parse(const char *text, int64_t *ret_s) {
        struct tm tm = { 0 };
        const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        time_t t;

        if (!end || *end)
                return -EINVAL;
        t = timegm(&tm);
        if (t <= 0)
                return -EINVAL;
        *ret_s = t;
        return 0;
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
                remedy = "; AWS_CA_BUNDLE names the certificates to trust";
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

void http_transfer_done(HttpTransfer *transfer, CURLcode result) {
        curl_multi_remove_handle(http_multi(transfer->http), transfer->easy);
        transfer->in_multi = false;
        transfer->result = result;
        sd_event_source_set_enabled(transfer->deliver, SD_EVENT_ONESHOT);
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata) {
        HttpTransfer *transfer = userdata;
        size_t add = size * n;
        char *body;

        if (add > BODY_SIZE_MAX - transfer->body_size) {
                transfer->too_large = true;
                return CURL_WRITEFUNC_ERROR;
        }
        body = realloc(transfer->body, transfer->body_size + add + 1);
        if (!body)
                return CURL_WRITEFUNC_ERROR;
        memcpy(body + transfer->body_size, data, add);
        transfer->body = body;
        transfer->body_size += add;
        body[transfer->body_size] = '\0';
        return add;
}

static size_t on_header(char *data _unused_, size_t size, size_t n, void *userdata) {
        HttpTransfer *transfer = userdata;
        size_t add = size * n;

        if (add > HEADERS_SIZE_MAX - transfer->headers_size) {
                transfer->too_large = true;
                return CURL_WRITEFUNC_ERROR;
        }
        transfer->headers_size += add;
        return add;
}

/* What every request has in common. */
static bool set_limits(HttpTransfer *t) {
        return curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
               /* else dropping a lookup that hangs waits for it: seconds in which the loop stands still */
               curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_MAXAGE_CONN, CONNECTION_AGE_S_MAX) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "cloudlock/" PACKAGE_VERSION) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->reason) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t) == CURLE_OK;
}

/* An empty string turns libcurl's look at the environment off. Metadata services, which are what is plain, are never
 * asked through a proxy. */
static bool set_way(HttpTransfer *t, const HttpRequest *request) {
        const HttpOptions *options = http_options(t->http);

        return curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, request->plain ? "http" : "https") == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_PROXY, request->plain ? "" : options->proxy ?: "") == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_NOPROXY, request->plain ? "*" : options->no_proxy ?: "") == CURLE_OK &&
               (!options->ca_bundle || curl_easy_setopt(t->easy, CURLOPT_CAINFO, options->ca_bundle) == CURLE_OK);
}

static bool set_method(HttpTransfer *t, const HttpRequest *request) {
        if (request->body &&
            (curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long) request->body_size) != CURLE_OK ||
             curl_easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS, request->body) != CURLE_OK))
                return false;
        return !request->method || curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
}

/* What differs from request to request. A timeout of 0 would mean none to libcurl. */
static bool set_request(HttpTransfer *t, const HttpRequest *request) {
        usec_t timeout_us = MIN(request->timeout_us, REQUEST_US_MAX);
        long timeout_ms = MAX((long) (timeout_us / USEC_PER_MSEC), 1L);
        long connect_ms = MIN(timeout_ms, (long) (CONNECT_US_MAX / USEC_PER_MSEC));

        return set_way(t, request) && set_method(t, request) &&
               curl_easy_setopt(t->easy, CURLOPT_URL, request->url) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, (long) request->fresh) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
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

int http_start(Http *http, const HttpRequest *request, HttpHandler handler, void *userdata, HttpTransfer **ret) {
        _cleanup_(http_transfer_freep) HttpTransfer *transfer = calloc(1, sizeof(HttpTransfer));
        int r;

        if (!transfer)
                return -ENOMEM;
        transfer->http = http;
        transfer->handler = handler;
        transfer->userdata = userdata;
        transfer->peer = peer_of(request->url);
        transfer->easy = curl_easy_init();
        if (!transfer->peer || !transfer->easy)
                return -ENOMEM;
        for (size_t i = 0; i < request->n_headers; i++) {
                r = add_header(transfer, &request->headers[i]);
                if (r < 0)
                        return r;
        }
        if (!set_limits(transfer) || !set_request(transfer, request))
                return -ENOMEM;

        r = sd_event_add_defer(http_event(http), &transfer->deliver, on_deliver, transfer);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(transfer->deliver, SD_EVENT_OFF);
        if (r < 0)
                return r;
        if (curl_multi_add_handle(http_multi(http), transfer->easy) != CURLM_OK)
                return -ENOMEM;
        transfer->in_multi = true;
        *ret = TAKE_PTR(transfer);
        return 0;
}
