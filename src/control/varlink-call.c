/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "varlink-call.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "interface-text.h"
#include "json-build.h"
#include "varlink-status.h"

/* A call is two objects deep; the parser recurses no further than this into what is refused anyway. */
#define NESTING_MAX 16

#define SERVICE_INTERFACE "org.varlink.service"
#define LOCK_INTERFACE "org.cloudlock1.Lock"

#define INTERFACE_NOT_FOUND SERVICE_INTERFACE ".InterfaceNotFound"
#define METHOD_NOT_FOUND SERVICE_INTERFACE ".MethodNotFound"
#define INVALID_PARAMETER SERVICE_INTERFACE ".InvalidParameter"

typedef struct Call {
        const char *method;
        struct json_object *parameters; /* NULL: none */
        bool oneway;
} Call;

typedef struct Interface {
        const char *name, *text;
} Interface;

static const Interface interfaces[] = {
        { LOCK_INTERFACE, interface_text_lock },
        { SERVICE_INTERFACE, interface_text_service },
};

static const Interface *find_interface(const char *name, size_t length) {
        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++)
                if (strlen(interfaces[i].name) == length && memcmp(interfaces[i].name, name, length) == 0)
                        return &interfaces[i];
        return NULL;
}

/* {"error": error, "parameters": {key: value}} */
static int reply_error(const char *error, const char *key, const char *value, struct json_object **ret) {
        _cleanup_json_ struct json_object *reply = json_object_new_object(), *parameters = json_object_new_object();

        if (!reply || !parameters || json_add(parameters, key, json_new_text(value)) < 0 ||
            json_add(reply, "error", json_new_text(error)) < 0 ||
            json_add(reply, "parameters", TAKE_PTR(parameters)) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(reply);
        return 0;
}

static int reply_parameters(struct json_object *parameters, struct json_object **ret) {
        _cleanup_json_ struct json_object *owned = parameters, *reply = json_object_new_object();

        if (!reply || json_add(reply, "parameters", TAKE_PTR(owned)) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(reply);
        return 0;
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
        return reply_parameters(TAKE_PTR(info), ret);
}

static int get_interface_description(const ControlPicture *picture _unused_, const Call *call,
                                     struct json_object **ret) {
        _cleanup_json_ struct json_object *parameters = NULL;
        struct json_object *name = NULL;
        const Interface *interface;

        if (!call->parameters || !json_object_object_get_ex(call->parameters, "interface", &name) ||
            !json_object_is_type(name, json_type_string))
                return reply_error(INVALID_PARAMETER, "parameter", "interface", ret);
        interface = find_interface(json_object_get_string(name), (size_t) json_object_get_string_len(name));
        if (!interface)
                return reply_error(INTERFACE_NOT_FOUND, "interface", json_object_get_string(name), ret);
        parameters = json_object_new_object();
        if (!parameters || json_add(parameters, "description", json_object_new_string(interface->text)) < 0)
                return -ENOMEM;
        return reply_parameters(TAKE_PTR(parameters), ret);
}

static int status(const ControlPicture *picture, const Call *call _unused_, struct json_object **ret) {
        struct json_object *parameters = NULL;
        int r = varlink_status(picture, &parameters);

        return r < 0 ? r : reply_parameters(parameters, ret);
}

static const struct Method {
        const char *name;
        const char *parameter; /* the only one that it takes; NULL: none */
        int (*run)(const ControlPicture *picture, const Call *call, struct json_object **ret);
} methods[] = {
        { SERVICE_INTERFACE ".GetInfo", NULL, get_info },
        { SERVICE_INTERFACE ".GetInterfaceDescription", "interface", get_interface_description },
        { LOCK_INTERFACE ".Status", NULL, status },
};

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

static int run(const ControlPicture *picture, const Call *call, struct json_object **ret) {
        const char *dot = strrchr(call->method, '.'), *stranger;

        if (!dot)
                return reply_error(INVALID_PARAMETER, "parameter", "method", ret);
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                if (strcmp(methods[i].name, call->method) != 0)
                        continue;
                stranger = find_stranger(&methods[i], call->parameters);
                if (stranger)
                        return reply_error(INVALID_PARAMETER, "parameter", stranger, ret);
                return methods[i].run(picture, call, ret);
        }
        if (!find_interface(call->method, (size_t) (dot - call->method))) {
                _cleanup_free_ char *name = strndup(call->method, (size_t) (dot - call->method));

                return name ? reply_error(INTERFACE_NOT_FOUND, "interface", name, ret) : -ENOMEM;
        }
        return reply_error(METHOD_NOT_FOUND, "method", call->method, ret);
}

static bool is_flag(struct json_object *value) {
        return !value || json_object_is_type(value, json_type_boolean);
}

/* The name of the member that makes this no call, or NULL. A member that is null counts as left out. */
static const char *read_member(const char *key, struct json_object *value, Call *call) {
        if (strcmp(key, "method") == 0) {
                if (!json_object_is_type(value, json_type_string) ||
                    strlen(json_object_get_string(value)) != (size_t) json_object_get_string_len(value))
                        return key;
                call->method = json_object_get_string(value);
                return NULL;
        }
        if (strcmp(key, "parameters") == 0) {
                call->parameters = value;
                return value && !json_object_is_type(value, json_type_object) ? key : NULL;
        }
        if (strcmp(key, "oneway") == 0) {
                call->oneway = is_flag(value) && json_object_get_boolean(value);
                return is_flag(value) ? NULL : key;
        }
        if (strcmp(key, "more") == 0)
                return is_flag(value) ? NULL : key;
        /* After the answer the peer would speak something else. */
        if (strcmp(key, "upgrade") == 0)
                return is_flag(value) && !json_object_get_boolean(value) ? NULL : key;
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

int varlink_call(const ControlPicture *picture, const char *message, size_t size, char **ret_answer) {
        _cleanup_json_ struct json_object *root = parse(message, size), *reply = NULL;
        const char *text;
        char *answer = NULL;
        Call call = {};
        const char *wrong = read_call(root, &call);
        int r;

        r = wrong ? reply_error(INVALID_PARAMETER, "parameter", wrong, &reply) : run(picture, &call, &reply);
        if (r < 0)
                return r;
        if (!call.oneway) {
                text = json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
                answer = text ? strdup(text) : NULL;
                if (!answer)
                        return -ENOMEM;
        }
        *ret_answer = answer;
        return wrong ? VARLINK_CALL_BROKEN : VARLINK_CALL_DONE;
}
