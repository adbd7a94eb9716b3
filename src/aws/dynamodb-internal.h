/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What answers about the item and answers about the table have in common. */

#include <json-c/json.h>

#include "dynamodb.h"

/* Whether this is a sound answer of 200, and its JSON. 0 with *ret_object; or 1: *ret_answer says what it was, and
 * *ret_object is the error's JSON or NULL. */
int dynamodb_open_answer(const DynamoDBContext *context, const HttpAnswer *answer, json_object **ret_object,
                         StoreAnswer *ret_answer);
