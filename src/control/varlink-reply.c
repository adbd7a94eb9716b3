/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "varlink-reply.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "json-build.h"
#include "metrics.h"

int varlink_reply_error(const char *error, const char *key, const char *value, struct json_object **ret) {
        _cleanup_json_ struct json_object *reply = json_object_new_object(), *parameters = json_object_new_object();

        if (!reply || !parameters || (key && json_add(parameters, key, json_new_text(value)) < 0) ||
            json_add(reply, "error", json_new_text(error)) < 0 ||
            json_add(reply, "parameters", TAKE_PTR(parameters)) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(reply);
        return 0;
}

int varlink_reply(struct json_object *parameters, bool continues, struct json_object **ret) {
        _cleanup_json_ struct json_object *owned = parameters, *reply = json_object_new_object();

        if (!reply || !owned || json_add(reply, "parameters", TAKE_PTR(owned)) < 0 ||
            (continues && json_add(reply, "continues", json_object_new_boolean(true)) < 0))
                return -ENOMEM;
        *ret = TAKE_PTR(reply);
        return 0;
}

int varlink_reply_operation(const OperationAnswer *answer, struct json_object **ret) {
        _cleanup_free_ char *name = NULL;

        if (!answer->error)
                return varlink_reply(json_object_new_object(), false, ret);
        if (strcmp(answer->error, OPERATION_DENIED) == 0)
                return varlink_reply_error(VARLINK_SERVICE_INTERFACE ".PermissionDenied", NULL, NULL, ret);
        if (asprintf(&name, VARLINK_LOCK_INTERFACE ".%s", answer->error) < 0)
                return name = NULL, -ENOMEM;
        return varlink_reply_error(name, "message", answer->message, ret);
}

static struct json_object *build_change(const HistoryChange *change) {
        _cleanup_json_ struct json_object *object = json_object_new_object();

        if (!object || json_add(object, "since", json_object_new_uint64(change->since_us)) < 0 ||
            (change->until_us != 0 && json_add(object, "until", json_object_new_uint64(change->until_us)) < 0) ||
            json_add(object, "holder", json_new_text(change->holder)) < 0 ||
            (*change->host && json_add(object, "host", json_new_text(change->host)) < 0) ||
            json_add(object, "how", json_new_text(history_how_name(change->how))) < 0)
                return NULL;
        return TAKE_PTR(object);
}

int varlink_reply_history(const History *history, struct json_object **ret) {
        _cleanup_json_ struct json_object *parameters = json_object_new_object(), *array = json_object_new_array();

        if (!parameters || !array)
                return -ENOMEM;
        for (size_t i = 0; i < history->n; i++)
                if (json_append(array, build_change(history_get(history, i))) < 0)
                        return -ENOMEM;
        if (json_add(parameters, "changes", TAKE_PTR(array)) < 0)
                return -ENOMEM;
        return varlink_reply(TAKE_PTR(parameters), false, ret);
}

int varlink_reply_metrics(const ControlPicture *picture, struct json_object **ret) {
        _cleanup_json_ struct json_object *parameters = json_object_new_object();
        _cleanup_free_ char *text = NULL;
        int r = metrics_text(picture, &text);

        if (r < 0)
                return r;
        /* Not json_new_text(): that has no line breaks. */
        if (!parameters || json_add(parameters, "text", json_object_new_string(text)) < 0)
                return -ENOMEM;
        return varlink_reply(TAKE_PTR(parameters), false, ret);
}

int varlink_reply_format(struct json_object *reply, char **ret) {
        const char *text =
                json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        char *copy = text ? strdup(text) : NULL;

        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}
