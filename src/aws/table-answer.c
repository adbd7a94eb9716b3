/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table-answer.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cleanup.h"
#include "dynamodb-error.h"
#include "dynamodb-internal.h"
#include "json.h"

#define KEY_ATTRIBUTE "label"
#define TARGET "DynamoDB_20120810."
#define CURRENT_VERSION "2019.11.21" /* of global tables */

typedef struct Question {
        const char *target, *table_member; /* the latter: what names the table in the request */
        const char *assumption;
        const char *none; /* the error that means: there is nothing of the kind; NULL: none does */
        void (*parse)(const DynamoDBContext *context, json_object *object, TableAnswer *ret);
} Question;

static void set_verdict(TableAnswer *answer, TableVerdict verdict, const char *format, ...) _printf_(3, 4);

static void set_verdict(TableAnswer *answer, TableVerdict verdict, const char *format, ...) {
        va_list ap;

        answer->verdict = verdict;
        va_start(ap, format);
        vsnprintf(answer->error, sizeof(answer->error), format, ap);
        va_end(ap);
}

static void set_strange(const DynamoDBContext *context, TableAnswer *ret) {
        set_verdict(ret, TABLE_RETRY, "what answers for DynamoDB in %s describes table %s in no way known", context->region,
                    context->table);
}

static void refuse_replicas(const DynamoDBContext *context, TableAnswer *ret) {
        set_verdict(ret, TABLE_REFUSED,
                    "table %s in %s is an eventually consistent global table, where two hosts can hold one lock: take a "
                    "table of one region, or a strongly consistent global table",
                    context->table, context->region);
}

static json_object *member_of_type(json_object *object, const char *name, json_type type) {
        json_object *member;

        return json_object_object_get_ex(object, name, &member) && json_object_is_type(member, type) ? member : NULL;
}

static bool member_is(json_object *object, const char *name, const char *value) {
        const char *text = json_object_is_type(object, json_type_object) ? json_string_member(object, name) : NULL;

        return text && strcmp(text, value) == 0;
}

/* The key is `label` and nothing besides it, or hosts would mean different items by one label. */
static bool key_is_right(json_object *keys, json_object *definitions) {
        json_object *key = json_object_array_get_idx(keys, 0);

        if (json_object_array_length(keys) != 1 || !member_is(key, "AttributeName", KEY_ATTRIBUTE) ||
            !member_is(key, "KeyType", "HASH"))
                return false;
        for (size_t i = 0; i < json_object_array_length(definitions); i++) {
                json_object *definition = json_object_array_get_idx(definitions, i);

                if (member_is(definition, "AttributeName", KEY_ATTRIBUTE))
                        return member_is(definition, "AttributeType", "S");
        }
        return false;
}

/* Anything that has to do with replication and is not known to be strongly consistent counts as what it may be. */
static bool is_eventual(json_object *table) {
        json_object *replicas;

        if (member_is(table, "MultiRegionConsistency", "STRONG"))
                return false;
        if (json_object_object_get_ex(table, "GlobalTableVersion", NULL) &&
            !member_is(table, "GlobalTableVersion", CURRENT_VERSION))
                return true;
        if (!json_object_object_get_ex(table, "Replicas", &replicas) || !replicas)
                return false;
        return !json_object_is_type(replicas, json_type_array) || json_object_array_length(replicas) > 0;
}

static void parse_shape(const DynamoDBContext *context, json_object *object, TableAnswer *ret) {
        json_object *table = member_of_type(object, "Table", json_type_object);
        json_object *keys = member_of_type(table, "KeySchema", json_type_array);
        json_object *definitions = member_of_type(table, "AttributeDefinitions", json_type_array);
        json_object *stream = member_of_type(table, "StreamSpecification", json_type_object);

        if (!keys || !definitions || !member_is(table, "TableName", context->table)) {
                set_strange(context, ret);
                return;
        }
        ret->streams_images = member_is(stream, "StreamViewType", "NEW_AND_OLD_IMAGES");
        if (!key_is_right(keys, definitions))
                set_verdict(ret, TABLE_REFUSED,
                            "table %s in %s has another key than " KEY_ATTRIBUTE " (String): create a table with that key, "
                            "or correct cloudlock_dynamodb_table", context->table, context->region);
        else if (is_eventual(table))
                refuse_replicas(context, ret);
}

