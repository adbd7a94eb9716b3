/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What answers about the item and answers about the table have in common. */

#include <json-c/json.h>

#include "dynamodb.h"

/* An item as such, whichever lock it is for. Its label belongs to `item`; NULL: it can't be read. Whether it is a lock
 * record; if not, *ret are holder and version alone, "" where they can't be read. */
bool dynamodb_read_item(json_object *item, const char **ret_label, Record *ret);

/* Whether this is a sound answer of 200, and its JSON. 0 with *ret_object; or 1: *ret_answer says what it was, and
 * *ret_object is the error's JSON or NULL. */
int dynamodb_open_answer(const DynamoDBContext *context, const HttpAnswer *answer, json_object **ret_object,
                         StoreAnswer *ret_answer);
