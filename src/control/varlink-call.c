/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "varlink-call.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "interface-text.h"
#include "json-build.h"
#include "varlink-operation.h"
#include "varlink-reply.h"
#include "varlink-status.h"

/* A call is two objects deep; the parser recurses no further than this into what is refused anyway. */
#define NESTING_MAX 16

#define INTERFACE_NOT_FOUND VARLINK_SERVICE_INTERFACE ".InterfaceNotFound"
#define METHOD_NOT_FOUND VARLINK_SERVICE_INTERFACE ".MethodNotFound"
#define LOCK_PREFIX VARLINK_LOCK_INTERFACE "."

typedef struct Call {
        const char *method;
        struct json_object *parameters; /* NULL: none */
        bool oneway, more;
} Call;

typedef struct Interface {
        const char *name, *text;
} Interface;

static const Interface interfaces[] = {
        { VARLINK_LOCK_INTERFACE, interface_text_lock },
        { VARLINK_SERVICE_INTERFACE, interface_text_service },
};

static const Interface *find_interface(const char *name, size_t length) {
        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++)
                if (strlen(interfaces[i].name) == length && memcmp(interfaces[i].name, name, length) == 0)
                        return &interfaces[i];
        return NULL;
}

static int get_info(const ControlPicture *picture _unused_, const Call *call _unused_, struct json_object **ret) {
        _cleanup_json_ struct json_object *info = json_object_new_object(), *names = json_object_new_array();

        if (!info || !names)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++)
                if (json_append(names, json_new_text(interfaces[i].name)) < 0)
                        return -ENOMEM;
        if (json_add(info, "vendor", json_new_text("cloudlock")) < 0 ||
            json_add(info, "product", json_new_text("cloudlockd")) < 0 ||
            json_add(info, "version", json_new_text(PACKAGE_VERSION)) < 0 ||
            json_add(info, "url", json_new_text("man:cloudlockd(8)")) < 0 ||
            json_add(info, "interfaces", TAKE_PTR(names)) < 0)
                return -ENOMEM;
        return varlink_reply(TAKE_PTR(info), false, ret);
}

static int get_interface_description(const ControlPicture *picture _unused_, const Call *call,
                                     struct json_object **ret) {
        _cleanup_json_ struct json_object *parameters = NULL;
        struct json_object *name = NULL;
        const Interface *interface;

        if (!call->parameters || !json_object_object_get_ex(call->parameters, "interface", &name) ||
            !json_object_is_type(name, json_type_string))
                return varlink_reply_error(VARLINK_INVALID_PARAMETER, "parameter", "interface", ret);
        interface = find_interface(json_object_get_string(name), (size_t) json_object_get_string_len(name));
        if (!interface)
                return varlink_reply_error(INTERFACE_NOT_FOUND, "interface", json_object_get_string(name), ret);
        parameters = json_object_new_object();
        if (!parameters || json_add(parameters, "description", json_object_new_string(interface->text)) < 0)
                return -ENOMEM;
        return varlink_reply(TAKE_PTR(parameters), false, ret);
}

static int reply_status(const ControlPicture *picture, bool continues, struct json_object **ret) {
        struct json_object *parameters = NULL;
        int r = varlink_status(picture, &parameters);

        return r < 0 ? r : varlink_reply(parameters, continues, ret);
}

static int status(const ControlPicture *picture, const Call *call, struct json_object **ret) {
        return reply_status(picture, call->more, ret);
}

static int history(const ControlPicture *picture, const Call *call _unused_, struct json_object **ret) {
        return varlink_reply_history(&picture->history, ret);
}

static int metrics(const ControlPicture *picture, const Call *call _unused_, struct json_object **ret) {
        return varlink_reply_metrics(picture, ret);
}

/* What is answered at once. */
static const struct Method {
        const char *name;
        const char *parameter; /* the only one that it takes; NULL: none */
        bool watches;          /* with "more" it goes on */
        int (*run)(const ControlPicture *picture, const Call *call, struct json_object **ret);
} methods[] = {
        { VARLINK_SERVICE_INTERFACE ".GetInfo", NULL, false, get_info },
        { VARLINK_SERVICE_INTERFACE ".GetInterfaceDescription", "interface", false, get_interface_description },
        { LOCK_PREFIX "Status", NULL, true, status },
        { LOCK_PREFIX "History", NULL, false, history },
        { LOCK_PREFIX "Metrics", NULL, false, metrics },
};

static const struct Method *find_method(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (strcmp(methods[i].name, name) == 0)
                        return &methods[i];
        return NULL;
}

/* The first parameter that the method does not take, or NULL. */
static const char *find_stranger(const struct Method *method, struct json_object *parameters) {
        if (!parameters)
                return NULL;
        json_object_object_foreach(parameters, key, value) {
                (void) value;
                if (!method->parameter || strcmp(key, method->parameter) != 0)
                        return key;
        }
        return NULL;
}

