/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every error that DynamoDB, or something in its place, is known to answer with: what it amounts to, and the very words
 * that a person reads. */

#include "check.h"
#include "cleanup.h"
#include "dynamodb.h"

#define CODE_MAX 64
#define WORD_MAX 64 /* of the server's words, that are shown */
#define CLOCK_SENTENCE \
        "this host's clock is wrong, so that AWS refused the signature: set it; the next request is signed with the " \
        "server's time"

typedef struct ErrorCase {
        int status;
        const char *codes, *message; /* codes: several that mean the same, with blanks between them */
        StoreOutcome outcome;
        const char *sentence;
} ErrorCase;

static const DynamoDBContext context = {
        .region = "eu-central-1", .table = "locks", .label = "validator", .signed_s = 1763928000,
};

static const ErrorCase error_cases[] = {
        { 400, "ConditionalCheckFailedException", "", STORE_CONDITION_FAILED,
          "the record in table locks in eu-central-1 has another version" },
        { 400, "ThrottlingException Throttling ThrottledException RequestThrottledException TooManyRequestsException",
          "Rate exceeded", STORE_RETRY,
          "requests to table locks in eu-central-1 are being throttled: it is tried again, nothing has to be done "
          "unless this lasts; then look for who else uses this account's quota" },
        { 400, "ProvisionedThroughputExceededException", "", STORE_RETRY,
          "the provisioned capacity of table locks in eu-central-1 is used up: it is tried again, nothing has to "
          "be done unless this lasts; then raise it, or make the table on demand" },
        { 400, "RequestLimitExceeded", "", STORE_RETRY,
          "the account's request limit is reached for table locks in eu-central-1: it is tried again, nothing has "
          "to be done unless this lasts; then ask AWS for a higher one" },
        { 400, "LimitExceededException", "", STORE_RETRY,
          "too many operations on tables are under way beside table locks in eu-central-1: it is tried again, "
          "nothing has to be done unless this lasts; then look for what creates or changes tables in this account" },
        { 500, "InternalServerError InternalFailure", "", STORE_RETRY,
          "DynamoDB had an internal error with table locks in eu-central-1: it is tried again, nothing has to be "
          "done unless this lasts; then look at the AWS Health Dashboard" },
        { 503, "ServiceUnavailable ServiceUnavailableException", "", STORE_RETRY,
          "DynamoDB is not available for table locks in eu-central-1: it is tried again, nothing has to be done "
          "unless this lasts; then look at the AWS Health Dashboard" },
        { 408, "RequestTimeout RequestTimeoutException RequestAbortedException", "", STORE_RETRY,
          "DynamoDB did not get the whole request for table locks in eu-central-1 in time: it is tried again, "
          "nothing has to be done unless this lasts; then look at the network" },
        { 400, "ReplicatedWriteConflictException", "", STORE_RETRY,
          "another region is writing to table locks in eu-central-1: it is tried again, nothing has to be done "
          "unless this lasts; then look for who writes this item there" },
        { 400, "TransactionConflictException TransactionInProgressException", "", STORE_RETRY,
          "a transaction is under way in table locks in eu-central-1: it is tried again, nothing has to be done "
          "unless this lasts; then look for who writes this item" },
        { 400, "ResourceInUseException", "", STORE_RETRY,
          "table locks in eu-central-1 is being created, changed or deleted: it is tried again, nothing has to be "
          "done unless this lasts; then look at it in the AWS console" },
        { 400, "ResourceNotFoundException", "", STORE_PERSON,
          "table locks in eu-central-1 does not exist: create it with key label (String), or correct "
          "cloudlock_dynamodb_table or cloudlock_aws_region" },
        { 400, "AccessDeniedException AccessDenied NotAuthorized",
          "User: u is not authorized to perform: dynamodb:GetItem on resource: r", STORE_PERSON,
          "the AWS keys have no right to table locks in eu-central-1: allow dynamodb:GetItem and "
          "dynamodb:UpdateItem on it (User: u is not authorized to perform: dynamodb:GetItem on resource: r)" },
        { 400, "AccessDeniedException", "KMS key access denied error: com.amazonaws", STORE_PERSON,
          "the AWS keys can't use the encryption key of table locks in eu-central-1: enable the KMS key, and allow "
          "kms:Decrypt on it by way of DynamoDB (KMS key access denied error: com.amazonaws)" },
        { 400, "AccessDeniedException",
          "User: u is not authorized to perform: kms:Decrypt on resource: r", STORE_PERSON,
          "the AWS keys can't use the encryption key of table locks in eu-central-1: enable the KMS key, and allow "
          "kms:Decrypt on it by way of DynamoDB (User: u is not authorized to perform: kms:Decrypt on resource: r)" },
        { 400, "KMSAccessDeniedException KMSDisabledException KMSInvalidStateException KMSNotFoundException",
          "off", STORE_PERSON,
          "the AWS keys can't use the encryption key of table locks in eu-central-1: enable the KMS key, and allow "
          "kms:Decrypt on it by way of DynamoDB (off)" },
        { 400, "KMSThrottlingException", "", STORE_RETRY,
          "KMS throttles the use of the encryption key of table locks in eu-central-1: it is tried again, nothing "
          "has to be done unless this lasts; then ask AWS for a higher limit" },
        { 400, "AccessDeniedException", "with an explicit deny in a service control policy", STORE_PERSON,
          "the AWS keys have no right to table locks in eu-central-1: a service control policy of the organization "
          "forbids it; have its administrator allow it (with an explicit deny in a service control policy)" },
        { 400, "AccessDeniedException",
          "because no service control policy allows the dynamodb:GetItem action", STORE_PERSON,
          "the AWS keys have no right to table locks in eu-central-1: a service control policy of the organization "
          "forbids it; have its administrator allow it (because no service control policy allows the "
          "dynamodb:GetItem action)" },
        { 400, "AccessDeniedException", "with an explicit deny in a resource control policy", STORE_PERSON,
          "the AWS keys have no right to table locks in eu-central-1: a resource control policy of the "
          "organization forbids it; have its administrator allow it (with an explicit deny in a resource control "
          "policy)" },
        { 400, "AccessDeniedException", "because no VPC endpoint policy allows it", STORE_PERSON,
          "the AWS keys have no right to table locks in eu-central-1: the policy of the VPC endpoint on the way "
          "forbids it; allow it there (because no VPC endpoint policy allows it)" },
        { 400, "AccessDeniedException", "because no permissions boundary allows it", STORE_PERSON,
          "the AWS keys have no right to table locks in eu-central-1: the permissions boundary of their user or "
          "role forbids it; allow it there (because no permissions boundary allows it)" },
        { 400, "AccessDeniedException", "because no session policy allows it", STORE_PERSON,
          "the AWS keys have no right to table locks in eu-central-1: the policy of their session forbids it; "
          "allow it where the role is assumed (because no session policy allows it)" },
        { 400, "AccessDeniedException", "because no resource-based policy allows it", STORE_PERSON,
          "the AWS keys have no right to table locks in eu-central-1: the table's own policy forbids it; allow it "
          "there (because no resource-based policy allows it)" },
        { 400, "AccessDeniedException", "with an explicit deny in an identity-based policy", STORE_PERSON,
          "the AWS keys have no right to table locks in eu-central-1: a policy of their user or role denies it; "
          "take that out (with an explicit deny in an identity-based policy)" },
        { 400, "ValidationException ValidationError", "The provided key element\nis \x1b[2J", STORE_PERSON,
          "table locks in eu-central-1 does not fit: its only key must be label (String); create such a table, or "
          "correct cloudlock_dynamodb_table (The provided key element?is ?[2J)" },
        { 400, "ItemCollectionSizeLimitExceededException", "", STORE_PERSON,
          "table locks in eu-central-1 has a local secondary index, and the items under this label are at its "
          "limit: use a table of its own" },
        { 400, "UnrecognizedClientException InvalidClientTokenId", "", STORE_PERSON,
          "the AWS keys are not known where table locks in eu-central-1 is, or not with this session token: "
          "correct them at their source" },
        { 400, "InvalidSignatureException SignatureDoesNotMatch",
          "x-amz-security-token:TELLTALE does not match", STORE_PERSON,
          "the secret of the AWS keys does not belong to the key, says DynamoDB of table locks in eu-central-1: "
          "correct both at their source" },
        { 400, "InvalidSignatureException", "Credential should be scoped to a valid region", STORE_PERSON,
          "what answers for table locks in eu-central-1 is in another region or another service: correct "
          "cloudlock_aws_region, or cloudlock_dynamodb_endpoint" },
        { 400, "InvalidSignatureException", "Signature expired: 2025 is now earlier", STORE_RETRY,
          CLOCK_SENTENCE },
        { 400, "InvalidSignatureException", "Signature not yet current: 2025", STORE_RETRY,
          CLOCK_SENTENCE },
        { 400, "RequestExpired", "", STORE_RETRY,
          CLOCK_SENTENCE },
        { 400, "MissingAuthenticationTokenException MissingAuthenticationToken", "", STORE_PERSON,
          "the signature by the AWS keys did not arrive at table locks in eu-central-1: look for a proxy that "
          "drops the Authorization header" },
        { 400, "IncompleteSignatureException IncompleteSignature", "", STORE_PERSON,
          "the signature by the AWS keys did not arrive whole at table locks in eu-central-1: look for a proxy "
          "that changes headers, and correct the keys at their source" },
        { 403, "ExpiredTokenException ExpiredToken", "", STORE_PERSON,
          "the session token of the AWS keys has expired for table locks in eu-central-1: put a new one, with its "
          "keys, at their source (those of a role are renewed by themselves)" },
        { 403, "OptInRequired", "", STORE_PERSON,
          "the account of the AWS keys is not signed up for table locks in eu-central-1: enable the region in the "
          "account, or correct cloudlock_aws_region" },
        { 404, "UnknownOperationException InvalidAction", "", STORE_PERSON,
          "what answers for table locks in eu-central-1 does not know the operation: correct "
          "cloudlock_dynamodb_endpoint or cloudlock_aws_region" },
        { 413, "MalformedHttpRequestException SerializationException RequestEntityTooLargeException", "", STORE_PERSON,
          "DynamoDB could not read the request for table locks in eu-central-1: look for a proxy that changes "
          "requests" },
        { 400, "NewException", "hear,\thear", STORE_RETRY,
          "DynamoDB refused a request to table locks in eu-central-1: NewException: hear,?hear" },
};

