/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-admin.h"

#include "cleanup.h"
#include "store-internal.h"

static void on_answer(Store *store, const HttpAnswer *http_answer) {
        StoreAdmin *admin = &store->admin;
        DynamoDBContext context = store_slot_context(&admin->slot);
        AdminReport report = { .operation = admin->operation, .result = ADMIN_NO_KEYS };

        if (http_answer)
                admin_answer(&context, admin->operation, http_answer, &report);
        else
                snprintf(report.error, sizeof(report.error), "%s", admin->slot.refusal_text);
        store_slot_cancel(&admin->slot);
        admin->handler(&report, admin->userdata); /* may have freed the store */
}

void store_admin_init(Store *store) {
        store_slot_init(&store->admin.slot, store, on_answer);
}

static int send_body(Store *store, AdminOperation operation, const char *body, usec_t timeout_us, AdminHandler handler,
                     void *userdata) {
        StoreAdmin *admin = &store->admin;

        admin->operation = operation;
        admin->handler = handler;
        admin->userdata = userdata;
        return store_slot_send(&admin->slot, &(StoreRequest) {
                                                     .target = admin_target(operation),
                                                     .body = body,
                                                     .timeout_us = timeout_us,
                                             });
}

int store_admin(Store *store, AdminOperation operation, usec_t timeout_us, AdminHandler handler, void *userdata) {
        DynamoDBContext context = store_slot_context(&store->admin.slot);
        _cleanup_free_ char *body = NULL;
        int r;

        store_admin_cancel(store);
        r = admin_request(&context, operation, &body);
        return r < 0 ? r : send_body(store, operation, body, timeout_us, handler, userdata);
}

int store_admin_scan(Store *store, const char *after, usec_t timeout_us, AdminHandler handler, void *userdata) {
        DynamoDBContext context = store_slot_context(&store->admin.slot);
        _cleanup_free_ char *body = NULL;
        int r;

        store_admin_cancel(store);
        r = scan_request(&context, after, &body);
        return r < 0 ? r : send_body(store, ADMIN_SCAN, body, timeout_us, handler, userdata);
}

void store_admin_cancel(Store *store) {
        store_slot_cancel(&store->admin.slot);
}
