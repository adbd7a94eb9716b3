/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answer.h"

#include <errno.h>

const char *answer_text(json_object *answer, const char *key) {
        json_object *value;

        if (!json_object_object_get_ex(answer, key, &value) || !json_object_is_type(value, json_type_string))
                return NULL;
        return json_object_get_string_len(value) > 0 ? json_object_get_string(value) : NULL;
}

bool answer_int(json_object *answer, const char *key, int64_t *ret) {
        json_object *value;

        if (!json_object_object_get_ex(answer, key, &value) || !json_object_is_type(value, json_type_int))
                return false;
        *ret = json_object_get_int64(value);
        return true;
}

usec_t answer_usec(json_object *answer, const char *key) {
        int64_t value;

        return answer_int(answer, key, &value) && value > 0 ? (usec_t) value : 0;
}

bool answer_flag(json_object *answer, const char *key) {
        json_object *value;

        return json_object_object_get_ex(answer, key, &value) && json_object_get_boolean(value);
}

json_object *answer_array(json_object *answer, const char *key) {
        json_object *value;

        if (!json_object_object_get_ex(answer, key, &value) || !json_object_is_type(value, json_type_array))
                return NULL;
        return value;
}

int answer_print(FILE *out, json_object *value, JsonMode mode) {
        int flags = mode == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY : JSON_C_TO_STRING_PLAIN;
        const char *text = json_object_to_json_string_ext(value, flags | JSON_C_TO_STRING_NOSLASHESCAPE);

        if (!text)
                return -ENOMEM;
        fprintf(out, "%s\n", text);
        return 0;
}
