/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message.h"

#include <errno.h>
#include <string.h>

#define REPLY_DEPTH_MAX 16

void varlink_reply_done(VarlinkReply *reply) {
        json_object_put(reply->parameters);
        free(reply->error);
        *reply = (VarlinkReply) {};
}

int varlink_format_call(const char *method, json_object *parameters, bool more, char **ret) {
        _cleanup_json_ json_object *call = json_object_new_object();
        int r;

        if (!call)
                return -ENOMEM;
        r = json_put_string(call, "method", method);
        if (r >= 0 && parameters)
                r = json_put(call, "parameters", json_object_get(parameters));
        if (r >= 0 && more)
                r = json_put(call, "more", json_object_new_boolean(true));
        return r < 0 ? r : json_format(call, ret);
}

static int parse_object(const char *text, json_object **ret) {
        struct json_tokener *tokener = json_tokener_new_ex(REPLY_DEPTH_MAX);

        if (!tokener)
                return -ENOMEM;
        *ret = json_tokener_parse_ex(tokener, text, (int) strlen(text) + 1);
        json_tokener_free(tokener);
        return json_object_is_type(*ret, json_type_object) ? 0 : -EBADMSG;
}

int varlink_parse_reply(const char *text, VarlinkReply *ret) {
        _cleanup_json_ json_object *object = NULL;
        _cleanup_reply_ VarlinkReply reply = {};
        json_object *parameters = NULL, *continues;
        const char *error;
        int r = parse_object(text, &object);

        if (r < 0)
                return r;
        if (json_object_object_get_ex(object, "error", NULL)) {
                error = json_string_member(object, "error");
                reply.error = error ? strdup(error) : NULL;
                if (!reply.error)
                        return error ? -ENOMEM : -EBADMSG;
        }
        json_object_object_get_ex(object, "parameters", &parameters);
        if (json_object_is_type(parameters, json_type_object))
                reply.parameters = json_object_get(parameters);
        else if (parameters || !reply.error)
                return -EBADMSG;
        reply.continues = json_object_object_get_ex(object, "continues", &continues) &&
                          json_object_get_boolean(continues);
        *ret = reply;
        reply = (VarlinkReply) {};
        return 0;
}
