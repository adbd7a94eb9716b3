/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "answer.h"
#include "colour.h"
#include "instances.h"
#include "lease-text.h"
#include "list.h"
#include "operator.h"
#include "strv.h"

/* 50,000 locks: nobody reads on from there, and each page costs. */
#define PAGES_MAX 1000

static const GridColumn columns[] = {
        { "LABEL", .may_shrink = true }, { "STATE" }, { "HOLDER", .may_shrink = true }, { "LEASE", .is_right = true },
        { "LEFT", .is_right = true }, { "SINCE (UTC)" },
};

typedef enum ItemState {
        ITEM_HELD,
        ITEM_EXPIRED,
        ITEM_RELEASED,
        ITEM_OTHER, /* no lock record */
} ItemState;

static const struct {
        const char *name, *colour;
} item_states[] = {
        [ITEM_HELD] = { "held", ANSI_GREEN },
        [ITEM_EXPIRED] = { "expired", ANSI_YELLOW },
        [ITEM_RELEASED] = { "released", "" },
        [ITEM_OTHER] = { "no lock", ANSI_RED },
};

static ItemState state_of(const ScanItem *item, int64_t date_s) {
        if (!item->is_record)
                return ITEM_OTHER;
        if (item->record.expire_time_ms == 0)
                return ITEM_RELEASED;
        return item->record.expire_time_ms / 1000 <= date_s ? ITEM_EXPIRED : ITEM_HELD;
}

/* 0 for what can't be a length or moment of today's. */
static usec_t ms_to_us(int64_t ms) {
        return ms > 0 && ms < INT64_MAX / 1000 ? (usec_t) ms * USEC_PER_MSEC : 0;
}

static int add_item(Grid *grid, const ScanItem *item, int64_t date_s) {
        const Record *record = &item->record;
        ItemState state = state_of(item, date_s);
        usec_t expires_us = ms_to_us(record->expire_time_ms), since_us = ms_to_us(record->start_time_ms);
        char lease[SPAN_TEXT_MAX] = "", left[SPAN_TEXT_MAX] = "", since[SPAN_TEXT_MAX] = "";
        int r;

        if (record->is_ours_by_shape && record->lease_ms > 0)
                format_span(lease, sizeof(lease), ms_to_us(record->lease_ms));
        if (state == ITEM_HELD)
                format_span(left, sizeof(left), usec_sub(expires_us, (usec_t) date_s * USEC_PER_SEC) / USEC_PER_SEC * USEC_PER_SEC);
        if (since_us > 0 && state != ITEM_RELEASED)
                format_utc(since, sizeof(since), since_us);
        r = grid_add(grid, item->label, "");
        if (r >= 0)
                r = grid_add(grid, item_states[state].name, item_states[state].colour);
        if (r >= 0)
                r = grid_add(grid, state == ITEM_RELEASED ? "" : record->holder, "");
        if (r >= 0)
                r = grid_add(grid, lease, "");
        if (r >= 0)
                r = grid_add(grid, left, "");
        return r < 0 ? r : grid_add(grid, since, "");
}

int list_table_put(FILE *out, const ShowStyle *style, const TableRows *rows, bool with_legend) {
        _cleanup_grid_ Grid *grid = NULL;
        size_t n = 0;
        int r = grid_new(columns, ELEMENTSOF(columns), &grid);

        for (size_t i = 0; i < rows->n_pages && r >= 0; i++)
                for (size_t j = 0; j < rows->pages[i]->n && r >= 0; j++, n++)
                        r = add_item(grid, &rows->pages[i]->items[j], rows->date_s);
        if (r < 0)
                return r;
        grid_put(grid, out, style, with_legend);
        if (with_legend)
                fprintf(out, "\n%zu lock%s in table %s.\n", n, n == 1 ? "" : "s", rows->table);
        return 0;
}

typedef struct Pages {
        ScanPage *list[PAGES_MAX];
        size_t n;
        int64_t date_s;
} Pages;

static Pages *pages_free(Pages *pages) {
        for (size_t i = 0; pages && i < pages->n; i++)
                scan_page_free(pages->list[i]);
        free(pages);
        return NULL;
}

static void pages_freep(Pages **pages) {
        pages_free(*pages);
}

static int complain(const AdminReport *report, bool shell_keys) {
        fprintf(stderr, "%s: %s\n", admin_right(report->operation), report->error);
        if (report->result == ADMIN_DENIED)
                fprintf(stderr, "To look at all locks of a table takes dynamodb:Scan, which cloudlockd does not need and its policy does "
                        "not grant;\n%s\n", shell_keys ? "the keys of this shell do not have it either." :
                        "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for this command.");
        return -EREMOTEIO;
}

