/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "credentials.h"
#include "dynamodb.h"
#include "endpoint.h"
#include "http.h"
#include "sigv4.h"

#define SERVICE "dynamodb"
#define CONTENT_TYPE "application/x-amz-json-1.0"

struct Store {
        sd_event *event;
        Http *http;
        Credentials *credentials;
        char *region, *table, *label, *url;
        Endpoint endpoint;

        /* the server's clock: its last Date, and CLOCK_BOOTTIME when that arrived; date_s is 0 before the first */
        int64_t date_s;
        usec_t date_boot_us;

        /* what is under way */
        HttpTransfer *transfer;
        sd_event_source *refusal; /* hands over an answer that needed no request: there are no keys */
        char refusal_text[CREDENTIALS_ERROR_MAX];
        bool is_write;
        int64_t signed_s;
        StoreHandler handler;
        void *userdata;
};

static usec_t clock_us(clockid_t clock) {
        struct timespec ts;

        clock_gettime(clock, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

/* Now, as the server is likely to see it: AWS refuses signatures of a clock that is minutes off. */
static int64_t signing_time_s(const Store *store) {
        if (store->date_s == 0)
                return (int64_t) (clock_us(CLOCK_REALTIME) / USEC_PER_SEC);
        return store->date_s + (int64_t) ((clock_us(CLOCK_BOOTTIME) - store->date_boot_us) / USEC_PER_SEC);
}

static DynamoDBContext context_of(const Store *store) {
        return (DynamoDBContext) {
                .region = store->region,
                .table = store->table,
                .label = store->label,
                .signed_s = store->signed_s,
        };
}

static int on_refusal(sd_event_source *source _unused_, void *userdata) {
        Store *store = userdata;
        StoreAnswer answer = { .outcome = STORE_PERSON };

        snprintf(answer.error, sizeof(answer.error), "%s", store->refusal_text);
        store->handler(&answer, store->userdata); /* may have freed the store */
        return 0;
}

static void on_answer(const HttpAnswer *http_answer, void *userdata) {
        Store *store = userdata;
        DynamoDBContext context = context_of(store);
        StoreAnswer answer;

        if (http_answer->date_s > 0) {
                store->date_s = http_answer->date_s;
                store->date_boot_us = clock_us(CLOCK_BOOTTIME);
        }
        if (store->is_write)
                dynamodb_write_answer(&context, http_answer, &answer);
        else
                dynamodb_read_answer(&context, http_answer, &answer);
        store->transfer = http_transfer_free(store->transfer);
        store->handler(&answer, store->userdata); /* may have freed the store */
}

static int add_refusal_source(Store *store) {
        int r = sd_event_add_defer(store->event, &store->refusal, on_refusal, store);

        return r < 0 ? r : sd_event_source_set_enabled(store->refusal, SD_EVENT_OFF);
}

int store_new(sd_event *event, const StoreConfig *config, Store **ret) {
        _cleanup_(store_freep) Store *store = calloc(1, sizeof(Store));
        int r;

        if (!store)
                return -ENOMEM;
        store->event = sd_event_ref(event);
        r = endpoint_parse(config->endpoint, &store->endpoint);
        if (r < 0)
                return r;
        store->region = strdup(config->region);
        store->table = strdup(config->table);
        store->label = strdup(config->label);
        if (!store->region || !store->table || !store->label)
                return -ENOMEM;
        if (asprintf(&store->url, "%s/", config->endpoint) < 0)
                return store->url = NULL, -ENOMEM;

        r = credentials_new(config->aws_key_id, config->aws_secret, config->aws_session_token, &store->credentials);
        if (r < 0)
                return r;
        r = http_new(event, config->ca_bundle ?: getenv("AWS_CA_BUNDLE"), &store->http);
        if (r < 0)
                return r;
        r = add_refusal_source(store);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(store);
        return 0;
}

Store *store_free(Store *store) {
        if (!store)
                return NULL;
        http_transfer_free(store->transfer);
        http_free(store->http);
        sd_event_source_disable_unref(store->refusal);
        credentials_free(store->credentials);
        sd_event_unref(store->event);
        free(store->region);
        free(store->table);
        free(store->label);
        free(store->url);
        free(store);
        return NULL;
}

void store_cancel(Store *store) {
        store->transfer = http_transfer_free(store->transfer);
        sd_event_source_set_enabled(store->refusal, SD_EVENT_OFF);
}

static int sign_and_send(Store *store, const char *target, const char *body, usec_t timeout_us, const Keys *keys) {
        _cleanup_free_ char *authorization = NULL;
        char date[SIGV4_TIMESTAMP_SIZE];
        Header headers[6];
        size_t n = 0;
        int r;

        r = sigv4_timestamp(store->signed_s, date);
        if (r < 0)
                return r;
        /* in order of their names, as the signature wants them */
        headers[n++] = (Header) { "content-type", CONTENT_TYPE };
        headers[n++] = (Header) { "host", store->endpoint.authority };
        headers[n++] = (Header) { "x-amz-date", date };
        if (keys->session_token)
                headers[n++] = (Header) { "x-amz-security-token", keys->session_token };
        headers[n++] = (Header) { "x-amz-target", target };

        r = sigv4_authorization(&(SigV4Request) {
                                        .method = "POST",
                                        .headers = headers,
                                        .n_headers = n,
                                        .body = body,
                                        .body_size = strlen(body),
                                        .region = store->region,
                                        .service = SERVICE,
                                        .time_s = store->signed_s,
                                }, keys->key_id, keys->secret, &authorization);
        if (r < 0)
                return r;
        headers[n++] = (Header) { "authorization", authorization };
        return http_start(store->http, &(HttpRequest) {
                                               .url = store->url,
                                               .headers = headers,
                                               .n_headers = n,
                                               .body = body,
                                               .body_size = strlen(body),
                                               .plain = store->endpoint.plain,
                                               .fresh = store->is_write,
                                               .timeout_us = timeout_us,
                                       }, on_answer, store, &store->transfer);
}

static int begin(Store *store, bool is_write, const char *target, const char *body, usec_t timeout_us,
                 StoreHandler handler, void *userdata) {
        const Keys *keys;
        int r;

        store->is_write = is_write;
        store->signed_s = signing_time_s(store);
        store->handler = handler;
        store->userdata = userdata;
        r = credentials_get(store->credentials, &keys, store->refusal_text);
        if (r < 0)
                return r;
        if (r != CREDENTIALS_FOUND)
                return sd_event_source_set_enabled(store->refusal, SD_EVENT_ONESHOT);
        return sign_and_send(store, target, body, timeout_us, keys);
}

int store_read(Store *store, usec_t timeout_us, StoreHandler handler, void *userdata) {
        _cleanup_free_ char *body = NULL;
        DynamoDBContext context = context_of(store);
        int r;

        store_cancel(store);
        r = dynamodb_read_request(&context, &body);
        if (r < 0)
                return r;
        return begin(store, false, DYNAMODB_GET_ITEM, body, timeout_us, handler, userdata);
}

int store_write(Store *store, const StoreWrite *write, usec_t timeout_us, StoreHandler handler, void *userdata) {
        _cleanup_free_ char *body = NULL;
        DynamoDBContext context = context_of(store);
        int r;

        store_cancel(store);
        r = dynamodb_write_request(&context, write, &body);
        if (r < 0)
                return r;
        return begin(store, true, DYNAMODB_UPDATE_ITEM, body, timeout_us, handler, userdata);
}
