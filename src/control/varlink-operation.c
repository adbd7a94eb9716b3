/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "varlink-operation.h"

#include <string.h>

#include "json-build.h"
#include "varlink-reply.h"

#define LOCK_PREFIX VARLINK_LOCK_INTERFACE "."
#define INTERACTIVE "allowInteractiveAuthentication"

bool varlink_find_operation(const char *method, OperationId *ret) {
        size_t length = strlen(LOCK_PREFIX);

        return strncmp(method, LOCK_PREFIX, length) == 0 && operation_find(method + length, ret) >= 0 &&
               operations[*ret].changes;
}

/* Whether `value` is one for the parameter. null is as good as left out. */
static bool take_parameter(OperationCall *call, OperationParameter parameter, struct json_object *value) {
        if (!value)
                return operation_parameters[parameter].optional;
        if (parameter != OPERATION_PARAMETER_FOR)
                return json_is_plain_text(value) && operation_set_text(call, parameter, json_object_get_string(value)) >= 0;
        if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
                return false;
        call->for_us = json_object_get_uint64(value);
        return true;
}

/* The parameter that is missing or wrong, or NULL. */
static const char *read_parameters(const Operation *operation, struct json_object *parameters, VarlinkOutcome *outcome) {
        struct json_object *value = NULL;

        for (size_t i = 0; i < operation->n_parameters; i++) {
                const OperationParameterInfo *info = &operation_parameters[operation->parameters[i]];

                value = parameters ? json_object_object_get(parameters, info->name) : NULL;
                if (!take_parameter(&outcome->call, operation->parameters[i], value))
                        return info->name;
        }
        value = parameters ? json_object_object_get(parameters, INTERACTIVE) : NULL;
        outcome->interactive = json_is_flag(value) && json_object_get_boolean(value);
        return json_is_flag(value) ? NULL : INTERACTIVE;
}

/* The name of a parameter that the operation has not. */
static const char *find_unknown(const Operation *operation, struct json_object *parameters) {
        json_object_object_foreach(parameters, key, value) {
                bool known = strcmp(key, INTERACTIVE) == 0;

                (void) value;
                for (size_t i = 0; i < operation->n_parameters; i++)
                        known = known || strcmp(key, operation_parameters[operation->parameters[i]].name) == 0;
                if (!known)
                        return key;
        }
        return NULL;
}

const char *varlink_read_operation(OperationId id, struct json_object *parameters, VarlinkOutcome *outcome) {
        const Operation *operation = &operations[id];
        const char *wrong = parameters ? find_unknown(operation, parameters) : NULL;

        outcome->call = (OperationCall) { .id = id };
        if (!wrong)
                wrong = read_parameters(operation, parameters, outcome);
        outcome->operates = !wrong;
        return wrong;
}
