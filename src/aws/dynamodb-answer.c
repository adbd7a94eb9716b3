/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "crc32.h"
#include "dynamodb-error.h"
#include "dynamodb-internal.h"
#include "json.h"
#include "parse.h"
#include "text.h"

static void set_outcome(StoreAnswer *answer, StoreOutcome outcome, const char *format, ...) _printf_(3, 4);

static void set_outcome(StoreAnswer *answer, StoreOutcome outcome, const char *format, ...) {
        va_list ap;

        answer->outcome = outcome;
        answer->has_record = false;
        va_start(ap, format);
        vsnprintf(answer->error, sizeof(answer->error), format, ap);
        va_end(ap);
}

static bool body_is_intact(const HttpAnswer *answer) {
        uint64_t crc;

        if (!answer->crc32)
                return true;
        return parse_u64(answer->crc32, &crc) == 0 && crc == crc32_of(answer->body, answer->body_size);
}

/* What is wrong with an attribute, for a person: a predicate. NULL: nothing. */
typedef const char *Problem;

#define MISSING "is missing"

static Problem attribute_text(json_object *item, const char *name, const char *type, const char **ret) {
        json_object *attribute;
        const char *text;

        if (!json_object_object_get_ex(item, name, &attribute))
                return MISSING;
        if (!json_object_is_type(attribute, json_type_object) || json_object_object_length(attribute) != 1 ||
            !json_object_object_get_ex(attribute, type, NULL))
                return *type == 'N' ? "is no number" : "is no string";
        text = json_string_member(attribute, type);
        if (!text)
                return "can't be read";
        *ret = text;
        return NULL;
}

/* Copies a name that is not empty, fits, and is harmless on a terminal. */
static Problem attribute_name(json_object *item, const char *name, size_t size, char *ret) {
        const char *text = NULL;
        Problem problem = attribute_text(item, name, "S", &text);

        if (problem)
                return problem;
        if (!*text)
                return "is empty";
        if (strlen(text) >= size)
                return "is too long";
        for (const char *p = text; *p; p++)
                if (iscntrl((unsigned char) *p))
                        return "has control characters in it";
        strcpy(ret, text);
        return NULL;
}

static Problem attribute_unsigned(json_object *item, const char *name, uint64_t *ret) {
        const char *text = NULL;
        Problem problem = attribute_text(item, name, "N", &text);

        if (problem)
                return problem;
        switch (parse_u64(text, ret)) {
        case 0:
                return NULL;
        case -ERANGE:
                return "is too large";
        default:
                return *text == '-' ? "is negative" : "is no whole number";
        }
}

static Problem attribute_signed(json_object *item, const char *name, int64_t *ret) {
        const char *text = NULL;
        Problem problem = attribute_text(item, name, "N", &text);
        uint64_t magnitude;
        bool negative;
        int r;

        if (problem)
                return problem;
        negative = *text == '-';
        r = parse_u64(text + negative, &magnitude);
        if (r == -ERANGE || (r >= 0 && magnitude > (uint64_t) INT64_MAX))
                return "is too large";
        if (r < 0)
                return "is no whole number";
        *ret = negative ? -(int64_t) magnitude : (int64_t) magnitude;
        return NULL;
}

typedef struct Finding {
        const char *name;
        Problem problem;
} Finding;

static bool is_missing(const Finding *finding) {
        return finding->problem && strcmp(finding->problem, MISSING) == 0;
}

/* Of several the worst: something is malformed, or else missing. */
static Finding worst(const Finding *findings, size_t n) {
        Finding found = {};

        for (size_t i = 0; i < n; i++) {
                if (findings[i].problem && (!found.problem || is_missing(&found)))
                        found = findings[i];
        }
        return found;
}

/* The original's attributes have to be there; ours may be missing. A Finding without problem; or what makes the item no
 * lock record. */
static Finding parse_record(json_object *item, Record *ret) {
        Record record = { 0 };
        Finding found;

        found = worst((const Finding[]) {
                          { "holder", attribute_name(item, "holder", sizeof(record.holder), record.holder) },
                          { "version", attribute_name(item, "version", sizeof(record.version), record.version) },
                          { "expire_time", attribute_signed(item, "expire_time", &record.expire_time_ms) },
                          { "start_time", attribute_signed(item, "start_time", &record.start_time_ms) },
                  }, 4);
        if (found.problem)
                return found;
        found = worst((const Finding[]) {
                          { "lease_ms", attribute_signed(item, "lease_ms", &record.lease_ms) },
                          { "host", attribute_name(item, "host", sizeof(record.host), record.host) },
                          { "boot", attribute_name(item, "boot", sizeof(record.boot), record.boot) },
                          { "fence", attribute_unsigned(item, "fence", &record.fence) },
                  }, 4);
        if (found.problem && !is_missing(&found))
                return found;
        /* Nobody's safety hangs on it: what can't be read names nobody. */
        if (attribute_name(item, "successor", sizeof(record.successor), record.successor))
                record.successor[0] = '\0';
        record.is_ours_by_shape = !found.problem;
        *ret = record;
        return (Finding) {};
}

/* Of an item that is no lock record: what tells an operator which one it is. */
static void parse_rest(json_object *item, Record *ret) {
        *ret = (Record) {};
        attribute_name(item, "holder", sizeof(ret->holder), ret->holder);
        attribute_name(item, "version", sizeof(ret->version), ret->version);
}