static StoreAnswer write_answer(const DynamoDBContext *c, int status, const char *body) {
        HttpAnswer http = { .status = status, .date_s = 1763928002, .body = body, .body_size = strlen(body) };
        StoreAnswer answer;

        dynamodb_write_answer(c, &http, &answer);
        CHECK(answer.outcome == STORE_OK ? !*answer.error : *answer.error);
        return answer;
}

static void json_escape(const char *text, char *buf) {
        for (; *text; text++)
                buf += (unsigned char) *text < ' ' ? sprintf(buf, "\\u%04x", *text) : sprintf(buf, "%c", *text);
}

static StoreAnswer refuse(const DynamoDBContext *c, int status, const char *type, const char *code,
                          const char *message) {
        char body[1024], escaped[1024] = "";

        json_escape(message, escaped);
        snprintf(body, sizeof(body), "{\"__type\":\"%s%.*s\",\"%s\":\"%.800s\"}", type, CODE_MAX, code,
                 *type ? "message" : "Message", escaped);
        return write_answer(c, status, body);
}

static void check_code(const ErrorCase *c, const char *code) {
        StoreAnswer a = refuse(&context, c->status, "com.amazonaws.dynamodb.v20120810#", code, c->message);

        CHECK_EQ(a.outcome, c->outcome);
        CHECK_STR(a.error, c->sentence);
        CHECK(!strstr(a.error, "TELLTALE"));
        /* the same without the '#', and the message by its other name */
        a = refuse(&context, c->status, "", code, c->message);
        CHECK_EQ(a.outcome, c->outcome);
        CHECK_STR(a.error, c->sentence);
        /* with a 5xx nobody knows whether a write was applied, whatever the reason that is given */
        a = refuse(&context, 500, "", code, c->message);
        CHECK_EQ(a.outcome, STORE_RETRY);
        if (check_failures > 0)
                printf("  of %s\n", code);
}

