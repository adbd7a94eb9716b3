/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pure parts of "cloudlockctl check": findings as text and JSON, the least policy, files for EnvironmentFile=. */

#include <stdlib.h>

#include "check.h"
#include "cleanup.h"
#include "findings-show.h"
#include "json.h"
#include "policy.h"
#include "service.h"
#include "strv.h"
#include "text.h"

static void fill(Findings *findings) {
        findings_add(findings, FINDING_FINE, "systemd", "version %d", 252);
        findings_add(findings, FINDING_FAILED, "config-file", "%s, mode 0644\033[31m", "/etc/cloudlock/x.conf");
        findings_remedy(findings, "chmod 0600 %s", "/etc/cloudlock/x.conf");
        findings_add(findings, FINDING_WARNING, "gap", "short");
        findings_remedy(findings, "longer");
        findings_add(findings, FINDING_NOTE, "policy", "see");
        findings_add(findings, FINDING_SKIPPED, "clock", "not looked at: no keys");
}

static char *shown(const Findings *findings, const ShowStyle *style) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        findings_show(out, style, findings);
        fclose(out);
        return text;
}

static void test_text(void) {
        static const ShowStyle plain = { .utf8 = true };
        _cleanup_(findings_done) Findings findings = {};
        _cleanup_free_ char *text = NULL;

        fill(&findings);
        text = shown(&findings, &plain);
        CHECK_STR(text,
                  "✓ systemd             version 252\n"
                  "× config file         /etc/cloudlock/x.conf, mode 0644?[31m\n"
                  "  → chmod 0600 /etc/cloudlock/x.conf\n"
                  "! gap                 short\n"
                  "  → longer\n"
                  "· policy              see\n"
                  "– clock               not looked at: no keys\n"
                  "\n"
                  "1 of 5 checks fails; 1 warning; 1 not looked at.\n");
}

static void test_colors(void) {
        static const ShowStyle color = { .color = true };
        _cleanup_(findings_done) Findings findings = {};
        _cleanup_free_ char *text = NULL;

        findings_add(&findings, FINDING_FAILED, "clock", "off");
        findings_remedy(&findings, "set it");
        findings_add(&findings, FINDING_NOTE, "policy", "see");
        text = shown(&findings, &color);
        CHECK_STR(text,
                  "\033[0;1;31mx\033[0m clock               off\n"
                  "  -> set it\n"
                  "* policy              see\n"
                  "\n"
                  "1 of 2 checks fails.\n");
}

static void test_nothing_wrong(void) {
        static const ShowStyle plain = { .utf8 = true };
        _cleanup_(findings_done) Findings findings = {};
        _cleanup_free_ char *text = NULL;

        findings_add(&findings, FINDING_FINE, "clock", "agrees");
        text = shown(&findings, &plain);
        CHECK_STR(text, "✓ clock               agrees\n\nNothing keeps this lock from working.\n");
}

static void test_json(void) {
        _cleanup_(findings_done) Findings findings = {};
        _cleanup_json_ json_object *object = NULL;
        _cleanup_free_ char *text = NULL;

        fill(&findings);
        CHECK_EQ(findings_to_json(&findings, "x", &object), 0);
        CHECK_EQ(json_format(object, &text), 0);
        CHECK_STR(text,
                  "{\"instance\":\"x\",\"ok\":false,\"failures\":1,\"warnings\":1,\"findings\":["
                  "{\"check\":\"systemd\",\"result\":\"ok\",\"text\":\"version 252\"},"
                  "{\"check\":\"config-file\",\"result\":\"failure\",\"text\":\"/etc/cloudlock/x.conf, mode 0644\\u001b[31m\","
                  "\"remedy\":\"chmod 0600 /etc/cloudlock/x.conf\"},"
                  "{\"check\":\"gap\",\"result\":\"warning\",\"text\":\"short\",\"remedy\":\"longer\"},"
                  "{\"check\":\"policy\",\"result\":\"note\",\"text\":\"see\"},"
                  "{\"check\":\"clock\",\"result\":\"skipped\",\"text\":\"not looked at: no keys\"}]}");
}