/* All of them, one after the other. */
static int scan(Session *session, bool shell_keys, Pages *pages) {
        do {
                const char *after = pages->n > 0 ? pages->list[pages->n - 1]->last : NULL;
                AdminReport report;
                int r = session_scan(session, after, &report);

                if (r < 0) {
                        fprintf(stderr, "dynamodb:Scan could not be asked: %s\n", strerror(-r));
                        return r;
                }
                if (report.result != ADMIN_DONE)
                        return complain(&report, shell_keys);
                pages->list[pages->n++] = report.page;
                pages->date_s = report.date_s;
        } while (pages->list[pages->n - 1]->last && pages->n < PAGES_MAX);
        if (pages->list[pages->n - 1]->last)
                fprintf(stderr, "There are more locks than these: what is listed ends after %d requests.\n", PAGES_MAX);
        return 0;
}

static json_object *item_to_json(const ScanItem *item, const char *table, int64_t date_s) {
        _cleanup_json_ json_object *object = json_object_new_object();
        const Record *record = &item->record;
        int r = object ? json_put_string(object, "table", table) : -ENOMEM;

        if (r >= 0 && item->label)
                r = json_put_string(object, "label", item->label);
        if (r >= 0)
                r = json_put_string(object, "state", item_states[state_of(item, date_s)].name);
        if (r >= 0 && *record->holder)
                r = json_put_string(object, "holder", record->holder);
        if (r >= 0 && *record->version)
                r = json_put_string(object, "version", record->version);
        if (r >= 0 && ms_to_us(record->expire_time_ms) > 0)
                r = json_put(object, "expires", json_object_new_uint64(ms_to_us(record->expire_time_ms)));
        if (r >= 0 && ms_to_us(record->start_time_ms) > 0)
                r = json_put(object, "since", json_object_new_uint64(ms_to_us(record->start_time_ms)));
        if (r >= 0 && record->is_ours_by_shape)
                r = json_put(object, "leaseUSec", json_object_new_uint64(ms_to_us(record->lease_ms)));
        if (r >= 0 && record->is_ours_by_shape)
                r = json_put_string(object, "holderHost", record->host);
        if (r >= 0 && record->is_ours_by_shape)
                r = json_put(object, "fence", json_object_new_uint64(record->fence));
        return r < 0 ? NULL : TAKE_PTR(object);
}

static int print_json(const Options *options, const Pages *pages, const char *table) {
        _cleanup_json_ json_object *array = json_object_new_array();

        if (!array)
                return -ENOMEM;
        for (size_t i = 0; i < pages->n; i++)
                for (size_t j = 0; j < pages->list[i]->n; j++) {
                        json_object *item = item_to_json(&pages->list[i]->items[j], table, pages->date_s);

                        if (!item || json_object_array_add(array, item) < 0) {
                                json_object_put(item);
                                return -ENOMEM;
                        }
                }
        return answer_print(stdout, array, options->json);
}

int list_table(const Options *options, const CheckContext *context) {
        _cleanup_(session_freep) Session *session = NULL;
        _cleanup_(pages_freep) Pages *pages = calloc(1, sizeof(Pages));
        ShowStyle style = show_style(stdout);
        bool shell_keys = false;
        int r = pages ? operator_session_open(context, &session, &shell_keys) : -ENOMEM;

        if (r < 0) {
                fprintf(stderr, "Cannot prepare to ask DynamoDB: %s\n", strerror(-r));
                return r;
        }
        r = scan(session, shell_keys, pages);
        if (r < 0)
                return r;
        if (options->full)
                style.width = 0;
        if (options->json)
                r = print_json(options, pages, context->config->table);
        else
                r = list_table_put(stdout, &style, &(TableRows) {
                                                           .pages = (const ScanPage *const *) pages->list,
                                                           .n_pages = pages->n,
                                                           .table = context->config->table,
                                                           .date_s = pages->date_s,
                                                   }, !options->no_legend);
        if (r < 0)
                fprintf(stderr, "Cannot list table %s: %s\n", context->config->table, strerror(-r));
        return r;
}

/* Which table, and where; the label is left out. */
static int is_new(char ***seen, const CheckContext *context) {
        char id[LOCK_ID_TEXT_SIZE];

        lock_id_format(context->place.endpoint, context->place.region, context->config->table, "", id);
        return strv_contains(*seen, id) ? 0 : strv_extend(seen, id) < 0 ? -ENOMEM : 1;
}

int list_tables(const Options *options, char *const *instances) {
        _cleanup_strv_ char **seen = NULL;
        int result = EXIT_DONE;

        for (; *instances; instances++) {
                _cleanup_check_ CheckContext context = { .instance = *instances };
                int r;

                if (!instance_name_check(*instances))
                        return EXIT_NO_INSTANCE;
                r = check_find_place(&context);
                if (r >= 0) {
                        r = is_new(&seen, &context);
                        if (r < 0)
                                fprintf(stderr, "Cannot list the table of %s: %s\n", *instances, strerror(-r));
                }
                if (r > 0)
                        r = list_table(options, &context);
                if (r < 0)
                        result = EXIT_FAILED;
        }
        return result;
}
