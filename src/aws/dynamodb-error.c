/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dynamodb-error.h"

#include <stdlib.h>
#include <string.h>

#include "foreign.h"
#include "json.h"
#include "text.h"

/* DynamoDB refuses signatures that are 5 minutes old, or 15 minutes early. */
#define SIGNATURE_AGE_S_MAX 240

typedef struct KnownError {
        const char *code; /* ending in '*': any that begins so */
        const char *hint; /* NULL, or what is in the message where this row applies; such rows come first */
        StoreOutcome outcome;
        bool with_message; /* what AWS says besides helps; of signatures it would repeat the request */
        const char *text;  /* {table}: "table T in R"; {keys}: "the AWS keys", and where they are from; {rights}: RIGHTS */
} KnownError;

#define BY_ITSELF ": it is tried again, nothing has to be done unless this lasts; "
#define THROTTLED "requests to {table} are being throttled" BY_ITSELF "then look for who else uses this account's quota"
#define INTERNAL "DynamoDB had an internal error with {table}" BY_ITSELF "then look at the AWS Health Dashboard"
#define UNAVAILABLE "DynamoDB is not available for {table}" BY_ITSELF "then look at the AWS Health Dashboard"
#define SLOW_REQUEST "DynamoDB did not get the whole request for {table} in time" BY_ITSELF "then look at the network"
#define RIGHTS "dynamodb:GetItem and dynamodb:UpdateItem" /* what leading a lock takes */
#define NO_RIGHT "{keys} have no right to {table}: "
#define NO_ENCRYPTION_KEY \
        "{keys} can't use the encryption key of {table}: enable the KMS key, and allow kms:Decrypt on it by way of " \
        "DynamoDB"
#define UNKNOWN_KEY \
        "{keys} are not known where {table} is, or not with this session token: correct them at their source"
#define WRONG_SECRET \
        "the secret of {keys} does not belong to the key, says DynamoDB of {table}: correct both at their source"
#define NO_KEYS_THERE \
        "the signature by {keys} did not arrive at {table}: look for a proxy that drops the Authorization header"
#define CUT_SIGNATURE \
        "the signature by {keys} did not arrive whole at {table}: look for a proxy that changes headers, and correct " \
        "the keys at their source"
#define EXPIRED_TOKEN \
        "the session token of {keys} has expired for {table}: put a new one, with its keys, at their source (those " \
        "of a role are renewed by themselves)"
#define UNREADABLE "DynamoDB could not read the request for {table}: look for a proxy that changes requests"
#define NO_SUCH_OPERATION \
        "what answers for {table} does not know the operation: correct cloudlock_dynamodb_endpoint or " \
        "cloudlock_aws_region"
#define WRONG_SHAPE \
        "{table} does not fit: its only key must be label (String); create such a table, or correct " \
        "cloudlock_dynamodb_table"

/* The API reference of GetItem and UpdateItem, its page on common errors, the developer guide's on error handling, and
 * the short names that other services and stand-ins use for the same. */
