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

typedef enum JsonProblem {
        JSON_PROBLEM_NONE,
        JSON_PROBLEM_EMPTY,
        JSON_PROBLEM_LARGE,
        JSON_PROBLEM_COMPRESSED,
        JSON_PROBLEM_MARKUP,    /* a page for people: HTML, XML */
        JSON_PROBLEM_BYTES,     /* NULs, or no UTF-8 */
        JSON_PROBLEM_CUT,
        JSON_PROBLEM_DEEP,
        JSON_PROBLEM_SYNTAX,
        JSON_PROBLEM_NO_OBJECT,
        JSON_PROBLEM_MORE,      /* something behind the object */
        JSON_PROBLEM_TWICE,     /* two members of one name */
        _JSON_PROBLEM_MAX,
} JsonProblem;

/* One object and nothing behind it, valid UTF-8, not deeper than an item can be, no name twice in one object.
 * JSON_PROBLEM_NONE with *ret, another JsonProblem, -ENOMEM. */
int json_parse(const char *data, size_t size, json_object **ret);

/* Overwrites all strings in it first; for an object that has one owner. */
void json_put_wiped(json_object *object);

/* A predicate for a person: "is cut off". */
const char *json_problem_text(JsonProblem problem);

/* The same where it does not matter what is wrong. 0, -EBADMSG, -ENOMEM. */
int json_parse_strict(const char *data, size_t size, json_object **ret);

/* The member if it is a string without NULs; NULL otherwise. Belongs to `object`. */
const char *json_string_member(json_object *object, const char *name);

/* Puts `value` (taken over, also on failure; NULL: out of memory) into `object`. 0 or -ENOMEM. */
int json_put(json_object *object, const char *name, json_object *value);
int json_put_string(json_object *object, const char *name, const char *value);

/* A copy of the object as text, the caller's to free. 0 or -ENOMEM. */
int json_format(json_object *object, char **ret);
