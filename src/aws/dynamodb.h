/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The table's language: requests as JSON, answers as StoreAnswers. Pure: bytes in, bytes out. Suspicious of what it
 * reads: an answer decides who runs. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/ */

#include <stdint.h>

#include "http.h"
#include "store.h"

#define DYNAMODB_GET_ITEM "DynamoDB_20120810.GetItem"
#define DYNAMODB_UPDATE_ITEM "DynamoDB_20120810.UpdateItem"
#define DYNAMODB_DELETE_ITEM "DynamoDB_20120810.DeleteItem"

typedef struct DynamoDBContext {
        const char *region, *table, *label;
        /* of answers only */
        int64_t signed_s;       /* when the request says that it was signed */
        const char *rights;     /* what the request takes, where that is not what leading a lock takes: "dynamodb:GetItem" */
        const char *key_source; /* where the keys that signed it are from: "the environment"; NULL: not known */
} DynamoDBContext;

/* Bodies of requests, the caller's to free. 0, -ENOMEM; of a write also -EINVAL: neither `create` nor `expected`, or
 * a record without the attributes that are ours. */
int dynamodb_read_request(const DynamoDBContext *context, char **ret);
int dynamodb_write_request(const DynamoDBContext *context, const StoreWrite *write, char **ret);
int dynamodb_delete_request(const DynamoDBContext *context, const StoreDelete *delete, char **ret);

/* Answers. Every field of *ret is set. */
void dynamodb_read_answer(const DynamoDBContext *context, const HttpAnswer *answer, StoreAnswer *ret);
void dynamodb_write_answer(const DynamoDBContext *context, const HttpAnswer *answer, StoreAnswer *ret);
void dynamodb_delete_answer(const DynamoDBContext *context, const HttpAnswer *answer, StoreAnswer *ret);
