/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dynamodb-error.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

/* DynamoDB refuses signatures that are 5 minutes old, or 15 minutes early. */
#define SIGNATURE_AGE_S_MAX 240

#define CODE_TEXT_MAX 64
#define MESSAGE_TEXT_MAX 200

typedef struct KnownError {
        const char *code;
        StoreOutcome outcome;
        bool with_message; /* what AWS says besides helps; of signatures it would repeat the request, token included */
        const char *before, *after; /* around "table T in R" */
} KnownError;

#define CORRECT_KEYS "correct cloudlock_aws_key_id and cloudlock_aws_secret (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"

static const KnownError known_errors[] = {
        { "ConditionalCheckFailedException", STORE_CONDITION_FAILED, false, "the record in ", " has another version" },
        { "ThrottlingException", STORE_RETRY, false, "requests to ", " are being throttled" },
        { "ProvisionedThroughputExceededException", STORE_RETRY, false, "the provisioned capacity of ", " is used up" },
        { "RequestLimitExceeded", STORE_RETRY, false, "the account's request limit is reached for ", "" },
        { "InternalServerError", STORE_RETRY, false, "DynamoDB had an internal error with ", "" },
        { "ReplicatedWriteConflictException", STORE_RETRY, false, "another region is writing to ", "" },
        { "TransactionConflictException", STORE_RETRY, false, "a transaction is under way in ", "" },
        { "ResourceNotFoundException", STORE_PERSON, false, "",
          " does not exist: create it with key label (String), or correct cloudlock_dynamodb_table or "
          "cloudlock_aws_region" },
        { "AccessDeniedException", STORE_PERSON, true, "the AWS keys have no right to ",
          ": allow dynamodb:GetItem and dynamodb:UpdateItem on it" },
        { "ValidationException", STORE_PERSON, true, "",
          " does not fit: its only key must be label (String); create such a table, or correct "
          "cloudlock_dynamodb_table" },
        { "UnrecognizedClientException", STORE_PERSON, false, "the AWS key or session token is not known for ",
          ": " CORRECT_KEYS },
        { "InvalidSignatureException", STORE_PERSON, false, "the AWS secret does not belong to the key, says ",
          ": " CORRECT_KEYS },
        { "MissingAuthenticationTokenException", STORE_PERSON, false, "the AWS keys did not arrive at ",
          ": look for a proxy that drops the Authorization header" },
        { "IncompleteSignatureException", STORE_PERSON, false, "the signature did not arrive whole at ",
          ": look for a proxy that changes headers, and " CORRECT_KEYS },
        { "ExpiredTokenException", STORE_PERSON, false, "the AWS session token has expired for ",
          ": set a new cloudlock_aws_session_token (or AWS_SESSION_TOKEN) with its keys" },
};

/* The server's text, made harmless: printable, cut. */
static void append_foreign(char *buf, size_t size, const char *text, size_t length_max) {
        for (size_t i = 0; i < length_max && text[i]; i++)
                text_append(buf, size, "%c", isprint((unsigned char) text[i]) ? text[i] : '?');
}

/* "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException" -> what is behind the '#'. NULL: not DynamoDB's. */
static const char *error_code(json_object *object) {
        const char *type = object ? json_string_member(object, "__type") : NULL;
        const char *hash = type ? strrchr(type, '#') : NULL;

        return hash ? hash + 1 : type;
}

bool dynamodb_is_error(json_object *object, const char *code) {
        const char *found = error_code(object);

        return found && strcmp(found, code) == 0;
}

static const char *error_message(json_object *object) {
        return json_string_member(object, "message") ?: json_string_member(object, "Message") ?: "";
}

static const KnownError *find_error(const char *code) {
        for (size_t i = 0; i < ELEMENTSOF(known_errors); i++)
                if (strcmp(known_errors[i].code, code) == 0)
                        return &known_errors[i];
        return NULL;
}

/* The code of a wrong clock is that of a wrong secret. */
static bool is_clock_error(const DynamoDBContext *context, const HttpAnswer *answer, const char *code,
                           const char *message) {
        if (strcmp(code, "InvalidSignatureException") != 0)
                return false;
        return strstr(message, "Signature expired") || strstr(message, "not yet current") ||
               (answer->date_s > 0 && llabs((long long) (answer->date_s - context->signed_s)) > SIGNATURE_AGE_S_MAX);
}

static StoreOutcome describe_unknown(const DynamoDBContext *context, const HttpAnswer *answer, const char *code,
                                     json_object *object, size_t size, char *ret_text) {
        if (!code) {
                text_append(ret_text, size, "HTTP status %d instead of an answer of DynamoDB in %s", answer->status,
                            context->region);
                return STORE_RETRY;
        }
        text_append(ret_text, size, "DynamoDB refused a request to table %s in %s: ", context->table, context->region);
        append_foreign(ret_text, size, code, CODE_TEXT_MAX);
        text_append(ret_text, size, ": ");
        append_foreign(ret_text, size, error_message(object), MESSAGE_TEXT_MAX);
        return STORE_RETRY;
}

StoreOutcome dynamodb_classify_error(const DynamoDBContext *context, const HttpAnswer *answer, json_object *object,
                                     size_t size, char *ret_text) {
        const char *code = error_code(object);
        const KnownError *error = code ? find_error(code) : NULL;

        ret_text[0] = '\0';
        if (!error)
                return describe_unknown(context, answer, code, object, size, ret_text);
        if (is_clock_error(context, answer, code, error_message(object))) {
                text_append(ret_text, size,
                            "this host's clock is wrong, so that AWS refused the signature: set it; the next request "
                            "is signed with the server's time");
                return STORE_RETRY;
        }
        text_append(ret_text, size, "%stable %s in %s%s", error->before, context->table, context->region, error->after);
        if (error->with_message) {
                text_append(ret_text, size, " (");
                append_foreign(ret_text, size, error_message(object), MESSAGE_TEXT_MAX);
                text_append(ret_text, size, ")");
        }
        /* Whatever it is called, with a 5xx the fate of a write is open. */
        return answer->status >= 500 ? STORE_RETRY : error->outcome;
}
