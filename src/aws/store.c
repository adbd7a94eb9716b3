/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "store-internal.h"
#include "strv.h"

static const StoreOperation operation_read = { DYNAMODB_GET_ITEM, false, NULL, dynamodb_read_answer };
static const StoreOperation operation_write = { DYNAMODB_UPDATE_ITEM, true, NULL, dynamodb_write_answer };
static const StoreOperation operation_delete = {
        DYNAMODB_DELETE_ITEM, true, "dynamodb:DeleteItem", dynamodb_delete_answer
};

static void on_answer(Store *store, const HttpAnswer *http_answer) {
        DynamoDBContext context = store_slot_context(&store->slot);
        StoreAnswer answer = { .outcome = store->slot.refusal_is_transient ? STORE_RETRY : STORE_PERSON };

        context.rights = store->operation->rights;
        if (!http_answer)
                snprintf(answer.error, sizeof(answer.error), "%s", store->slot.refusal_text);
        else
                store->operation->answer(&context, http_answer, &answer);
        store_slot_cancel(&store->slot);
        store->handler(&answer, store->userdata); /* may have freed the store */
}

static int open_http(Store *store, const StoreConfig *config) {
        const char *variable = environment_get(config->environment, "AWS_CA_BUNDLE");
        const char *ca_bundle = variable ?: config->ca_bundle;
        char error[PROXY_ERROR_MAX]; /* who wants the words asks proxy_read() before */
        int r = proxy_read(config->environment, store->endpoint.authority, store->endpoint.plain, &store->proxy, error);

        if (r < 0)
                return r;
        store->ca_bundle_from = variable ? "AWS_CA_BUNDLE" : "ca_bundle of the profile";
        store->ca_bundle = ca_bundle ? strdup(ca_bundle) : NULL;
        if (ca_bundle && !store->ca_bundle)
                return -ENOMEM;
        return http_new(store->event, &(HttpOptions) {
                                              .ca_bundle = ca_bundle,
                                              .proxy = store->proxy.url,
                                              .no_proxy = store->proxy.no_proxy,
                                      }, &store->http);
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

        r = open_http(store, config);
        if (r < 0)
                return r;
        r = credentials_new(event, store->http, &(CredentialsConfig) {
                                                        .key_id = config->aws_key_id,
                                                        .secret = config->aws_secret,
                                                        .session_token = config->aws_session_token,
                                                        .directory = config->credentials_directory,
                                                        .environment = config->environment,
                                                        .region = config->region,
                                                }, &store->credentials);
        if (r < 0)
                return r;
        store_slot_init(&store->slot, store, on_answer);
        store_look_init(store);
        store_admin_init(store);
        *ret = TAKE_PTR(store);
        return 0;
}

Store *store_free(Store *store) {
        if (!store)
                return NULL;
        store_slot_cancel(&store->slot);
        store_slot_cancel(&store->look.slot);
        store_slot_cancel(&store->admin.slot);
        credentials_free(store->credentials);
        http_free(store->http);
        sd_event_unref(store->event);
        proxy_done(&store->proxy);
        free(store->ca_bundle);
        free(store->region);
        free(store->table);
        free(store->label);
        free(store->url);
        free(store);
        return NULL;
}

const char *store_key_source(const Store *store) {
        return *store->key_source ? store->key_source : NULL;
}

void store_cancel(Store *store) {
        store_slot_cancel(&store->slot);
}

static int begin(Store *store, const StoreOperation *operation, const char *body, usec_t timeout_us,
                 StoreHandler handler, void *userdata) {
        store->operation = operation;
        store->handler = handler;
        store->userdata = userdata;
        return store_slot_send(&store->slot, &(StoreRequest) {
                                                     .target = operation->target,
                                                     .body = body,
                                                     .fresh = operation->fresh,
                                                     .timeout_us = timeout_us,
                                             });
}

int store_read(Store *store, usec_t timeout_us, StoreHandler handler, void *userdata) {
        _cleanup_free_ char *body = NULL;
        DynamoDBContext context = store_slot_context(&store->slot);
        int r;

        store_cancel(store);
        r = dynamodb_read_request(&context, &body);
        if (r < 0)
                return r;
        return begin(store, &operation_read, body, timeout_us, handler, userdata);
}

int store_write(Store *store, const StoreWrite *write, usec_t timeout_us, StoreHandler handler, void *userdata) {
        _cleanup_free_ char *body = NULL;
        DynamoDBContext context = store_slot_context(&store->slot);
        int r;

        store_cancel(store);
        r = dynamodb_write_request(&context, write, &body);
        if (r < 0)
                return r;
        return begin(store, &operation_write, body, timeout_us, handler, userdata);
}

int store_delete(Store *store, const StoreDelete *delete, usec_t timeout_us, StoreHandler handler, void *userdata) {
        _cleanup_free_ char *body = NULL;
        DynamoDBContext context = store_slot_context(&store->slot);
        int r;

        store_cancel(store);
        r = dynamodb_delete_request(&context, delete, &body);
        if (r < 0)
                return r;
        return begin(store, &operation_delete, body, timeout_us, handler, userdata);
}
