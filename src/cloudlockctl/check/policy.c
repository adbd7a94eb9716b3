/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy.h"

#include <errno.h>
#include <string.h>

#include "aws-partition.h"
#include "json.h"

#define POLICY_VERSION "2012-10-17"
#define ARN_ACCOUNT_FIELD 4 /* arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME, counted from 0 */

static int add_string(json_object *array, const char *text) {
        json_object *string = json_object_new_string(text);

        if (!string)
                return -ENOMEM;
        if (json_object_array_add(array, string) < 0) {
                json_object_put(string);
                return -ENOMEM;
        }
        return 0;
}

static int put_strings(json_object *object, const char *name, const char *const *strings) {
        _cleanup_json_ json_object *array = json_object_new_array();
        int r = array ? 0 : -ENOMEM;

        for (; *strings && r >= 0; strings++)
                r = add_string(array, *strings);
        return r < 0 ? r : json_put(object, name, TAKE_PTR(array));
}

/* A "${" in a condition's value would begin a policy variable; "${$}" stands for the sign itself. */
static int escape_variables(const char *text, char **ret) {
        char *escaped = calloc(strlen(text) + 1, strlen("${$}")), *p = escaped;

        if (!escaped)
                return -ENOMEM;
        for (; *text; text++)
                p = text[0] == '$' && text[1] == '{' ? stpcpy(p, "${$}") : (*p = *text, p + 1);
        *ret = escaped;
        return 0;
}

/* The number of the table's account, or "*": newly allocated. 0 or -ENOMEM. */
static int account_of(const char *arn, char **ret) {
        const char *field = arn;

        for (int i = 0; i < ARN_ACCOUNT_FIELD && field; i++) {
                field = strchr(field, ':');
                field = field ? field + 1 : NULL;
        }
        *ret = field && strspn(field, "0123456789") > 0 ? strndup(field, strspn(field, "0123456789")) : strdup("*");
        return *ret ? 0 : -ENOMEM;
}

static int table_arn(const PolicyInput *input, char **ret) {
        _cleanup_free_ char *account = NULL;
        int r = account_of(input->arn, &account);

        if (r < 0)
                return r;
        if (asprintf(ret, "arn:%s:dynamodb:%s:%s:table/%s", partition_of_region(input->region)->name, input->region, account,
                     input->table) < 0)
                return *ret = NULL, -ENOMEM;
        return 0;
}

static int global_table_arn(const PolicyInput *input, char **ret) {
        _cleanup_free_ char *account = NULL;
        int r = account_of(input->arn, &account);

        if (r < 0)
                return r;
        if (asprintf(ret, "arn:%s:dynamodb::%s:global-table/%s", partition_of_region(input->region)->name, account,
                     input->table) < 0)
                return *ret = NULL, -ENOMEM;
        return 0;
}

/* Where a request has no key, ForAllValues: holds of nothing; Null: says that there has to be one. */
static int put_condition(json_object *statement, const char *label) {
        _cleanup_json_ json_object *condition = json_object_new_object(), *equals = json_object_new_object(),
                                   *null = json_object_new_object();
        _cleanup_free_ char *escaped = NULL;
        int r;

        if (!condition || !equals || !null)
                return -ENOMEM;
        r = escape_variables(label, &escaped);
        if (r >= 0)
                r = put_strings(equals, "dynamodb:LeadingKeys", (const char *const[]) { escaped, NULL });
        if (r >= 0)
                r = json_put_string(null, "dynamodb:LeadingKeys", "false");
        if (r >= 0)
                r = json_put(condition, "ForAllValues:StringEquals", TAKE_PTR(equals));
        if (r >= 0)
                r = json_put(condition, "Null", TAKE_PTR(null));
        return r < 0 ? r : json_put(statement, "Condition", TAKE_PTR(condition));
}

/* `label` NULL: without a condition. */
static int add_statement(json_object *statements, const char *sid, const char *const *actions, const char *resource,
                         const char *label) {
        _cleanup_json_ json_object *statement = json_object_new_object();
        int r;

        if (!statement)
                return -ENOMEM;
        r = json_put_string(statement, "Sid", sid);
        if (r >= 0)
                r = json_put_string(statement, "Effect", "Allow");
        if (r >= 0)
                r = put_strings(statement, "Action", actions);
        if (r >= 0)
                r = json_put_string(statement, "Resource", resource);
        if (r >= 0 && label)
                r = put_condition(statement, label);
        if (r < 0)
                return r;
        if (json_object_array_add(statements, statement) < 0)
                return -ENOMEM;
        statement = NULL;
        return 0;
}

static int add_statements(const PolicyInput *input, json_object *statements) {
        static const char *const global[] = { "dynamodb:DescribeGlobalTable", NULL };
        static const char *const table[] = { "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", NULL };
        const char *const item[] = { "dynamodb:GetItem", "dynamodb:UpdateItem", input->original ? "dynamodb:PutItem" : NULL,
                                     NULL };
        _cleanup_free_ char *arn = NULL, *global_arn = NULL;
        int r = table_arn(input, &arn);

        if (r >= 0)
                r = global_table_arn(input, &global_arn);
        if (r >= 0)
                r = add_statement(statements, "CloudlockItem", item, arn, input->label);
        /* These have no key, so that a condition on it would not mean them. */
        if (r >= 0)
                r = add_statement(statements, "CloudlockTable", table, arn, NULL);
        if (r >= 0 && input->legacy_global)
                r = add_statement(statements, "CloudlockGlobalTable", global, global_arn, NULL);
        return r;
}

int policy_build(const PolicyInput *input, json_object **ret) {
        _cleanup_json_ json_object *policy = json_object_new_object(), *statements = json_object_new_array();
        int r;

        if (!policy || !statements)
                return -ENOMEM;
        r = add_statements(input, statements);
        if (r >= 0)
                r = json_put_string(policy, "Version", POLICY_VERSION);
        if (r >= 0)
                r = json_put(policy, "Statement", TAKE_PTR(statements));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(policy);
        return 0;
}

int policy_format(json_object *policy, char **ret) {
        const char *text = json_object_to_json_string_ext(
                policy, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

        if (!text || asprintf(ret, "%s\n", text) < 0)
                return *ret = NULL, -ENOMEM;
        return 0;
}