static void parse_legacy(const DynamoDBContext *context, json_object *object, TableAnswer *ret) {
        if (member_of_type(object, "GlobalTableDescription", json_type_object))
                refuse_replicas(context, ret);
        else
                set_strange(context, ret);
}

static void parse_ttl(const DynamoDBContext *context, json_object *object, TableAnswer *ret) {
        static const char *const ours[] = { KEY_ATTRIBUTE, "holder",   "expire_time", "version", "start_time",
                                            "host",        "lease_ms", "boot",        "fence" };
        json_object *description = member_of_type(object, "TimeToLiveDescription", json_type_object);

        if (!description || !json_string_member(description, "TimeToLiveStatus")) {
                set_strange(context, ret);
                return;
        }
        /* While it is being turned off, items still vanish. */
        if (member_is(description, "TimeToLiveStatus", "DISABLED"))
                return;
        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                if (member_is(description, "AttributeName", ours[i])) {
                        set_verdict(ret, TABLE_REFUSED,
                                    "table %s in %s deletes items by their attribute %s, which is the lock's own: turn its "
                                    "Time to Live off, or let it go by another attribute",
                                    context->table, context->region, ours[i]);
                        return;
                }
}

static const Question questions[] = {
        [TABLE_SHAPE] = { TARGET "DescribeTable", "TableName", "it is no eventually consistent global table", NULL,
                          parse_shape },
        [TABLE_LEGACY] = { TARGET "DescribeGlobalTable", "GlobalTableName", "it is no global table of version 2017.11.29",
                           "GlobalTableNotFoundException", parse_legacy },
        [TABLE_TTL] = { TARGET "DescribeTimeToLive", "TableName", "its Time to Live goes by no attribute of the lock",
                        "ValidationException", parse_ttl },
};

const char *table_request_target(TableQuestion question) {
        return questions[question].target;
}

int table_request(const DynamoDBContext *context, TableQuestion question, char **ret) {
        _cleanup_json_ json_object *request = json_object_new_object();
        int r;

        if (!request)
                return -ENOMEM;
        r = json_put_string(request, questions[question].table_member, context->table);
        if (r < 0)
                return r;
        return json_format(request, ret);
}

/* Where a server does not know the operation, it does not have what the operation is about. */
static bool means_none(const Question *question, int status, json_object *error) {
        return question->none && status < 500 &&
               (dynamodb_is_error(error, question->none) || dynamodb_is_error(error, "UnknownOperationException"));
}

void table_answer(const DynamoDBContext *context, TableQuestion question, const HttpAnswer *answer, TableAnswer *ret) {
        const Question *q = &questions[question];
        _cleanup_json_ json_object *object = NULL;
        StoreAnswer opened;

        *ret = (TableAnswer) { .verdict = TABLE_FINE };
        if (dynamodb_open_answer(context, answer, &object, &opened) == 0)
                q->parse(context, object, ret);
        else if (answer->status < 500 && dynamodb_is_error(object, "AccessDeniedException")) {
                set_verdict(ret, TABLE_NOT_ALLOWED, "not allowed to look at table %s (dynamodb:%s)", context->table,
                            q->target + strlen(TARGET));
                ret->assumption = q->assumption;
        } else if (!means_none(q, answer->status, object))
                set_verdict(ret, TABLE_RETRY, "%s", opened.error);
}

void table_answer_add(TableAnswer *sum, const TableAnswer *answer) {
        bool streams_images = sum->streams_images || answer->streams_images;

        if (answer->verdict != TABLE_FINE && (answer->verdict != TABLE_NOT_ALLOWED || sum->verdict == TABLE_FINE))
                *sum = *answer;
        sum->streams_images = streams_images;
}

TableQuestion table_next_question(TableQuestion question, const TableAnswer *so_far) {
        if (so_far->verdict != TABLE_FINE && so_far->verdict != TABLE_NOT_ALLOWED)
                return _TABLE_QUESTION_MAX;
        /* Needs a right of its own, so it is not put where the answer is known. */
        if (question == TABLE_SHAPE)
                return so_far->streams_images ? TABLE_LEGACY : TABLE_TTL;
        return question + 1;
}
