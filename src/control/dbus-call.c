/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus-call.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "metrics.h"
#include "text-clean.h"

struct DbusCall {
        DbusCalls *calls;
        DbusCall *next, **place; /* in the list of the open ones */
        sd_bus_message *m;
        Request *request;
};

static DbusCall *dbus_call_free(DbusCall *call) {
        if (call->place)
                *call->place = call->next;
        if (call->next)
                call->next->place = call->place;
        request_free(call->request);
        sd_bus_message_unref(call->m);
        free(call);
        return NULL;
}

void dbus_calls_done(DbusCalls *calls) {
        while (calls->open)
                dbus_call_free(calls->open);
}

static int reply_operation(sd_bus_message *m, const OperationAnswer *answer) {
        _cleanup_free_ char *name = NULL, *message = NULL;

        if (!answer->error)
                return sd_bus_reply_method_return(m, NULL);
        message = text_clean_copy(answer->message);
        if (!message)
                return -ENOMEM;
        if (strcmp(answer->error, OPERATION_DENIED) == 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "%s", message);
        if (strcmp(answer->error, OPERATION_ASK) == 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "%s", message);
        if (asprintf(&name, "org.cloudlock1.Error.%s", answer->error) < 0)
                return name = NULL, -ENOMEM;
        return sd_bus_reply_method_errorf(m, name, "%s", message);
}

static void on_answer(const OperationAnswer *answer, void *userdata) {
        DbusCall *call = userdata;

        /* Where the connection is gone or full, so is whoever waits. */
        (void) reply_operation(call->m, answer);
        dbus_call_free(call);
}

static int read_parameters(sd_bus_message *m, OperationCall *call, sd_bus_error *ret_error) {
        const Operation *operation = &operations[call->id];

        for (size_t i = 0; i < operation->n_parameters; i++) {
                OperationParameter parameter = operation->parameters[i];
                const char *text;
                int r;

                if (parameter == OPERATION_PARAMETER_FOR)
                        r = sd_bus_message_read_basic(m, 't', &call->for_us);
                else
                        r = sd_bus_message_read_basic(m, 's', &text);
                if (r < 0)
                        return r;
                if (parameter != OPERATION_PARAMETER_FOR && operation_set_text(call, parameter, text) < 0)
                        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS, "%s is longer than any can be",
                                                 operation_parameters[parameter].name);
        }
        return 0;
}

static int operate(DbusCalls *calls, sd_bus_message *m, const OperationCall *what) {
        const OperationCaller caller = {
                .uid = (uid_t) -1,
                .sender = sd_bus_message_get_sender(m),
                .pidfd = -1,
                .interactive = sd_bus_message_get_allow_interactive_authorization(m) > 0,
        };
        DbusCall *call = malloc(sizeof(*call));
        OperationAnswer answer;
        int r;

        if (!call)
                return -ENOMEM;
        *call = (DbusCall) { .calls = calls };
        r = request_begin(calls->desk, &caller, what, on_answer, call, &answer, &call->request);
        if (r != 0) {
                free(call);
                return r < 0 ? r : reply_operation(m, &answer);
        }
        call->m = sd_bus_message_ref(m);
        call->next = calls->open;
        call->place = &calls->open;
        if (call->next)
                call->next->place = &call->next;
        calls->open = call;
        return 1;
}

static int append_change(sd_bus_message *m, const HistoryChange *change) {
        _cleanup_free_ char *holder = text_clean_copy(change->holder), *host = text_clean_copy(change->host);

        if (!holder || !host)
                return -ENOMEM;
        return sd_bus_message_append(m, "(tssts)", change->since_us, holder, host, change->until_us,
                                     history_how_name(change->how));
}

static int reply_history(sd_bus_message *m, const History *history) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(tssts)");
        for (size_t i = 0; r >= 0 && i < history->n; i++)
                r = append_change(reply, history_get(history, i));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int reply_metrics(sd_bus_message *m, const ControlPicture *picture) {
        _cleanup_free_ char *text = NULL;
        int r = metrics_text(picture, &text);

        return r < 0 ? r : sd_bus_reply_method_return(m, "s", text);
}

int dbus_call(DbusCalls *calls, sd_bus_message *m, sd_bus_error *ret_error) {
        OperationCall call = {};
        int r = operation_find(sd_bus_message_get_member(m), &call.id);

        if (r < 0)
                return r;
        r = read_parameters(m, &call, ret_error);
        if (r < 0)
                return r;
        if (call.id == OPERATION_HISTORY)
                return reply_history(m, &calls->picture->history);
        if (call.id == OPERATION_METRICS)
                return reply_metrics(m, calls->picture);
        return operate(calls, m, &call);
}