static const KnownError known_errors[] = {
        { "ConditionalCheckFailedException", NULL, STORE_CONDITION_FAILED, false,
          "the record in {table} has another version" },

        { "ThrottlingException", NULL, STORE_RETRY, false, THROTTLED },
        { "Throttling", NULL, STORE_RETRY, false, THROTTLED },
        { "ThrottledException", NULL, STORE_RETRY, false, THROTTLED },
        { "RequestThrottledException", NULL, STORE_RETRY, false, THROTTLED },
        { "TooManyRequestsException", NULL, STORE_RETRY, false, THROTTLED },
        { "ProvisionedThroughputExceededException", NULL, STORE_RETRY, false,
          "the provisioned capacity of {table} is used up" BY_ITSELF "then raise it, or make the table on demand" },
        { "RequestLimitExceeded", NULL, STORE_RETRY, false,
          "the account's request limit is reached for {table}" BY_ITSELF "then ask AWS for a higher one" },
        { "LimitExceededException", NULL, STORE_RETRY, false,
          "too many operations on tables are under way beside {table}" BY_ITSELF "then look for what creates or "
          "changes tables in this account" },
        { "InternalServerError", NULL, STORE_RETRY, false, INTERNAL },
        { "InternalFailure", NULL, STORE_RETRY, false, INTERNAL },
        { "ServiceUnavailable", NULL, STORE_RETRY, false, UNAVAILABLE },
        { "ServiceUnavailableException", NULL, STORE_RETRY, false, UNAVAILABLE },
        { "RequestTimeout", NULL, STORE_RETRY, false, SLOW_REQUEST },
        { "RequestTimeoutException", NULL, STORE_RETRY, false, SLOW_REQUEST },
        { "RequestAbortedException", NULL, STORE_RETRY, false, SLOW_REQUEST },
        { "ReplicatedWriteConflictException", NULL, STORE_RETRY, false,
          "another region is writing to {table}" BY_ITSELF "then look for who writes this item there" },
        { "TransactionConflictException", NULL, STORE_RETRY, false,
          "a transaction is under way in {table}" BY_ITSELF "then look for who writes this item" },
        { "TransactionInProgressException", NULL, STORE_RETRY, false,
          "a transaction is under way in {table}" BY_ITSELF "then look for who writes this item" },
        { "ResourceInUseException", NULL, STORE_RETRY, false,
          "{table} is being created, changed or deleted" BY_ITSELF "then look at it in the AWS console" },

        { "ResourceNotFoundException", NULL, STORE_PERSON, false,
          "{table} does not exist: create it with key label (String), or correct cloudlock_dynamodb_table or "
          "cloudlock_aws_region" },
        { "AccessDeniedException", "KMS key", STORE_PERSON, true, NO_ENCRYPTION_KEY },
        { "AccessDeniedException", "kms:", STORE_PERSON, true, NO_ENCRYPTION_KEY },
        { "AccessDeniedException", "service control policy", STORE_PERSON, true,
          NO_RIGHT "a service control policy of the organization forbids it; have its administrator allow it" },
        { "AccessDeniedException", "resource control policy", STORE_PERSON, true,
          NO_RIGHT "a resource control policy of the organization forbids it; have its administrator allow it" },
        { "AccessDeniedException", "VPC endpoint policy", STORE_PERSON, true,
          NO_RIGHT "the policy of the VPC endpoint on the way forbids it; allow it there" },
        { "AccessDeniedException", "permissions boundary", STORE_PERSON, true,
          NO_RIGHT "the permissions boundary of their user or role forbids it; allow it there" },
        { "AccessDeniedException", "session policy", STORE_PERSON, true,
          NO_RIGHT "the policy of their session forbids it; allow it where the role is assumed" },
        { "AccessDeniedException", "resource-based policy", STORE_PERSON, true,
          NO_RIGHT "the table's own policy forbids it; allow it there" },
        { "AccessDeniedException", "explicit deny", STORE_PERSON, true,
          NO_RIGHT "a policy of their user or role denies it; take that out" },
        { "AccessDeniedException", NULL, STORE_PERSON, true,
          NO_RIGHT "allow {rights} on it" },
        { "AccessDenied", NULL, STORE_PERSON, true, NO_RIGHT "allow {rights} on it" },
        { "NotAuthorized", NULL, STORE_PERSON, true, NO_RIGHT "allow {rights} on it" },
        { "KMSThrottlingException", NULL, STORE_RETRY, false,
          "KMS throttles the use of the encryption key of {table}" BY_ITSELF "then ask AWS for a higher limit" },
        { "KMS*", NULL, STORE_PERSON, true, NO_ENCRYPTION_KEY },
        { "ValidationException", NULL, STORE_PERSON, true, WRONG_SHAPE },
        { "ValidationError", NULL, STORE_PERSON, true, WRONG_SHAPE },
        { "ItemCollectionSizeLimitExceededException", NULL, STORE_PERSON, false,
          "{table} has a local secondary index, and the items under this label are at its limit: use a table "
          "of its own" },
        { "UnrecognizedClientException", NULL, STORE_PERSON, false, UNKNOWN_KEY },
        { "InvalidClientTokenId", NULL, STORE_PERSON, false, UNKNOWN_KEY },
        { "InvalidSignatureException", "Credential should be scoped", STORE_PERSON, false,
          "what answers for {table} is in another region or another service: correct cloudlock_aws_region, or "
          "cloudlock_dynamodb_endpoint" },
        { "InvalidSignatureException", NULL, STORE_PERSON, false, WRONG_SECRET },
        { "SignatureDoesNotMatch", NULL, STORE_PERSON, false, WRONG_SECRET },
        { "MissingAuthenticationTokenException", NULL, STORE_PERSON, false, NO_KEYS_THERE },
        { "MissingAuthenticationToken", NULL, STORE_PERSON, false, NO_KEYS_THERE },
        { "IncompleteSignatureException", NULL, STORE_PERSON, false, CUT_SIGNATURE },
        { "IncompleteSignature", NULL, STORE_PERSON, false, CUT_SIGNATURE },
        { "ExpiredTokenException", NULL, STORE_PERSON, false, EXPIRED_TOKEN },
        { "ExpiredToken", NULL, STORE_PERSON, false, EXPIRED_TOKEN },
        { "OptInRequired", NULL, STORE_PERSON, false,
          "the account of {keys} is not signed up for {table}: enable the region in the account, or correct "
          "cloudlock_aws_region" },
        { "UnknownOperationException", NULL, STORE_PERSON, false, NO_SUCH_OPERATION },
        { "InvalidAction", NULL, STORE_PERSON, false, NO_SUCH_OPERATION },
        { "MalformedHttpRequestException", NULL, STORE_PERSON, false, UNREADABLE },
        { "SerializationException", NULL, STORE_PERSON, false, UNREADABLE },
        { "RequestEntityTooLargeException", NULL, STORE_PERSON, false, UNREADABLE },
};

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

