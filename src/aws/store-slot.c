/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "ca-bundle.h"
#include "cleanup.h"
#include "clock-us.h"
#include "dynamodb-error.h"
#include "json.h"
#include "sigv4.h"
#include "store-internal.h"
#include "text.h"

#define SERVICE "dynamodb"
#define CONTENT_TYPE "application/x-amz-json-1.0"

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
                .key_source = store_key_source(slot->store),
        };
}

/* The keys are what the store does not like: there may be newer ones where they came from. */
static bool is_about_keys(const HttpAnswer *answer) {
        static const char *const codes[] = { "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException",
                                             "InvalidClientTokenId" };
        _cleanup_json_ json_object *object = NULL;

        if (answer->status < 400 || answer->status >= 500 || json_parse_strict(answer->body, answer->body_size, &object) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(codes); i++)
                if (dynamodb_is_error(object, codes[i]))
                        return true;
        return false;
}

/* A file of certificates that is none is not the server's fault. */
static void name_ca_bundle(const Store *store, HttpAnswer *answer) {
        char problem[CA_BUNDLE_PROBLEM_MAX];

        if (answer->failure != HTTP_FAILURE_TRUST || !store->ca_bundle || ca_bundle_check(store->ca_bundle, problem) >= 0)
                return;
        answer->error[0] = '\0';
        text_append(answer->error, sizeof(answer->error), "%s cannot be trusted: %s names %s, %s",
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
        if (is_about_keys(answer))
                credentials_refused(store->credentials);
        slot->answered(store, &told);
}

void store_slot_init(StoreSlot *slot, Store *store, StoreSlotHandler answered) {
        slot->store = store;
        slot->answered = answered;
}

void store_slot_cancel(StoreSlot *slot) {
        slot->query = credentials_query_free(slot->query);
        slot->transfer = http_transfer_free(slot->transfer);
        free(slot->body);
        slot->body = NULL;
}

static int sign_and_send(StoreSlot *slot, const Keys *keys) {
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
        headers[n++] = (Header) { "x-amz-target", slot->target };

        r = sigv4_authorization(&(SigV4Request) {
                                        .method = "POST",
                                        .headers = headers,
                                        .n_headers = n,
                                        .body = slot->body,
                                        .body_size = strlen(slot->body),
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
                                               .body = slot->body,
                                               .body_size = strlen(slot->body),
                                               .plain = store->endpoint.plain,
                                               .fresh = slot->fresh,
                                               .timeout_us = usec_sub(slot->end_us, clock_us(CLOCK_BOOTTIME)),
                                       }, on_answer, slot, &slot->transfer);
}

static void refuse(StoreSlot *slot, const char *why, bool is_transient) {
        snprintf(slot->refusal_text, sizeof(slot->refusal_text), "%s", why);
        slot->refusal_is_transient = is_transient;
        slot->answered(slot->store, NULL);
}

static void on_keys(const CredentialsAnswer *answer, void *userdata) {
        StoreSlot *slot = userdata;
        Store *store = slot->store;
        char why[sizeof(slot->refusal_text)];
        int r;

        slot->query = credentials_query_free(slot->query);
        if (!answer->keys)
                return refuse(slot, answer->error, answer->transient);
        snprintf(store->key_source, sizeof(store->key_source), "%s", answer->source);
        /* A host that slept meanwhile: libcurl knows no timeout of 0, and would send a request whose time is over. */
        if (clock_us(CLOCK_BOOTTIME) >= slot->end_us)
                return refuse(slot, "the AWS keys did not come in time for the request", true);
        slot->signed_s = signing_time_s(store);
        r = sign_and_send(slot, answer->keys);
        if (r < 0) {
                snprintf(why, sizeof(why), "the request cannot be signed and sent: %s", strerror(-r));
                refuse(slot, why, true);
        }
}

int store_slot_send(StoreSlot *slot, const StoreRequest *request) {
        store_slot_cancel(slot);
        slot->body = strdup(request->body);
        if (!slot->body)
                return -ENOMEM;
        slot->target = request->target;
        slot->fresh = request->fresh;
        slot->end_us = usec_add(clock_us(CLOCK_BOOTTIME), request->timeout_us);
        return credentials_ask(slot->store->credentials, request->timeout_us, on_keys, slot, &slot->query);
}
