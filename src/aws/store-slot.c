/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <time.h>

#include "ca-bundle.h"
#include "cleanup.h"
#include "sigv4.h"
#include "store-internal.h"
#include "text.h"

#define SERVICE "dynamodb"
#define CONTENT_TYPE "application/x-amz-json-1.0"

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

DynamoDBContext store_slot_context(const StoreSlot *slot) {
        return (DynamoDBContext) {
                .region = slot->store->region,
                .table = slot->store->table,
                .label = slot->store->label,
                .signed_s = slot->signed_s,
        };
}

static int on_refusal(sd_event_source *source _unused_, void *userdata) {
        StoreSlot *slot = userdata;

        slot->answered(slot->store, NULL);
        return 0;
}

/* A file of certificates that is none is not the server's fault. */
static void name_ca_bundle(const Store *store, HttpAnswer *answer) {
        char problem[CA_BUNDLE_PROBLEM_MAX];

        if (answer->failure == HTTP_FAILURE_TRUST && store->ca_bundle && ca_bundle_check(store->ca_bundle, problem) < 0)
                snprintf(answer->error, sizeof(answer->error), "%s cannot be trusted: %s names %s, %s",
                         store->endpoint.authority, store->ca_bundle_from, store->ca_bundle, problem);
}

/* libcurl's words are often the same for what the server and what a proxy has done. */
static void name_proxy(const Proxy *proxy, HttpAnswer *answer) {
        if (proxy->used)
                text_append(answer->error, sizeof(answer->error),
                            "; on the way is the proxy %s of %s: correct it, or name the store in NO_PROXY", proxy->name,
                            proxy->from);
}

static void on_answer(const HttpAnswer *answer, void *userdata) {
        StoreSlot *slot = userdata;
        Store *store = slot->store;
        HttpAnswer told = *answer;

        if (answer->date_s > 0) {
                store->date_s = answer->date_s;
                store->date_boot_us = clock_us(CLOCK_BOOTTIME);
        }
        if (answer->status == 0) {
                name_ca_bundle(store, &told);
                name_proxy(&store->proxy, &told);
        }
        slot->answered(store, &told);
}

int store_slot_init(StoreSlot *slot, Store *store, StoreSlotHandler answered) {
        int r = sd_event_add_defer(store->event, &slot->refusal, on_refusal, slot);

        if (r < 0)
                return r;
        slot->store = store;
        slot->answered = answered;
        return sd_event_source_set_enabled(slot->refusal, SD_EVENT_OFF);
}

void store_slot_done(StoreSlot *slot) {
        slot->transfer = http_transfer_free(slot->transfer);
        slot->refusal = sd_event_source_disable_unref(slot->refusal);
}

void store_slot_cancel(StoreSlot *slot) {
        slot->transfer = http_transfer_free(slot->transfer);
        sd_event_source_set_enabled(slot->refusal, SD_EVENT_OFF);
}

static int sign_and_send(StoreSlot *slot, const StoreRequest *request, const Keys *keys) {
        Store *store = slot->store;
        _cleanup_free_ char *authorization = NULL;
        char date[SIGV4_TIMESTAMP_SIZE];
        Header headers[6];
        size_t n = 0;
        int r;

        r = sigv4_timestamp(slot->signed_s, date);
        if (r < 0)
                return r;
        /* in order of their names, as the signature wants them */
        headers[n++] = (Header) { "content-type", CONTENT_TYPE };
        headers[n++] = (Header) { "host", store->endpoint.authority };
        headers[n++] = (Header) { "x-amz-date", date };
        if (keys->session_token)
                headers[n++] = (Header) { "x-amz-security-token", keys->session_token };
        headers[n++] = (Header) { "x-amz-target", request->target };

        r = sigv4_authorization(&(SigV4Request) {
                                        .method = "POST",
                                        .headers = headers,
                                        .n_headers = n,
                                        .body = request->body,
                                        .body_size = strlen(request->body),
                                        .region = store->region,
                                        .service = SERVICE,
                                        .time_s = slot->signed_s,
                                }, keys->key_id, keys->secret, &authorization);
        if (r < 0)
                return r;
        headers[n++] = (Header) { "authorization", authorization };
        return http_start(store->http, &(HttpRequest) {
                                               .url = store->url,
                                               .headers = headers,
                                               .n_headers = n,
                                               .body = request->body,
                                               .body_size = strlen(request->body),
                                               .plain = store->endpoint.plain,
                                               .fresh = request->fresh,
                                               .timeout_us = request->timeout_us,
                                       }, on_answer, slot, &slot->transfer);
}

int store_slot_send(StoreSlot *slot, const StoreRequest *request) {
        const Keys *keys;
        int r;

        slot->signed_s = signing_time_s(slot->store);
        r = credentials_get(slot->store->credentials, &keys, slot->refusal_text);
        if (r < 0)
                return r;
        if (r != CREDENTIALS_FOUND)
                return sd_event_source_set_enabled(slot->refusal, SD_EVENT_ONESHOT);
        return sign_and_send(slot, request, keys);
}
