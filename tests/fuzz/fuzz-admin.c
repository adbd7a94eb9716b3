/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server that may answer anything to what an operator's commands ask. The first byte says to what, and with which
 * status. */

#include "fuzz.h"
#include "table-admin.h"
#include "text.h"

static const DynamoDBContext context = {
        .region = "eu-central-1", .table = "locks", .label = "validator", .signed_s = 1763928000,
};

static void check_page(const ScanPage *page) {
        for (size_t i = 0; i < page->n; i++) {
                const ScanItem *item = &page->items[i];
                const Record *record = &item->record;

                require(memchr(record->holder, '\0', sizeof(record->holder)) &&
                        memchr(record->version, '\0', sizeof(record->version)));
                if (item->is_record)
                        require(item->label && *record->holder && *record->version);
        }
}

static void check_report(const AdminReport *report, AdminOperation operation, int status) {
        require(report->operation == operation);
        require((report->result == ADMIN_DONE) == !*report->error && !text_has_control(report->error));
        require(report->result != ADMIN_DONE || status == 200 || operation == ADMIN_PROBE_WRITE);
        require(!text_has_control(report->description.status) && !text_has_control(report->description.arn));
        require(!report->has_record || (operation == ADMIN_READ && report->result == ADMIN_DONE));
        if (operation == ADMIN_SCAN)
                require((report->result == ADMIN_DONE) == !!report->page);
        if (report->page)
                check_page(report->page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const int statuses[] = { 200, 200, 400, 500 };
        _cleanup_(scan_page_freep) ScanPage *page = NULL;
        _cleanup_free_ char *body = size > 0 ? fuzz_text(data + 1, size - 1) : NULL;
        AdminOperation operation;
        AdminReport report;
        HttpAnswer http;

        if (!body)
                return 0;
        operation = (AdminOperation) (*data % _ADMIN_OPERATION_MAX);
        http = (HttpAnswer) { .status = statuses[*data / _ADMIN_OPERATION_MAX % ELEMENTSOF(statuses)],
                              .date_s = 1763928002, .body = body, .body_size = strlen(body) };
        memset(&report, 0xaa, sizeof(report));
        admin_answer(&context, operation, &http, &report);
        page = report.page;
        check_report(&report, operation, http.status);
        return 0;
}
