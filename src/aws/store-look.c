/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "cleanup.h"
#include "store-internal.h"

static int ask(StoreLook *look) {
        _cleanup_free_ char *body = NULL;
        DynamoDBContext context = store_slot_context(&look->slot);
        int r = table_request(&context, look->question, &body);

        if (r < 0)
                return r;
        return store_slot_send(&look->slot, &(StoreRequest) {
                                                    .target = table_request_target(look->question),
                                                    .body = body,
                                                    .timeout_us = look->timeout_us,
                                            });
}

static void give_up(StoreLook *look, const char *why) {
        look->answer = (TableAnswer) { .verdict = TABLE_RETRY };
        snprintf(look->answer.error, sizeof(look->answer.error), "%s", why);
}

/* Whether another question is on its way. */
static bool ask_next(StoreLook *look) {
        char why[sizeof(look->answer.error)];
        int r;

        look->question = table_next_question(look->question, &look->answer);
        if (look->question == _TABLE_QUESTION_MAX)
                return false;
        r = ask(look);
        if (r < 0) {
                snprintf(why, sizeof(why), "the request cannot be begun: %s", strerror(-r));
                give_up(look, why);
        }
        return r >= 0;
}

static void on_answer(Store *store, const HttpAnswer *http_answer) {
        StoreLook *look = &store->look;
        DynamoDBContext context = store_slot_context(&look->slot);
        TableAnswer answer;

        if (http_answer) {
                table_answer(&context, look->question, http_answer, &answer);
                table_answer_add(&look->answer, &answer);
        } else
                give_up(look, look->slot.refusal_text);
        store_slot_cancel(&look->slot);
        if (!ask_next(look))
                look->handler(&look->answer, look->userdata); /* may have freed the store */
}

void store_look_init(Store *store) {
        store_slot_init(&store->look.slot, store, on_answer);
}

int store_look_at_table(Store *store, usec_t timeout_us, TableHandler handler, void *userdata) {
        StoreLook *look = &store->look;

        store_look_cancel(store);
        look->question = 0;
        look->answer = (TableAnswer) { .verdict = TABLE_FINE };
        look->timeout_us = timeout_us;
        look->handler = handler;
        look->userdata = userdata;
        return ask(look);
}

void store_look_cancel(Store *store) {
        store_slot_cancel(&store->look.slot);
}
