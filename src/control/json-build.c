/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-build.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "text-clean.h"

int json_add(struct json_object *object, const char *key, struct json_object *value) {
        if (!value)
                return -ENOMEM;
        if (json_object_object_add(object, key, value) < 0) {
                json_object_put(value);
                return -ENOMEM;
        }
        return 0;
}

int json_append(struct json_object *array, struct json_object *value) {
        if (!value)
                return -ENOMEM;
        if (json_object_array_add(array, value) < 0) {
                json_object_put(value);
                return -ENOMEM;
        }
        return 0;
}

struct json_object *json_new_text(const char *s) {
        _cleanup_free_ char *clean = text_clean_copy(s);

        return clean ? json_object_new_string(clean) : NULL;
}

bool json_is_flag(struct json_object *value) {
        return !value || json_object_is_type(value, json_type_boolean);
}

bool json_is_plain_text(struct json_object *value) {
        return json_object_is_type(value, json_type_string) &&
               strlen(json_object_get_string(value)) == (size_t) json_object_get_string_len(value);
}