static void check_policy(const PolicyInput *input, const char *expected) {
        _cleanup_json_ json_object *policy = NULL;
        _cleanup_free_ char *text = NULL;

        CHECK_EQ(policy_build(input, &policy), 0);
        CHECK_EQ(json_format(policy, &text), 0);
        CHECK_STR(text, expected);
}

#define STATEMENT(sid, actions) "{\"Sid\":\"" sid "\",\"Effect\":\"Allow\",\"Action\":[" actions "],\"Resource\":\""
#define LABELLED(label)                                                                  \
        ",\"Condition\":{\"ForAllValues:StringEquals\":{\"dynamodb:LeadingKeys\":[\"" label "\"]}," \
        "\"Null\":{\"dynamodb:LeadingKeys\":\"false\"}}}"
#define ITEM "\"dynamodb:GetItem\",\"dynamodb:UpdateItem\""
#define TABLE "\"dynamodb:DescribeTable\",\"dynamodb:DescribeTimeToLive\""
#define VERSION "{\"Version\":\"2012-10-17\",\"Statement\":["

static void test_policy(void) {
        check_policy(&(PolicyInput) { .region = "eu-central-1", .table = "locks", .label = "validator" },
                     VERSION STATEMENT("CloudlockItem", ITEM) "arn:aws:dynamodb:eu-central-1:*:table/locks\"" LABELLED("validator") ","
                     STATEMENT("CloudlockTable", TABLE) "arn:aws:dynamodb:eu-central-1:*:table/locks\"}]}");
}

/* What is known of the account narrows it; each partition has a name of its own. */
static void test_policy_elsewhere(void) {
        check_policy(&(PolicyInput) { .region = "cn-north-1", .table = "locks", .label = "a \"b\" ${aws:username}",
                                      .arn = "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/locks",
                                      .legacy_global = true, .original = true },
                     VERSION STATEMENT("CloudlockItem", ITEM ",\"dynamodb:PutItem\"")
                     "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/locks\"" LABELLED("a \\\"b\\\" ${$}{aws:username}") ","
                     STATEMENT("CloudlockTable", TABLE) "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/locks\"},"
                     STATEMENT("CloudlockGlobalTable", "\"dynamodb:DescribeGlobalTable\"")
                     "arn:aws-cn:dynamodb::123456789012:global-table/locks\"}]}");
        check_policy(&(PolicyInput) { .region = "us-gov-west-1", .table = "t.x", .label = "$1", .arn = "arn:aws-us-gov:x" },
                     VERSION STATEMENT("CloudlockItem", ITEM) "arn:aws-us-gov:dynamodb:us-gov-west-1:*:table/t.x\"" LABELLED("$1") ","
                     STATEMENT("CloudlockTable", TABLE) "arn:aws-us-gov:dynamodb:us-gov-west-1:*:table/t.x\"}]}");
}

static void check_assignments(const char *text, const char *expected) {
        _cleanup_strv_ char **environment = NULL;
        _cleanup_free_ char *joined = NULL;

        CHECK_EQ(environment_file_parse(text, &environment), 0);
        joined = strv_join(environment, "|");
        CHECK_STR(joined, expected);
}

/* As systemd reads it: systemd.exec(5), EnvironmentFile=. */
static void test_environment_file(void) {
        check_assignments("# a comment\n; another\n\nA=1\n  B=two words  \nC='it''s # no comment'\n", "A=1|B=two words|C=its # no comment");
        check_assignments("A=\"x \\\"y\\\" z\"\r\nB=a\\\nb\nC=\nnonsense\n=x\nA=2", "A=2|B=ab|C=");
        check_assignments("A='two\nlines'\nB=\"open", "A=two\nlines|B=open");
        check_assignments("A=a'b' \"c\"\nB='x' 'y'z", "A=a'b' \"c\"|B=xyz");
        check_assignments("A=\"a\\b\"\nB=a\\b", "A=a\\b|B=ab");
        check_assignments("A=  padded\\ ", "A=padded ");
}

int main(void) {
        static const Case cases[] = {
                { "text", test_text },
                { "colors", test_colors },
                { "nothing wrong", test_nothing_wrong },
                { "json", test_json },
                { "policy", test_policy },
                { "policy elsewhere", test_policy_elsewhere },
                { "environment file", test_environment_file },
        };

        return RUN_CASES(cases);
}
