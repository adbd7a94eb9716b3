/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reading what cloudlockd answers, which may be a newer or an older one: what is missing or has another type is as if it
 * were not there. And printing JSON. */

#include <stdint.h>
#include <stdio.h>

#include "json.h"
#include "time-span.h"
#include "verbs.h"

/* NULL where it is missing, empty or no string. */
const char *answer_text(json_object *answer, const char *key);

bool answer_int(json_object *answer, const char *key, int64_t *ret);

/* 0 where it is missing: no moment and no length that is shown is zero. */
usec_t answer_usec(json_object *answer, const char *key);

bool answer_flag(json_object *answer, const char *key);

/* The array, or NULL. */
json_object *answer_array(json_object *answer, const char *key);

/* One line, or indented; JSON_OFF counts as JSON_SHORT. 0 or -ENOMEM. */
int answer_print(FILE *out, json_object *value, JsonMode mode);
