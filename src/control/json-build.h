/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Building JSON with json-c so that running out of memory is noticed: each function takes over the value that it is
 * given, whether or not it succeeds. */

#include <json-c/json.h>

static inline void json_putp(struct json_object **o) {
        json_object_put(*o);
}
#define _cleanup_json_ _cleanup_(json_putp)

/* 0 or -ENOMEM; a `value` of NULL is one that could not be made. */
int json_add(struct json_object *object, const char *key, struct json_object *value);
int json_append(struct json_object *array, struct json_object *value);

/* A string of what is left of `s` as UTF-8; NULL when out of memory. */
struct json_object *json_new_text(const char *s);