static void test_errors(void) {
        for (size_t i = 0; i < ELEMENTSOF(error_cases); i++) {
                char codes[256], *rest = codes, *code;

                snprintf(codes, sizeof(codes), "%s", error_cases[i].codes);
                while ((code = strsep(&rest, " ")))
                        check_code(&error_cases[i], code);
        }
}

/* Where the keys are from is said wherever the sentence is about keys. */
static void test_key_source(void) {
        DynamoDBContext c = context;

        c.key_source = "the instance's role validator (IMDS)";
        CHECK_STR(refuse(&c, 400, "x#", "AccessDeniedException", "").error,
                  "the AWS keys from the instance's role validator (IMDS) have no right to table locks in "
                  "eu-central-1: allow dynamodb:GetItem and dynamodb:UpdateItem on it");
        CHECK(strstr(refuse(&c, 400, "x#", "UnrecognizedClientException", "").error, "keys from the instance's role"));
        CHECK(strstr(refuse(&c, 400, "x#", "InvalidSignatureException", "").error, "keys from the instance's role"));
        CHECK(strstr(refuse(&c, 400, "x#", "ExpiredTokenException", "").error, "keys from the instance's role"));
        CHECK(!strstr(refuse(&c, 400, "x#", "ThrottlingException", "").error, "the instance's role"));
}