bool dynamodb_read_item(json_object *item, const char **ret_label, Record *ret) {
        *ret_label = NULL;
        *ret = (Record) {};
        if (!json_object_is_type(item, json_type_object))
                return false;
        if (!attribute_text(item, "label", "S", ret_label) && !parse_record(item, ret).problem)
                return true;
        parse_rest(item, ret);
        return false;
}

static void parse_item(const DynamoDBContext *context, json_object *item, StoreAnswer *ret) {
        const char *label = NULL;
        Finding found;

        if (!json_object_is_type(item, json_type_object) || attribute_text(item, "label", "S", &label) ||
            strcmp(label, context->label) != 0) {
                set_outcome(ret, STORE_RETRY, "table %s in %s answered with another item than the one asked for",
                            context->table, context->region);
                return;
        }
        found = parse_record(item, &ret->record);
        if (found.problem) {
                set_outcome(ret, STORE_UNCLEAR,
                            "the item %s of table %s in %s is not a lock record (its %s %s): look at it, and delete it "
                            "if nothing else needs it and no host runs the target",
                            context->label, context->table, context->region, found.name, found.problem);
                parse_rest(item, &ret->record);
                return;
        }
        ret->has_record = true;
}

/* "application/x-amz-json-1.0" is DynamoDB's; a stand-in may know the general name only, or none. */
static bool type_is_json(const HttpAnswer *answer) {
        return !answer->content_type || strncasecmp(answer->content_type, "application/x-amz-json", 22) == 0 ||
               strncasecmp(answer->content_type, "application/json", 16) == 0;
}

/* What is wrong with an answer of 200: a predicate. NULL with *ret_object: nothing. */
static Problem parse_body(const HttpAnswer *answer, json_object **ret_object) {
        int problem = json_parse(answer->body, answer->body_size, ret_object);

        if (problem < 0)
                return strerror(-problem);
        if (problem != JSON_PROBLEM_NONE)
                return json_problem_text((JsonProblem) problem);
        return type_is_json(answer) ? NULL : "is no JSON by its Content-Type";
}

int dynamodb_open_answer(const DynamoDBContext *context, const HttpAnswer *answer, json_object **ret_object,
                         StoreAnswer *ret_answer) {
        _cleanup_json_ json_object *object = NULL;
        Problem problem;

        *ret_answer = (StoreAnswer) { .outcome = STORE_OK, .date_s = answer->date_s };
        *ret_object = NULL;
        if (answer->status == 0) {
                set_outcome(ret_answer, STORE_RETRY, "%s", answer->error);
                return 1;
        }
        if (!body_is_intact(answer)) {
                set_outcome(ret_answer, STORE_RETRY, "an answer of DynamoDB in %s arrived damaged (x-amz-crc32)",
                            context->region);
                return 1;
        }
        problem = parse_body(answer, &object);
        if (answer->status != 200) {
                ret_answer->outcome = dynamodb_classify_error(context, answer, object, sizeof(ret_answer->error),
                                                              ret_answer->error);
                *ret_object = TAKE_PTR(object);
                return 1;
        }
        if (problem) {
                set_outcome(ret_answer, STORE_RETRY,
                            "what answers for DynamoDB in %s does not speak its language: the answer %s; look for a "
                            "proxy on the way, and at cloudlock_dynamodb_endpoint", context->region, problem);
                return 1;
        }
        *ret_object = TAKE_PTR(object);
        return 0;
}

/* A misdirected answer proves nothing: neither that there is no record nor that one was written. */
static void set_other_operation(const DynamoDBContext *context, const char *operation, StoreAnswer *ret) {
        set_outcome(ret, STORE_RETRY,
                    "what answers for DynamoDB in %s answers something else than %s; look for a proxy on the way, and "
                    "at cloudlock_dynamodb_endpoint",
                    context->region, operation);
}

void dynamodb_read_answer(const DynamoDBContext *context, const HttpAnswer *answer, StoreAnswer *ret) {
        _cleanup_json_ json_object *object = NULL;
        json_object *item;

        if (dynamodb_open_answer(context, answer, &object, ret) != 0) {
                /* nothing was on condition */
                if (ret->outcome == STORE_CONDITION_FAILED)
                        ret->outcome = STORE_RETRY;
                return;
        }
        if (json_object_object_get_ex(object, "Item", &item))
                parse_item(context, item, ret);
        else if (json_object_object_length(object) > 0) /* of a lock that is not there the answer is empty */
                set_other_operation(context, "GetItem", ret);
}

/* Of an operation that was not asked to return anything. */
static void read_empty_answer(const DynamoDBContext *context, const char *operation, const HttpAnswer *answer,
                              StoreAnswer *ret) {
        _cleanup_json_ json_object *object = NULL;

        if (dynamodb_open_answer(context, answer, &object, ret) == 0 && json_object_object_length(object) > 0)
                set_other_operation(context, operation, ret);
}

void dynamodb_write_answer(const DynamoDBContext *context, const HttpAnswer *answer, StoreAnswer *ret) {
        read_empty_answer(context, "UpdateItem", answer, ret);
}

void dynamodb_delete_answer(const DynamoDBContext *context, const HttpAnswer *answer, StoreAnswer *ret) {
        read_empty_answer(context, "DeleteItem", answer, ret);
}
