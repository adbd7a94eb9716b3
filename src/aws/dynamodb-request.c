/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "dynamodb.h"
#include "json.h"
#include "text.h"

#define NUMBER_TEXT_SIZE 24 /* a 64-bit number in decimal, with sign and NUL */
#define NAME_TEXT_SIZE 24   /* of a placeholder in an expression */

/* UpdateItem takes 100 operands to IN; the core's unanswered writes are fewer than 10. */
#define EXPECTED_MAX 32
#define CONDITION_TEXT_SIZE (64 + EXPECTED_MAX * 8)

/* Names go in by placeholder throughout: whether one is, or becomes, a reserved word is then no matter. */
#define UPDATE                                                                                               \
        "SET #holder = :holder, #expire_time = :expire_time, #start_time = :start_time, #version = :version, " \
        "#lease_ms = :lease_ms, #host = :host, #boot = :boot, #fence = :fence"
#define UPDATE_WITH_SUCCESSOR UPDATE ", #successor = :successor"
#define UPDATE_WITHOUT_SUCCESSOR UPDATE " REMOVE #successor"

static const char *const record_attributes[] = { "holder",   "expire_time", "start_time", "version",
                                                 "lease_ms", "host",        "boot",       "fence",
                                                 "successor" };

#define IS_VERSION "#version = :version"
#define IS_NO_LOCKS_VERSION \
        "attribute_exists(#label) AND (attribute_not_exists(#version) OR NOT attribute_type(#version, :version))"
#define DELETE_CONDITION_TEXT_SIZE 160

/* Adds {"TYPE": "text"} under `name`. */
static int put_value(json_object *object, const char *name, const char *type, const char *text) {
        _cleanup_json_ json_object *value = json_object_new_object();
        int r;

        if (!value)
                return -ENOMEM;
        r = json_put_string(value, type, text);
        if (r < 0)
                return r;
        return json_put(object, name, TAKE_PTR(value));
}

static int put_signed(json_object *object, const char *name, int64_t number) {
        char text[NUMBER_TEXT_SIZE];

        snprintf(text, sizeof(text), "%" PRIi64, number);
        return put_value(object, name, "N", text);
}

static int put_unsigned(json_object *object, const char *name, uint64_t number) {
        char text[NUMBER_TEXT_SIZE];

        snprintf(text, sizeof(text), "%" PRIu64, number);
        return put_value(object, name, "N", text);
}

/* What both requests begin with: the table and the key. */
static int put_target(json_object *request, const DynamoDBContext *context) {
        _cleanup_json_ json_object *key = json_object_new_object();
        int r;

        if (!key)
                return -ENOMEM;
        r = json_put_string(request, "TableName", context->table);
        if (r < 0)
                return r;
        r = put_value(key, "label", "S", context->label);
        if (r < 0)
                return r;
        return json_put(request, "Key", TAKE_PTR(key));
}

int dynamodb_read_request(const DynamoDBContext *context, char **ret) {
        _cleanup_json_ json_object *request = json_object_new_object();
        int r;

        if (!request)
                return -ENOMEM;
        r = put_target(request, context);
        if (r < 0)
                return r;
        r = json_put(request, "ConsistentRead", json_object_new_boolean(true));
        if (r < 0)
                return r;
        return json_format(request, ret);
}

static int put_names(json_object *request, const char *const *attributes, size_t n) {
        _cleanup_json_ json_object *names = json_object_new_object();
        char placeholder[NAME_TEXT_SIZE];
        int r;

        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                snprintf(placeholder, sizeof(placeholder), "#%s", attributes[i]);
                r = json_put_string(names, placeholder, attributes[i]);
                if (r < 0)
                        return r;
        }
        return json_put(request, "ExpressionAttributeNames", TAKE_PTR(names));
}

