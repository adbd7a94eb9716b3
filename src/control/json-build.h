/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Building JSON with json-c so that running out of memory is noticed: what is added is taken over, whether or not that
 * succeeds. And what calls of Varlink ask of a value. */

#include <stdbool.h>
#include <json-c/json.h>

static inline void json_putp(struct json_object **o) {
        json_object_put(*o);
}
#define _cleanup_json_ _cleanup_(json_putp)

/* 0 or -ENOMEM; a `value` of NULL is one that could not be made. */
int json_add(struct json_object *object, const char *key, struct json_object *value);
int json_append(struct json_object *array, struct json_object *value);

/* Whether it is a boolean, or null as good as left out; a string without a NUL in it. */
bool json_is_flag(struct json_object *value);
bool json_is_plain_text(struct json_object *value);

/* A string of what is left of `s` as UTF-8; NULL when out of memory. */
struct json_object *json_new_text(const char *s);
