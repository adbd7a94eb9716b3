/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether a table can hold locks, asked of DynamoDB itself. Pure: bytes in, bytes out, as dynamodb.h. The questions are
 * put one after the other; what is known to be wrong ends them. */

#include "dynamodb.h"

typedef enum TableQuestion {
        TABLE_SHAPE,  /* DescribeTable: its key, and its replicas of the current version */
        TABLE_LEGACY, /* DescribeGlobalTable: those of version 2017.11.29, of which DescribeTable may say nothing */
        TABLE_TTL,    /* DescribeTimeToLive: whether it forgets items by an attribute of ours */
        _TABLE_QUESTION_MAX,
} TableQuestion;

const char *table_request_target(TableQuestion question);

/* The body of a request, the caller's to free. 0 or -ENOMEM. */
int table_request(const DynamoDBContext *context, TableQuestion question, char **ret);

/* Every field of *ret is set. */
void table_answer(const DynamoDBContext *context, TableQuestion question, const HttpAnswer *answer, TableAnswer *ret);

/* What both together amount to, in *sum. */
void table_answer_add(TableAnswer *sum, const TableAnswer *answer);

/* What is left to ask; _TABLE_QUESTION_MAX: nothing. */
TableQuestion table_next_question(TableQuestion question, const TableAnswer *so_far);
