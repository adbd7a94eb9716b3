/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json.h"

#include <errno.h>
#include <string.h>

/* Items nest 32 deep, each level an object for the type and one for the value; and a little around them. */
#define DEPTH_MAX 72

/* json-c counts in int; no answer of DynamoDB to one item is longer. */
#define SIZE_BYTES_MAX ((size_t) 1024 * 1024)

static void tokener_freep(json_tokener **t) {
        if (*t)
                json_tokener_free(*t);
}

static size_t count_members(json_object *value) {
        size_t n = 0;

        if (json_object_is_type(value, json_type_array)) {
                for (size_t i = 0; i < json_object_array_length(value); i++)
                        n += count_members(json_object_array_get_idx(value, i));
        } else if (json_object_is_type(value, json_type_object)) {
                json_object_object_foreach(value, name, member) {
                        (void) name;
                        n += 1 + count_members(member);
                }
        }
        return n;
}

/* Of text that is known to be JSON: every member has one colon outside of strings. */
static size_t count_colons(const char *data, size_t size) {
        bool in_string = false;
        size_t n = 0;

        for (size_t i = 0; i < size; i++) {
                if (in_string && data[i] == '\\')
                        i++;
                else if (data[i] == '"')
                        in_string = !in_string;
                else if (!in_string && data[i] == ':')
                        n++;
        }
        return n;
}

int json_parse_strict(const char *data, size_t size, json_object **ret) {
        _cleanup_(tokener_freep) json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
        _cleanup_json_ json_object *object = NULL;
        size_t end;

        if (!tokener)
                return -ENOMEM;
        if (size > SIZE_BYTES_MAX)
                return -EBADMSG;
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        object = json_tokener_parse_ex(tokener, data, (int) size);
        if (json_tokener_get_error(tokener) != json_tokener_success || !json_object_is_type(object, json_type_object))
                return -EBADMSG;
        for (end = json_tokener_get_parse_end(tokener); end < size; end++)
                if (!strchr(" \t\r\n", data[end]) || !data[end])
                        return -EBADMSG;

        /* json-c keeps the last of members with one name; another reader may have kept the first. */
        if (count_colons(data, size) != count_members(object))
                return -EBADMSG;
        *ret = TAKE_PTR(object);
        return 0;
}

const char *json_string_member(json_object *object, const char *name) {
        json_object *member;
        const char *text;

        if (!json_object_object_get_ex(object, name, &member) || !json_object_is_type(member, json_type_string))
                return NULL;
        text = json_object_get_string(member);
        return strlen(text) == (size_t) json_object_get_string_len(member) ? text : NULL;
}

int json_put(json_object *object, const char *name, json_object *value) {
        if (!value)
                return -ENOMEM;
        if (json_object_object_add(object, name, value) < 0) {
                json_object_put(value);
                return -ENOMEM;
        }
        return 0;
}

int json_put_string(json_object *object, const char *name, const char *value) {
        return json_put(object, name, json_object_new_string(value));
}

int json_format(json_object *object, char **ret) {
        const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        char *copy = text ? strdup(text) : NULL;

        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}