static int run(const ControlPicture *picture, const struct Method *method, const Call *call, VarlinkOutcome *outcome,
               struct json_object **ret) {
        const char *stranger = find_stranger(method, call->parameters);

        if (stranger)
                return varlink_reply_error(VARLINK_INVALID_PARAMETER, "parameter", stranger, ret);
        outcome->watches = method->watches && call->more && !call->oneway;
        return method->run(picture, call, ret);
}

static int find_and_run(const ControlPicture *picture, const Call *call, VarlinkOutcome *outcome,
                        struct json_object **ret) {
        const char *dot = strrchr(call->method, '.');
        const struct Method *method = find_method(call->method);
        OperationId id;

        if (!dot)
                return varlink_reply_error(VARLINK_INVALID_PARAMETER, "parameter", "method", ret);
        if (method)
                return run(picture, method, call, outcome, ret);
        if (varlink_find_operation(call->method, &id)) {
                const char *wrong = varlink_read_operation(id, call->parameters, outcome);

                return wrong ? varlink_reply_error(VARLINK_INVALID_PARAMETER, "parameter", wrong, ret) : 0;
        }
        if (!find_interface(call->method, (size_t) (dot - call->method))) {
                _cleanup_free_ char *name = strndup(call->method, (size_t) (dot - call->method));

                return name ? varlink_reply_error(INTERFACE_NOT_FOUND, "interface", name, ret) : -ENOMEM;
        }
        return varlink_reply_error(METHOD_NOT_FOUND, "method", call->method, ret);
}

/* The name of the member that makes this no call, or NULL. A member that is null counts as left out. */
static const char *read_member(const char *key, struct json_object *value, Call *call) {
        if (strcmp(key, "method") == 0) {
                if (!json_is_plain_text(value))
                        return key;
                call->method = json_object_get_string(value);
                return NULL;
        }
        if (strcmp(key, "parameters") == 0) {
                call->parameters = value;
                return value && !json_object_is_type(value, json_type_object) ? key : NULL;
        }
        if (strcmp(key, "oneway") == 0) {
                call->oneway = json_is_flag(value) && json_object_get_boolean(value);
                return json_is_flag(value) ? NULL : key;
        }
        if (strcmp(key, "more") == 0) {
                call->more = json_is_flag(value) && json_object_get_boolean(value);
                return json_is_flag(value) ? NULL : key;
        }
        /* After the answer the peer would speak something else. */
        if (strcmp(key, "upgrade") == 0)
                return json_is_flag(value) && !json_object_get_boolean(value) ? NULL : key;
        /* The specification: vendors' extensions are objects named after the vendor, in reverse-domain notation. */
        return strchr(key, '.') ? NULL : key;
}

/* NULL, or what is wrong with the message. All members are read, for `oneway` counts wherever it stands. */
static const char *read_call(struct json_object *message, Call *call) {
        const char *wrong = NULL;

        if (!json_object_is_type(message, json_type_object))
                return "message";
        json_object_object_foreach(message, key, value) {
                const char *member = read_member(key, value, call);

                if (!wrong)
                        wrong = member;
        }
        return wrong ? wrong : call->method ? NULL : "method";
}

/* NULL if that is not one JSON value in UTF-8, nested reasonably. */
static struct json_object *parse(const char *message, size_t size) {
        struct json_tokener *tokener = json_tokener_new_ex(NESTING_MAX);
        _cleanup_json_ struct json_object *object = NULL;

        if (!tokener)
                return NULL;
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        object = json_tokener_parse_ex(tokener, message, (int) size);
        if (json_tokener_get_error(tokener) != json_tokener_success || json_tokener_get_parse_end(tokener) != size) {
                json_object_put(object);
                object = NULL;
        }
        json_tokener_free(tokener);
        return TAKE_PTR(object);
}

int varlink_call(const ControlPicture *picture, const char *message, size_t size, VarlinkOutcome *ret) {
        _cleanup_json_ struct json_object *root = parse(message, size), *reply = NULL;
        VarlinkOutcome outcome = {};
        Call call = {};
        const char *wrong = read_call(root, &call);
        int r;

        outcome.broken = wrong != NULL;
        r = wrong ? varlink_reply_error(VARLINK_INVALID_PARAMETER, "parameter", wrong, &reply) :
                    find_and_run(picture, &call, &outcome, &reply);
        if (r < 0)
                return r;
        outcome.oneway = call.oneway;
        if (reply && !call.oneway) {
                r = varlink_reply_format(reply, &outcome.answer);
                if (r < 0)
                        return r;
        }
        *ret = outcome;
        return 0;
}

int varlink_watch_answer(const ControlPicture *picture, char **ret) {
        _cleanup_json_ struct json_object *reply = NULL;
        int r = reply_status(picture, true, &reply);

        return r < 0 ? r : varlink_reply_format(reply, ret);
}

int varlink_operation_answer(const OperationAnswer *answer, char **ret) {
        _cleanup_json_ struct json_object *reply = NULL;
        int r = varlink_reply_operation(answer, &reply);

        return r < 0 ? r : varlink_reply_format(reply, ret);
}
