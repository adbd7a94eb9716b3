/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table-admin.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dynamodb-error.h"
#include "dynamodb-internal.h"
#include "json.h"
#include "text.h"

#define KEY_ATTRIBUTE "label"

/* Of an item that is there and of one that is not, one half is false: nothing is ever written. */
#define NEVER "attribute_exists(#label) AND attribute_not_exists(#label)"

#define NAMES(name) { "DynamoDB_20120810." name, "dynamodb:" name }

static const struct {
        const char *target, *right;
} operations[_ADMIN_OPERATION_MAX] = {
        [ADMIN_READ] = NAMES("GetItem"),
        [ADMIN_PROBE_WRITE] = NAMES("UpdateItem"),
        [ADMIN_DESCRIBE] = NAMES("DescribeTable"),
        [ADMIN_DESCRIBE_TTL] = NAMES("DescribeTimeToLive"),
        [ADMIN_DESCRIBE_GLOBAL] = NAMES("DescribeGlobalTable"),
        [ADMIN_CREATE] = NAMES("CreateTable"),
        [ADMIN_SCAN] = NAMES("Scan"),
        [ADMIN_PROTECT] = NAMES("UpdateTable"),
};

const char *admin_right(AdminOperation operation) {
        return operations[operation].right;
}

const char *admin_target(AdminOperation operation) {
        return operations[operation].target;
}

/* Adds an array of one object of two strings. */
static int put_pair(json_object *request, const char *array_name, const char *name, const char *value,
                    const char *other_name, const char *other_value) {
        _cleanup_json_ json_object *array = json_object_new_array(), *entry = json_object_new_object();
        int r;

        if (!array || !entry)
                return -ENOMEM;
        r = json_put_string(entry, name, value);
        if (r >= 0)
                r = json_put_string(entry, other_name, other_value);
        if (r < 0)
                return r;
        if (json_object_array_add(array, entry) < 0)
                return -ENOMEM;
        entry = NULL;
        return json_put(request, array_name, TAKE_PTR(array));
}

static int put_probe(json_object *request, const DynamoDBContext *context) {
        _cleanup_json_ json_object *key = json_object_new_object(), *label = json_object_new_object(),
                                   *placeholders = json_object_new_object();
        int r;

        if (!key || !label || !placeholders)
                return -ENOMEM;
        r = json_put_string(label, "S", context->label);
        if (r >= 0)
                r = json_put(key, KEY_ATTRIBUTE, TAKE_PTR(label));
        if (r >= 0)
                r = json_put(request, "Key", TAKE_PTR(key));
        if (r >= 0)
                r = json_put_string(request, "UpdateExpression", "REMOVE #nothing");
        if (r >= 0)
                r = json_put_string(request, "ConditionExpression", NEVER);
        if (r >= 0)
                r = json_put_string(placeholders, "#label", KEY_ATTRIBUTE);
        if (r >= 0)
                r = json_put_string(placeholders, "#nothing", "cloudlock_nothing");
        return r < 0 ? r : json_put(request, "ExpressionAttributeNames", TAKE_PTR(placeholders));
}

static int put_creation(json_object *request) {
        int r = json_put_string(request, "BillingMode", "PAY_PER_REQUEST");

        if (r >= 0)
                r = put_pair(request, "AttributeDefinitions", "AttributeName", KEY_ATTRIBUTE, "AttributeType", "S");
        if (r >= 0)
                r = put_pair(request, "KeySchema", "AttributeName", KEY_ATTRIBUTE, "KeyType", "HASH");
        return r;
}

static int put_protection(json_object *request) {
        return json_put(request, "DeletionProtectionEnabled", json_object_new_boolean(true));
}

static int format_request(const DynamoDBContext *context, AdminOperation operation, char **ret) {
        _cleanup_json_ json_object *request = json_object_new_object();
        int r;

        if (!request)
                return -ENOMEM;
        r = json_put_string(request, "TableName", context->table);
        if (r >= 0 && operation == ADMIN_PROBE_WRITE)
                r = put_probe(request, context);
        if (r >= 0 && operation == ADMIN_CREATE)
                r = put_creation(request);
        if (r >= 0 && (operation == ADMIN_CREATE || operation == ADMIN_PROTECT))
                r = put_protection(request);
        return r < 0 ? r : json_format(request, ret);
}

int admin_request(const DynamoDBContext *context, AdminOperation operation, char **ret) {
        switch (operation) {
        case ADMIN_READ:
                return dynamodb_read_request(context, ret);
        case ADMIN_DESCRIBE:
                return table_request(context, TABLE_SHAPE, ret);
        case ADMIN_DESCRIBE_TTL:
                return table_request(context, TABLE_TTL, ret);
        case ADMIN_DESCRIBE_GLOBAL:
                return table_request(context, TABLE_LEGACY, ret);
        case ADMIN_SCAN:
                return scan_request(context, NULL, ret);
        case ADMIN_PROBE_WRITE:
        case ADMIN_CREATE:
        case ADMIN_PROTECT:
        case _ADMIN_OPERATION_MAX:
                break;
        }
        return format_request(context, operation, ret);
}

/* It is shown to people. */
static void copy_text(json_object *object, const char *name, size_t size, char *ret) {
        const char *text = json_string_member(object, name);

        if (!text || strlen(text) >= size)
                return;
        strcpy(ret, text);
        text_strip_control(ret);
}

static bool is_true(json_object *object, const char *name) {
        json_object *member;

        return json_object_object_get_ex(object, name, &member) && json_object_is_type(member, json_type_boolean) &&
               json_object_get_boolean(member);
}

