/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check-context.h"
#include "clock.h"
#include "strv.h"
#include "time-limits.h"

/* What Date and the way of an answer make of two clocks that agree. */
#define CLOCK_AGREES_US (2 * USEC_PER_SEC)

void check_skip(CheckContext *context, const char *check, const char *because) {
        findings_add(&context->findings, FINDING_SKIPPED, check, "not looked at: %s", because);
}

static void skip_rest(CheckContext *context, const char *const *checks, const char *because) {
        for (; *checks; checks++)
                check_skip(context, *checks, because);
}

static const char *key_source(const CheckContext *context) {
        return session_key_source(context->session) ?: "a source that is not known";
}

/* OpenSSL's words, by way of libcurl. */
static const char *trust_remedy(const char *error) {
        if (strstr(error, "expired") || strstr(error, "not yet valid"))
                return "look at this host's clock (timedatectl) first, then at what stands between it and AWS";
        if (strstr(error, "subject name") || strstr(error, "host name") || strstr(error, "hostname"))
                return "the certificate is for another name: correct the endpoint, or look for a proxy that opens TLS";
        if (strstr(error, "CAfile") || strstr(error, "CA cert"))
                return "correct AWS_CA_BUNDLE: it has to name a file of certificates in PEM form";
        return "install ca-certificates; where a proxy opens TLS, or the store is your own, let AWS_CA_BUNDLE name its "
               "authority's certificate";
}

static void say_unreachable(CheckContext *context, const AdminReport *report) {
        Findings *findings = &context->findings;

        switch (report->failure) {
        case HTTP_FAILURE_NAME:
                findings_add(findings, FINDING_FAILED, "dns", "%s", report->error);
                findings_remedy(findings, "correct the endpoint (%s: %s) or the region, or this host's resolver "
                                "(resolvectl status, /etc/resolv.conf)", context->place.endpoint_from, context->place.endpoint);
                break;
        case HTTP_FAILURE_TRUST:
                findings_add(findings, FINDING_FAILED, "tls", "%s", report->error);
                findings_remedy(findings, "%s", trust_remedy(report->error));
                break;
        case HTTP_FAILURE_CONNECT:
        case HTTP_FAILURE_TIME:
        case HTTP_FAILURE_OTHER:
        case HTTP_FAILURE_NONE:
                findings_add(findings, FINDING_FAILED, "connection", "%s", report->error);
                findings_remedy(findings, "look at route, firewall and proxy (HTTPS_PROXY, NO_PROXY): curl -v %s",
                                context->place.endpoint);
                break;
        }
}

static void say_connection(CheckContext *context) {
        if (strncmp(context->place.endpoint, "http:", strlen("http:")) == 0)
                findings_add(&context->findings, FINDING_NOTE, "connection", "answers without TLS, as only a store on this machine "
                             "may");
        else
                findings_add(&context->findings, FINDING_FINE, "connection", "name found, certificate trusted, store answers");
}

static void check_clock(CheckContext *context, const AdminReport *report) {
        usec_t wall_us = clocks_now().wall_us, date_us = (usec_t) report->date_s * USEC_PER_SEC;
        usec_t skew_us = wall_us > date_us ? wall_us - date_us : date_us - wall_us;
        const char *side = wall_us > date_us ? "ahead of" : "behind";
        usec_t max_us = context->config->max_clock_skew_us;
        Findings *findings = &context->findings;
        char skew[SPAN_TEXT_MAX], max[SPAN_TEXT_MAX];

        format_span(skew, sizeof(skew), skew_us / USEC_PER_SEC * USEC_PER_SEC);
        format_span(max, sizeof(max), max_us);
        if (report->date_s == 0) {
                findings_add(findings, FINDING_FAILED, "clock", "the store's answer has no Date, by which this host's clock is "
                             "judged");
                findings_remedy(findings, "look for a proxy that drops headers");
                return;
        }
        if (skew_us <= CLOCK_AGREES_US)
                findings_add(findings, FINDING_FINE, "clock", "agrees with the store's");
        else if (skew_us < CLOCK_SKEW_WARN_US && skew_us < max_us)
                findings_add(findings, FINDING_FINE, "clock", "%s %s the store's", skew, side);
        else if (skew_us < max_us)
                findings_add(findings, FINDING_WARNING, "clock", "%s %s the store's; from %s on the target is not run", skew, side,
                             max);
        else
                findings_add(findings, FINDING_FAILED, "clock", "%s %s the store's, at least the %s from which on the target is "
                             "not run", skew, side, max);
        if (skew_us >= CLOCK_SKEW_WARN_US || skew_us >= max_us)
                findings_remedy(findings, "timedatectl set-ntp true; then see \"timedatectl timesync-status\", or chrony's \"chronyc "
                                "tracking\"");
}

