/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* json-c, with ownership and without its leniency. */

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

static inline void json_putp(json_object **o) {
        json_object_put(*o);
}
#define _cleanup_json_ _cleanup_(json_putp)

/* One object and nothing behind it, valid UTF-8, not deeper than an item can be, no name twice in one object.
 * 0, -EBADMSG, -ENOMEM. */
int json_parse_strict(const char *data, size_t size, json_object **ret);

/* The member if it is a string without NULs; NULL otherwise. Belongs to `object`. */
const char *json_string_member(json_object *object, const char *name);

/* Puts `value` (taken over, also on failure; NULL: out of memory) into `object`. 0 or -ENOMEM. */
int json_put(json_object *object, const char *name, json_object *value);
int json_put_string(json_object *object, const char *name, const char *value);

/* A copy of the object as text, the caller's to free. 0 or -ENOMEM. */
int json_format(json_object *object, char **ret);