/* Its "Table" or "TableDescription"; what is missing stays empty. */
static void describe(json_object *object, TableDescription *ret) {
        json_object *table, *billing;
        const char *mode;

        if (!json_object_object_get_ex(object, "Table", &table) &&
            !json_object_object_get_ex(object, "TableDescription", &table))
                return;
        if (!json_object_is_type(table, json_type_object))
                return;
        copy_text(table, "TableStatus", sizeof(ret->status), ret->status);
        copy_text(table, "TableArn", sizeof(ret->arn), ret->arn);
        ret->is_protected = is_true(table, "DeletionProtectionEnabled");
        if (!json_object_object_get_ex(table, "BillingModeSummary", &billing) ||
            !json_object_is_type(billing, json_type_object))
                return;
        mode = json_string_member(billing, "BillingMode");
        ret->is_on_demand = mode && strcmp(mode, "PAY_PER_REQUEST") == 0;
}

static AdminResult result_of_error(json_object *object) {
        static const struct {
                const char *code;
                AdminResult result;
        } known[] = {
                { "AccessDeniedException", ADMIN_DENIED },
                { "AccessDenied", ADMIN_DENIED },
                { "NotAuthorized", ADMIN_DENIED },
                { "ResourceNotFoundException", ADMIN_MISSING },
                { "TableNotFoundException", ADMIN_MISSING },
                { "ResourceInUseException", ADMIN_BUSY },
                { "UnrecognizedClientException", ADMIN_WRONG_KEYS },
                { "InvalidClientTokenId", ADMIN_WRONG_KEYS },
                { "InvalidSignatureException", ADMIN_WRONG_KEYS },
                { "SignatureDoesNotMatch", ADMIN_WRONG_KEYS },
                { "IncompleteSignatureException", ADMIN_WRONG_KEYS },
                { "MissingAuthenticationTokenException", ADMIN_WRONG_KEYS },
                { "ExpiredTokenException", ADMIN_WRONG_KEYS },
                { "ExpiredToken", ADMIN_WRONG_KEYS },
                { "ValidationException", ADMIN_MISFIT },
        };

        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                if (dynamodb_is_error(object, known[i].code))
                        return known[i].result;
        return ADMIN_FAILED;
}

/* The condition that can't hold did not: we were allowed to try. */
static bool is_allowed_probe(AdminOperation operation, json_object *error) {
        return operation == ADMIN_PROBE_WRITE && dynamodb_is_error(error, "ConditionalCheckFailedException");
}

/* The same, with the right that this operation takes. */
static DynamoDBContext context_for(const DynamoDBContext *context, AdminOperation operation) {
        DynamoDBContext own = *context;

        own.rights = admin_right(operation);
        return own;
}

static void answer_question(const DynamoDBContext *context, AdminOperation operation, const HttpAnswer *answer,
                            AdminReport *ret) {
        TableQuestion question = operation == ADMIN_DESCRIBE       ? TABLE_SHAPE :
                                 operation == ADMIN_DESCRIBE_TTL   ? TABLE_TTL :
                                                                     TABLE_LEGACY;

        table_answer(context, question, answer, &ret->verdict);
        /* "There is no such thing" is an error to DynamoDB, and an answer to us. */
        if (ret->result != ADMIN_DONE && ret->verdict.verdict == TABLE_FINE) {
                ret->result = ADMIN_DONE;
                *ret->error = '\0';
        }
}

static void answer_read(const DynamoDBContext *context, const HttpAnswer *answer, AdminReport *ret) {
        StoreAnswer read;

        dynamodb_read_answer(context, answer, &read);
        ret->has_record = read.has_record;
        ret->record = read.record;
        if (ret->result == ADMIN_DONE && read.outcome != STORE_OK) {
                ret->result = read.outcome == STORE_UNCLEAR ? ADMIN_UNCLEAR : ADMIN_FAILED;
                snprintf(ret->error, sizeof(ret->error), "%s", read.error);
        }
}

static void answer_scan(const DynamoDBContext *context, json_object *object, AdminReport *ret) {
        int r = scan_read(object, &ret->page);

        if (r >= 0)
                return;
        ret->result = ADMIN_FAILED;
        if (r == -EBADMSG)
                snprintf(ret->error, sizeof(ret->error), "what answers for DynamoDB in %s answers something else than Scan",
                         context->region);
        else
                snprintf(ret->error, sizeof(ret->error), "the answer to Scan cannot be read: %s", strerror(-r));
}

void admin_answer(const DynamoDBContext *context, AdminOperation operation, const HttpAnswer *answer, AdminReport *ret) {
        const DynamoDBContext own = context_for(context, operation);
        _cleanup_json_ json_object *object = NULL;
        StoreAnswer opened;

        *ret = (AdminReport) { .operation = operation, .date_s = answer->date_s, .failure = answer->failure };
        if (dynamodb_open_answer(&own, answer, &object, &opened) == 0)
                describe(object, &ret->description);
        else if (answer->status == 0)
                ret->result = ADMIN_UNREACHABLE;
        else if (!is_allowed_probe(operation, object))
                ret->result = answer->status >= 500 ? ADMIN_FAILED : result_of_error(object);
        if (ret->result != ADMIN_DONE)
                snprintf(ret->error, sizeof(ret->error), "%s", opened.error);
        if (operation == ADMIN_READ)
                answer_read(context, answer, ret);
        else if (operation == ADMIN_SCAN && ret->result == ADMIN_DONE)
                answer_scan(context, object, ret);
        else if (operation == ADMIN_DESCRIBE || operation == ADMIN_DESCRIBE_TTL || operation == ADMIN_DESCRIBE_GLOBAL)
                answer_question(context, operation, answer, ret);
}