static const char *what_keeps(const AdminReport *report) {
        switch (report->result) {
        case ADMIN_NO_KEYS:
                return "there are no keys";
        case ADMIN_WRONG_KEYS:
                return "the keys are not accepted";
        case ADMIN_UNREACHABLE:
                return "the store cannot be reached";
        case ADMIN_MISSING:
                return "the table does not exist";
        case ADMIN_DONE:
        case ADMIN_DENIED:
        case ADMIN_BUSY:
        case ADMIN_MISFIT:
        case ADMIN_UNCLEAR:
        case ADMIN_FAILED:
                break;
        }
        return "the store does not answer properly";
}

/* The first answer tells of keys, connection and clock. Whether there is any sense in further questions. */
static bool judge_first(CheckContext *context, const AdminReport *report) {
        Findings *findings = &context->findings;

        if (report->result == ADMIN_NO_KEYS) {
                findings_add(findings, FINDING_FAILED, "credentials", "%s", report->error);
                skip_rest(context, (const char *const[]) { "connection", "clock", NULL }, what_keeps(report));
                return false;
        }
        if (report->result == ADMIN_WRONG_KEYS) {
                findings_add(findings, FINDING_FAILED, "credentials", "%s", report->error);
                say_connection(context);
                check_clock(context, report);
                return false;
        }
        findings_add(findings, FINDING_FINE, "credentials", "from %s", key_source(context));
        if (report->result == ADMIN_UNREACHABLE) {
                say_unreachable(context, report);
                check_skip(context, "clock", what_keeps(report));
                return false;
        }
        say_connection(context);
        check_clock(context, report);
        if (report->result == ADMIN_FAILED) {
                findings_add(findings, FINDING_FAILED, "store", "%s", report->error);
                return false;
        }
        return true;
}

/* A right that only looking needs can be done without, where the operator has said so. */
static bool can_do_without(const CheckContext *context, AdminOperation operation) {
        return context->config->accept_unchecked_table && operation != ADMIN_READ && operation != ADMIN_PROBE_WRITE;
}

static void check_right(CheckContext *context, const AdminReport *report) {
        const char *right = admin_right(report->operation);
        Findings *findings = &context->findings;

        if (report->result == ADMIN_DENIED) {
                findings_add(findings, can_do_without(context, report->operation) ? FINDING_WARNING : FINDING_FAILED, "permission",
                             "%s: %s", right, report->error);
                findings_remedy(findings, "give them the policy that \"cloudlockctl check %s --policy\" prints%s%s", context->instance,
                                report->verdict.assumption ? "; or set cloudlock_accept_unchecked_table=yes if you know that " : "",
                                report->verdict.assumption ?: "");
        } else if (report->result == ADMIN_DONE || report->result == ADMIN_UNCLEAR)
                findings_add(findings, FINDING_FINE, "permission", "%s", right);
        else {
                findings_add(findings, FINDING_FAILED, "permission", "%s could not be tried: %s", right, report->error);
                findings_remedy(findings, "try again; if this stays, see the sentence");
        }
}

static bool ask(CheckContext *context, AdminOperation operation, AdminReport *ret) {
        int r = session_ask(context->session, operation, ret);

        if (r >= 0)
                return true;
        findings_add(&context->findings, FINDING_FAILED, "store", "%s could not be asked: %s", admin_right(operation), strerror(-r));
        return false;
}

static void say_missing(CheckContext *context) {
        findings_add(&context->findings, FINDING_FAILED, "table", "there is no table %s in %s", context->config->table,
                     context->place.region);
        findings_remedy(&context->findings, "cloudlockctl init %s creates it; or correct cloudlock_dynamodb_table, or the region "
                        "(%s)", context->instance, context->place.region_from);
}

static void check_status(CheckContext *context) {
        const TableDescription *table = &context->description;

        if (strcmp(table->status, "ACTIVE") == 0 || strcmp(table->status, "UPDATING") == 0)
                findings_add(&context->findings, FINDING_FINE, "table", "%s, key label (String), no eventually consistent replicas",
                             context->config->table);
        else {
                findings_add(&context->findings, FINDING_FAILED, "table", "%s is %s", context->config->table,
                             *table->status ? table->status : "in a state that is not said");
                findings_remedy(&context->findings, "wait, and look again; see \"aws dynamodb describe-table --table-name %s\"",
                                context->config->table);
        }
}

