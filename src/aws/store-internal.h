/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between store.c, which reads and writes the item, store-look.c, which asks what kind of table it is in, store-admin.c,
 * which works for an operator's commands, and store-slot.c, which signs and sends for all of them. */

#include "credentials.h"
#include "dynamodb.h"
#include "endpoint.h"
#include "http.h"
#include "proxy.h"
#include "store-admin.h"
#include "store.h"
#include "table-answer.h"

typedef void (*StoreSlotHandler)(Store *store, const HttpAnswer *answer);

/* A place for one request. What is under way in one does not disturb another's. */
typedef struct StoreSlot {
        Store *store;
        CredentialsQuery *query; /* first there have to be keys */
        HttpTransfer *transfer;
        char *body;         /* of the request, until it is sent; the rest of it: */
        const char *target; /* a literal */
        bool fresh;
        usec_t end_us; /* CLOCK_BOOTTIME */
        char refusal_text[CREDENTIALS_ERROR_MAX]; /* why no request could be sent */
        bool refusal_is_transient;
        int64_t signed_s;
        StoreSlotHandler answered; /* without an answer: refusal_text says why there can't be one; may free the store */
} StoreSlot;

typedef struct StoreRequest {
        const char *target; /* a literal */
        const char *body;   /* copied */
        bool fresh;         /* as HttpRequest's */
        usec_t timeout_us;  /* of all, looking for the keys included */
} StoreRequest;

/* What store_look_at_table() has found out so far. */
typedef struct StoreLook {
        StoreSlot slot;
        TableQuestion question; /* the one that is under way */
        TableAnswer answer;
        usec_t timeout_us;
        TableHandler handler;
        void *userdata;
} StoreLook;

/* What store_admin() is about. */
typedef struct StoreAdmin {
        StoreSlot slot;
        AdminOperation operation;
        AdminHandler handler;
        void *userdata;
} StoreAdmin;

/* What can be done to the item. */
typedef struct StoreOperation {
        const char *target;
        bool fresh;         /* as HttpRequest's */
        const char *rights; /* as DynamoDBContext's */
        void (*answer)(const DynamoDBContext *context, const HttpAnswer *answer, StoreAnswer *ret);
} StoreOperation;

struct Store {
        sd_event *event;
        Http *http;
        Credentials *credentials;
        char *region, *table, *label, *url;
        char key_source[STORE_ERROR_MAX]; /* of the latest keys; "": there were none yet */
        Endpoint endpoint;
        Proxy proxy;
        char *ca_bundle; /* NULL: the system's */
        const char *ca_bundle_from;

        /* the server's clock: its last Date, and CLOCK_BOOTTIME when that arrived; date_s is 0 before the first */
        int64_t date_s;
        usec_t date_boot_us;

        /* the read, write or deletion that is under way */
        StoreSlot slot;
        const StoreOperation *operation;
        StoreHandler handler;
        void *userdata;

        StoreLook look;
        StoreAdmin admin;
};

/* Zeroed slots only. */
void store_slot_init(StoreSlot *slot, Store *store, StoreSlotHandler answered);

/* One request at a time; the handler is called exactly once, never from inside, unless it is cancelled before.
 * 0 or a negative errno. */
int store_slot_send(StoreSlot *slot, const StoreRequest *request);
void store_slot_cancel(StoreSlot *slot);

DynamoDBContext store_slot_context(const StoreSlot *slot);

void store_look_init(Store *store);
void store_admin_init(Store *store);