/* The code of a wrong clock is that of a wrong secret: what tells is the server's date. */
static void test_clock_by_date(void) {
        static const char body[] = "{\"__type\":\"x#InvalidSignatureException\",\"message\":\"\"}";
        DynamoDBContext late = context;
        HttpAnswer http = { .status = 400, .body = body, .body_size = sizeof(body) - 1, .date_s = context.signed_s };
        StoreAnswer a;

        dynamodb_write_answer(&late, &http, &a);
        CHECK_EQ(a.outcome, STORE_PERSON);
        late.signed_s -= 301;
        dynamodb_write_answer(&late, &http, &a);
        CHECK_EQ(a.outcome, STORE_RETRY);
        CHECK_STR(a.error, CLOCK_SENTENCE);
        late.signed_s += 2000;
        dynamodb_write_answer(&late, &http, &a);
        CHECK_EQ(a.outcome, STORE_RETRY);
        http.date_s = 0;
        dynamodb_write_answer(&late, &http, &a);
        CHECK_EQ(a.outcome, STORE_PERSON);
}

/* What something on the way answers with. */
static void test_statuses(void) {
        static const char *const bodies[] = { "", "<html>", "{}", "{\"__type\":1}", "{\"__type\":null}", "[]",
                                              "{\"__type\":\"AccessDeniedException\",\"__type\":\"x\"}" };

        for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
                CHECK_EQ(write_answer(&context, 403, bodies[i]).outcome, STORE_RETRY);
                CHECK_STR(write_answer(&context, 403, bodies[i]).error,
                          "HTTP status 403 instead of an answer of DynamoDB in eu-central-1: look for a proxy on the "
                          "way, and at cloudlock_dynamodb_endpoint");
                CHECK_STR(write_answer(&context, 502, bodies[i]).error,
                          "HTTP status 502 instead of an answer of DynamoDB in eu-central-1");
                CHECK_STR(write_answer(&context, 302, bodies[i]).error,
                          "HTTP status 302 instead of an answer of DynamoDB in eu-central-1: redirects are not "
                          "followed; correct cloudlock_dynamodb_endpoint, or look for a portal or proxy on the way");
        }
        for (int status = 201; status < 400; status++)
                CHECK_EQ(write_answer(&context, status, "{\"__type\":\"ConditionalCheckFailedException\"}").outcome,
                         STORE_RETRY);
}

/* A read is on no condition, whatever a server says. */
static void test_condition_of_a_read(void) {
        static const char body[] = "{\"__type\":\"ConditionalCheckFailedException\"}";
        HttpAnswer http = { .status = 400, .body = body, .body_size = sizeof(body) - 1 };
        StoreAnswer a;

        dynamodb_read_answer(&context, &http, &a);
        CHECK_EQ(a.outcome, STORE_RETRY);
}

/* An error may hold the whole request, session token and all, in any encoding. */
static void test_echoes(void) {
        char message[512] = "user x-amz-security-token:", word[512];

        memset(word, 'T', sizeof(word));
        snprintf(message, sizeof(message), "token:%.*s/+= and", 2 * WORD_MAX, word);
        CHECK(strstr(refuse(&context, 400, "", "AccessDeniedException", message).error, "(token:[...] and)"));
        CHECK(strstr(refuse(&context, 400, "", "NewException", message).error, "NewException: token:[...] and"));
        snprintf(message, sizeof(message), "%.*s ok", WORD_MAX, word);
        CHECK(strstr(refuse(&context, 400, "", "NewException", message).error, "TTTT ok"));
        snprintf(message, sizeof(message), "%.*s ok", WORD_MAX + 1, word);
        CHECK(strstr(refuse(&context, 400, "", "NewException", message).error, ": [...] ok"));
        for (size_t i = 0; i < sizeof(message) - 1; i++)
                message[i] = i % 2 ? ' ' : 'y';
        message[sizeof(message) - 1] = '\0';
        CHECK_EQ(strlen(strstr(refuse(&context, 400, "", "NewException", message).error, ": y ")), 2 + 200);
}

int main(void) {
        static const Case cases[] = {
                { "every error's class and sentence", test_errors },
                { "where the keys are from", test_key_source },
                { "clock by date", test_clock_by_date },
                { "statuses without an error of DynamoDB", test_statuses },
                { "a read is on no condition", test_condition_of_a_read },
                { "errors that echo the request", test_echoes },
        };

        return RUN_CASES(cases);
}
