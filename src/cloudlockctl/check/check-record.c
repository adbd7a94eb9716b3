/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "check-context.h"
#include "lock.h"
#include "machine.h"
#include "time-limits.h"

static size_t name_length(const char *holder) {
        return strcspn(holder, "#");
}

static bool has_our_name(const CheckContext *context, const Record *record) {
        const char *my_id = context->config->my_id;

        return name_length(record->holder) == strlen(my_id) && strncmp(record->holder, my_id, strlen(my_id)) == 0;
}

static void check_name(CheckContext *context, const Record *record) {
        char host[MACHINE_HOST_ID_SIZE];

        if (!has_our_name(context, record) || machine_host_id(host) < 0 ||
            (record->is_ours_by_shape && strcmp(record->host, host) == 0))
                return;
        findings_add(&context->findings, FINDING_FAILED, "record-name",
                     "another machine holds this lock under our cloudlock_my_id, %s", context->config->my_id);
        findings_remedy(&context->findings, "give each host its own cloudlock_my_id (after a reinstallation of this host it may "
                        "be its own old record: then wait until that has run out)");
}

static void check_lease(CheckContext *context, const Record *record) {
        usec_t lease_us = record->lease_ms > 0 ? (usec_t) record->lease_ms * USEC_PER_MSEC : 0;
        char theirs[SPAN_TEXT_MAX], ours[SPAN_TEXT_MAX];

        if (!record->is_ours_by_shape || lease_us == context->config->lease_us)
                return;
        findings_add(&context->findings, FINDING_WARNING, "record-lease",
                     "the holder was configured for a lease of %s, this host is for %s: safe, but hardly meant",
                     format_span(theirs, sizeof(theirs), lease_us), format_span(ours, sizeof(ours), context->config->lease_us));
        findings_remedy(&context->findings, "set cloudlock_lock_expiration and cloudlock_restart_gap alike on every host");
}

static void check_fleet(CheckContext *context, const Record *record) {
        if (record->is_ours_by_shape || context->config->mixed_fleet)
                return;
        findings_add(&context->findings, FINDING_FAILED, "mixed-fleet",
                     "the record was written by the original cloudlock, of which this configuration knows nothing");
        findings_remedy(&context->findings, "if hosts with the original stay: cloudlock_mixed_fleet=yes, and a gap of 2min or more "
                        "on every host; else stop them, and wait until the record has run out");
}

static void say_holder(CheckContext *context, const Record *record, int64_t date_s) {
        int64_t left_ms = record->expire_time_ms - date_s * 1000;
        char span[SPAN_TEXT_MAX];

        if (record->expire_time_ms == 0)
                findings_add(&context->findings, FINDING_FINE, "record", "released; %s held it last", record->holder);
        else if (left_ms > 0)
                findings_add(&context->findings, FINDING_FINE, "record", "%s holds the lock; the record runs out in %s",
                             record->holder, format_span(span, sizeof(span), (usec_t) left_ms * USEC_PER_MSEC));
        else
                findings_add(&context->findings, FINDING_FINE, "record", "%s held the lock; the record ran out %s ago",
                             record->holder, format_span(span, sizeof(span), (usec_t) -left_ms * USEC_PER_MSEC));
}

void check_record(CheckContext *context, const AdminReport *report) {
        const Record *record = &report->record;
        LockAnswer answer = { .date_s = report->date_s };

        if (!report->has_record) {
                findings_add(&context->findings, FINDING_FINE, "record", "none yet: nobody has ever held this lock");
                return;
        }
        if (record_needs_person(record, &answer)) {
                findings_add(&context->findings, FINDING_FAILED, "record",
                             "the times in the record of %s are absurd; cloudlock leaves it alone", record->holder);
                findings_remedy(&context->findings, "make sure that no host runs the target; then delete the item %s of table %s "
                                "(aws dynamodb delete-item)", context->config->label, context->config->table);
                return;
        }
        say_holder(context, record, report->date_s);
        check_name(context, record);
        check_lease(context, record);
        check_fleet(context, record);
}