static void check_protection(CheckContext *context) {
        if (context->description.is_protected) {
                findings_add(&context->findings, FINDING_FINE, "deletion-protection", "on");
                return;
        }
        findings_add(&context->findings, FINDING_WARNING, "deletion-protection",
                     "off: whoever deletes the table by mistake stops every target whose lock is in it");
        findings_remedy(&context->findings, "cloudlockctl init %s turns it on", context->instance);
}

/* What kind of table it is. */
static void check_verdict(CheckContext *context, const char *check, const AdminReport *report) {
        switch (report->verdict.verdict) {
        case TABLE_REFUSED:
        case TABLE_RETRY:
                findings_add(&context->findings, FINDING_FAILED, check, "%s", report->verdict.error);
                break;
        case TABLE_NOT_ALLOWED:
                findings_add(&context->findings, FINDING_SKIPPED, check, "not looked at: %s is not allowed",
                             admin_right(report->operation));
                break;
        case TABLE_FINE:
                break;
        }
}

static void check_table(CheckContext *context) {
        AdminReport report;

        if (!ask(context, ADMIN_DESCRIBE, &report))
                return;
        if (report.result == ADMIN_DONE && report.verdict.verdict == TABLE_FINE) {
                context->description = report.description;
                check_status(context);
                check_protection(context);
        } else
                check_verdict(context, "table", &report);
        context->may_be_legacy_global = report.verdict.streams_images;
        check_right(context, &report);

        if (context->may_be_legacy_global && ask(context, ADMIN_DESCRIBE_GLOBAL, &report)) {
                check_verdict(context, "global-table", &report);
                check_right(context, &report);
        }
        if (!ask(context, ADMIN_DESCRIBE_TTL, &report))
                return;
        if (report.verdict.verdict == TABLE_FINE)
                findings_add(&context->findings, FINDING_FINE, "time-to-live", "goes by no attribute of the lock");
        else
                check_verdict(context, "time-to-live", &report);
        check_right(context, &report);
}

static int open_session(CheckContext *context) {
        const Config *config = context->config;

        return session_open(&(StoreConfig) {
                                    .region = context->place.region,
                                    .endpoint = context->place.endpoint,
                                    .table = config->table,
                                    .label = config->label,
                                    .aws_key_id = config->aws_key_id,
                                    .aws_secret = config->aws_secret,
                                    .aws_session_token = config->aws_session_token,
                                    .environment = config->aws_environment,
                                    .credentials_directory = context->credentials.directory,
                                    .ca_bundle = context->profile->ca_bundle,
                            }, &context->session);
}

static void check_item(CheckContext *context, const AdminReport *report) {
        if (report->result == ADMIN_DONE)
                check_record(context, report);
        else if (report->result == ADMIN_UNCLEAR)
                findings_add(&context->findings, FINDING_FAILED, "record", "%s", report->error);
        else
                check_skip(context, "record", report->result == ADMIN_MISFIT ? "the table has another key" :
                                                                              "dynamodb:GetItem is not allowed");
}

void check_store(CheckContext *context) {
        static const char *const all[] = { "credentials", "connection", "clock", "table", "permission", "record", NULL };
        static const char *const rest[] = { "table", "permission", "record", NULL };
        AdminReport read, write;
        int r;

        if (!context->has_place) {
                skip_rest(context, all, context->config ? "region and endpoint are not known" : "the configuration cannot be used");
                return;
        }
        r = open_session(context);
        if (r < 0) {
                findings_add(&context->findings, FINDING_FAILED, "store", "DynamoDB cannot be asked: %s", strerror(-r));
                return;
        }
        if (!ask(context, ADMIN_READ, &read))
                return;
        context->store_answers = judge_first(context, &read);
        if (!context->store_answers) {
                skip_rest(context, rest, what_keeps(&read));
                return;
        }
        if (read.result == ADMIN_MISSING) {
                say_missing(context);
                skip_rest(context, rest + 1, what_keeps(&read));
                return;
        }
        if (read.result != ADMIN_MISFIT) {
                check_right(context, &read);
                if (ask(context, ADMIN_PROBE_WRITE, &write))
                        check_right(context, &write);
        }
        check_table(context);
        check_item(context, &read);
}
