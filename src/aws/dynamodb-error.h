/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What DynamoDB means by an error, and what to do about it. */

#include <json-c/json.h>

#include "dynamodb.h"

/* Classifies an answer whose status is not 200. `object` is its body, or NULL if that was not JSON. Writes a sentence
 * for a person, without anything secret in it. */
StoreOutcome dynamodb_classify_error(const DynamoDBContext *context, const HttpAnswer *answer, json_object *object,
                                     size_t size, char *ret_text);

/* Whether the body of an answer that is not 200 names this error; `object` as above. */
bool dynamodb_is_error(json_object *object, const char *code);