static int put_record(json_object *values, const Record *record) {
        int r;

        if ((r = put_value(values, ":holder", "S", record->holder)) < 0 ||
            (r = put_signed(values, ":expire_time", record->expire_time_ms)) < 0 ||
            (r = put_signed(values, ":start_time", record->start_time_ms)) < 0 ||
            (r = put_value(values, ":version", "S", record->version)) < 0 ||
            (r = put_signed(values, ":lease_ms", record->lease_ms)) < 0 ||
            (r = put_value(values, ":host", "S", record->host)) < 0 ||
            (r = put_value(values, ":boot", "S", record->boot)) < 0 ||
            (r = put_unsigned(values, ":fence", record->fence)) < 0)
                return r;
        return *record->successor ? put_value(values, ":successor", "S", record->successor) : 0;
}

static int put_expected(json_object *values, const StoreWrite *write) {
        char placeholder[NAME_TEXT_SIZE];
        int r;

        for (size_t i = 0; i < write->n_expected; i++) {
                snprintf(placeholder, sizeof(placeholder), ":e%zu", i);
                r = put_value(values, placeholder, "S", write->expected[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int put_condition(json_object *request, const StoreWrite *write) {
        char text[CONDITION_TEXT_SIZE] = "";

        if (write->create)
                text_append(text, sizeof(text), "attribute_not_exists(#version)");
        if (write->create && write->n_expected > 0)
                text_append(text, sizeof(text), " OR ");
        for (size_t i = 0; i < write->n_expected; i++)
                text_append(text, sizeof(text), "%s:e%zu", i == 0 ? "#version IN (" : ", ", i);
        if (write->n_expected > 0)
                text_append(text, sizeof(text), ")");
        return json_put_string(request, "ConditionExpression", text);
}

int dynamodb_write_request(const DynamoDBContext *context, const StoreWrite *write, char **ret) {
        _cleanup_json_ json_object *request = json_object_new_object(), *values = json_object_new_object();
        const char *update = *write->record->successor ? UPDATE_WITH_SUCCESSOR : UPDATE_WITHOUT_SUCCESSOR;
        int r;

        if (!request || !values)
                return -ENOMEM;
        if ((!write->create && write->n_expected == 0) || write->n_expected > EXPECTED_MAX ||
            !write->record->is_ours_by_shape)
                return -EINVAL;

        if ((r = put_target(request, context)) < 0 ||
            (r = json_put_string(request, "UpdateExpression", update)) < 0 ||
            (r = put_condition(request, write)) < 0 ||
            (r = put_names(request, record_attributes, ELEMENTSOF(record_attributes))) < 0 ||
            (r = put_record(values, write->record)) < 0 ||
            (r = put_expected(values, write)) < 0 ||
            (r = json_put(request, "ExpressionAttributeValues", TAKE_PTR(values))) < 0)
                return r;
        return json_format(request, ret);
}

/* A version that could not be read is none that a lock has: the item goes only while that is so. DynamoDB takes no name
 * and no value that the condition does not use. */
int dynamodb_delete_request(const DynamoDBContext *context, const StoreDelete *delete, char **ret) {
        _cleanup_json_ json_object *request = json_object_new_object(), *values = json_object_new_object();
        const char *names[3] = { "version" };
        char condition[DELETE_CONDITION_TEXT_SIZE] = "";
        size_t n_names = 1;
        int r;

        if (!request || !values)
                return -ENOMEM;
        text_append(condition, sizeof(condition), "%s", *delete->version ? IS_VERSION : IS_NO_LOCKS_VERSION);
        if (!*delete->version)
                names[n_names++] = "label";
        if (*delete->holder) {
                names[n_names++] = "holder";
                text_append(condition, sizeof(condition), " AND #holder = :holder");
        }

        if ((r = put_target(request, context)) < 0 ||
            (r = json_put_string(request, "ConditionExpression", condition)) < 0 ||
            (r = put_names(request, names, n_names)) < 0 ||
            (r = put_value(values, ":version", "S", *delete->version ? delete->version : "S")) < 0 ||
            (*delete->holder && (r = put_value(values, ":holder", "S", delete->holder)) < 0) ||
            (r = json_put(request, "ExpressionAttributeValues", TAKE_PTR(values))) < 0)
                return r;
        return json_format(request, ret);
}