static bool code_matches(const char *pattern, const char *code) {
        size_t length = strlen(pattern);

        return pattern[length - 1] == '*' ? strncmp(pattern, code, length - 1) == 0 : strcmp(pattern, code) == 0;
}

static const KnownError *find_error(const char *code, const char *message) {
        for (size_t i = 0; i < ELEMENTSOF(known_errors); i++) {
                const KnownError *error = &known_errors[i];

                if (code_matches(error->code, code) && (!error->hint || strstr(message, error->hint)))
                        return error;
        }
        return NULL;
}

/* The code of a wrong clock is that of a wrong secret. */
static bool is_clock_error(const DynamoDBContext *context, const HttpAnswer *answer, const char *code,
                           const char *message) {
        if (strcmp(code, "RequestExpired") == 0)
                return true;
        if (strcmp(code, "InvalidSignatureException") != 0 && strcmp(code, "SignatureDoesNotMatch") != 0)
                return false;
        return strstr(message, "Signature expired") || strstr(message, "not yet current") ||
               (answer->date_s > 0 && llabs((long long) (answer->date_s - context->signed_s)) > SIGNATURE_AGE_S_MAX);
}

static void fill_in(const DynamoDBContext *context, const char *text, char *buf, size_t size) {
        const char *brace;

        for (; (brace = strchr(text, '{')); text = strchr(brace, '}') + 1) {
                text_append(buf, size, "%.*s", (int) (brace - text), text);
                if (brace[1] == 't')
                        text_append(buf, size, "table %s in %s", context->table, context->region);
                else if (brace[1] == 'r')
                        text_append(buf, size, "%s", context->rights ?: RIGHTS);
                else
                        text_append(buf, size, "the AWS keys%s%s", context->key_source ? " from " : "",
                                    context->key_source ?: "");
        }
        text_append(buf, size, "%s", text);
}

/* Not DynamoDB's: something on the way to it answers. */
static void describe_status(const DynamoDBContext *context, int status, size_t size, char *ret_text) {
        text_append(ret_text, size, "HTTP status %d instead of an answer of DynamoDB in %s", status, context->region);
        if (status >= 300 && status < 400)
                text_append(ret_text, size, ": redirects are not followed; correct cloudlock_dynamodb_endpoint, or "
                            "look for a portal or proxy on the way");
        else if (status < 500)
                text_append(ret_text, size, ": look for a proxy on the way, and at cloudlock_dynamodb_endpoint");
}

static void describe_unknown(const DynamoDBContext *context, const char *code, const char *message, size_t size,
                             char *ret_text) {
        char text[FOREIGN_TEXT_MAX + 1];

        fill_in(context, "DynamoDB refused a request to {table}: ", ret_text, size);
        text_append(ret_text, size, "%s: ", foreign_text(code, text));
        text_append(ret_text, size, "%s", foreign_text(message, text));
}

static StoreOutcome describe_known(const DynamoDBContext *context, const KnownError *error, const char *message,
                                   size_t size, char *ret_text) {
        char text[FOREIGN_TEXT_MAX + 1];

        fill_in(context, error->text, ret_text, size);
        if (error->with_message && *message)
                text_append(ret_text, size, " (%s)", foreign_text(message, text));
        return error->outcome;
}

StoreOutcome dynamodb_classify_error(const DynamoDBContext *context, const HttpAnswer *answer, json_object *object,
                                     size_t size, char *ret_text) {
        const char *code = answer->status >= 400 ? error_code(object) : NULL;
        const char *message = code ? error_message(object) : "";
        const KnownError *error = code ? find_error(code, message) : NULL;
        StoreOutcome outcome = STORE_RETRY;

        ret_text[0] = '\0';
        if (!code)
                describe_status(context, answer->status, size, ret_text);
        else if (is_clock_error(context, answer, code, message))
                text_append(ret_text, size,
                            "this host's clock is wrong, so that AWS refused the signature: set it; the next request "
                            "is signed with the server's time");
        else if (!error)
                describe_unknown(context, code, message, size, ret_text);
        else
                outcome = describe_known(context, error, message, size, ret_text);
        /* Whatever it is called, with a 5xx the fate of a write is open. */
        return answer->status >= 500 ? STORE_RETRY : outcome;
}
