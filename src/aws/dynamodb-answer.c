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

/* The text of an attribute of that type ("S", "N"): 1 with *ret, 0 if there is no such attribute, -EBADMSG. */
static int attribute_text(json_object *item, const char *name, const char *type, const char **ret) {
        json_object *attribute;
        const char *text;

        if (!json_object_object_get_ex(item, name, &attribute))
                return 0;
        if (!json_object_is_type(attribute, json_type_object) || json_object_object_length(attribute) != 1)
                return -EBADMSG;
        text = json_string_member(attribute, type);
        if (!text)
                return -EBADMSG;
        *ret = text;
        return 1;
}

/* Copies a name that is not empty, fits, and is harmless on a terminal. 1, 0 (none), -EBADMSG. */
static int attribute_name(json_object *item, const char *name, size_t size, char *ret) {
        const char *text;
        int r = attribute_text(item, name, "S", &text);

        if (r <= 0)
                return r;
        if (!*text || strlen(text) >= size)
                return -EBADMSG;
        for (const char *p = text; *p; p++)
                if (iscntrl((unsigned char) *p))
                        return -EBADMSG;
        strcpy(ret, text);
        return 1;
}

static int attribute_unsigned(json_object *item, const char *name, uint64_t *ret) {
        const char *text;
        int r = attribute_text(item, name, "N", &text);

        if (r <= 0)
                return r;
        return parse_u64(text, ret) < 0 ? -EBADMSG : 1;
}

static int attribute_signed(json_object *item, const char *name, int64_t *ret) {
        const char *text;
        uint64_t magnitude;
        bool negative;
        int r = attribute_text(item, name, "N", &text);

        if (r <= 0)
                return r;
        negative = *text == '-';
        if (parse_u64(text + negative, &magnitude) < 0 || magnitude > (uint64_t) INT64_MAX)
                return -EBADMSG;
        *ret = negative ? -(int64_t) magnitude : (int64_t) magnitude;
        return 1;
}

/* Of several results of the functions above the worst one: all are there (1), one is not (0), one is malformed. */
static int worst(const int *results, size_t n) {
        int r = 1;

        for (size_t i = 0; i < n; i++)
                r = MIN(r, results[i]);
        return r;
}

/* The original's attributes have to be there; ours may be missing. 0, or -EBADMSG: not a lock record. */
static int parse_record(json_object *item, Record *ret) {
        Record record = { 0 };
        int r;

        r = worst((const int[]) {
                          attribute_name(item, "holder", sizeof(record.holder), record.holder),
                          attribute_name(item, "version", sizeof(record.version), record.version),
                          attribute_signed(item, "expire_time", &record.expire_time_ms),
                          attribute_signed(item, "start_time", &record.start_time_ms),
                  }, 4);
        if (r <= 0)
                return -EBADMSG;
        r = worst((const int[]) {
                          attribute_signed(item, "lease_ms", &record.lease_ms),
                          attribute_name(item, "host", sizeof(record.host), record.host),
                          attribute_name(item, "boot", sizeof(record.boot), record.boot),
                          attribute_unsigned(item, "fence", &record.fence),
                  }, 4);
        if (r < 0)
                return r;
        record.is_ours_by_shape = r > 0;
        *ret = record;
        return 0;
}

static void parse_item(const DynamoDBContext *context, json_object *item, StoreAnswer *ret) {
        const char *label;

        if (!json_object_is_type(item, json_type_object) || attribute_text(item, "label", "S", &label) <= 0 ||
            strcmp(label, context->label) != 0) {
                set_outcome(ret, STORE_RETRY, "table %s in %s answered with another item than the one asked for",
                            context->table, context->region);
                return;
        }
        if (parse_record(item, &ret->record) < 0) {
                set_outcome(ret, STORE_UNCLEAR,
                            "the item %s of table %s in %s is not a lock record: look at it, and delete it if nothing "
                            "else needs it and no host runs the target",
                            context->label, context->table, context->region);
                return;
        }
        ret->has_record = true;
}

int dynamodb_open_answer(const DynamoDBContext *context, const HttpAnswer *answer, json_object **ret_object,
                         StoreAnswer *ret_answer) {
        _cleanup_json_ json_object *object = NULL;
        bool is_json;

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
        is_json = json_parse_strict(answer->body, answer->body_size, &object) >= 0;
        if (answer->status != 200) {
                ret_answer->outcome = dynamodb_classify_error(context, answer, object, sizeof(ret_answer->error),
                                                              ret_answer->error);
                *ret_object = TAKE_PTR(object);
                return 1;
        }
        if (!is_json) {
                set_outcome(ret_answer, STORE_RETRY, "what answers for DynamoDB in %s does not speak its language",
                            context->region);
                return 1;
        }
        *ret_object = TAKE_PTR(object);
        return 0;
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
                set_outcome(ret, STORE_RETRY, "what answers for DynamoDB in %s answers something else",
                            context->region);
}

void dynamodb_write_answer(const DynamoDBContext *context, const HttpAnswer *answer, StoreAnswer *ret) {
        _cleanup_json_ json_object *object = NULL;

        (void) dynamodb_open_answer(context, answer, &object, ret);
}
