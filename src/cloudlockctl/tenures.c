/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tenures.h"

#include <errno.h>
#include <string.h>

#include "answer.h"
#include "cleanup.h"
#include "colour.h"
#include "columns.h"
#include "record.h"
#include "text.h"

/* As many holders as a picture is still read with; those of the latest tenures. */
#define LANES_MAX 8

/* What the names beside the bars may take of the width. */
#define LANE_NAME_SHARE 5
#define NAME_SIZE 128

#define BAR_COLUMNS_MIN 16

typedef struct Tenure {
        usec_t since_us, until_us; /* on the wall clock; it goes on: now */
        bool goes_on, end_unknown; /* it was over when this host saw it first: until_us is since_us */
        const char *holder, *how; /* belong to the answer */
} Tenure;

typedef struct Tenures {
        Tenure *list;
        size_t n;
        usec_t now_us;
} Tenures;

static const GridColumn columns[] = {
        { "SINCE (UTC)" }, { "UNTIL (UTC)" }, { "LASTED", .is_right = true }, { "HOLDER", .may_shrink = true }, { "HOW IT ENDED" },
};

static void tenures_done(Tenures *tenures) {
        free(tenures->list);
}

static int tenures_read(json_object *changes, usec_t now_us, Tenures *ret) {
        size_t n = json_object_array_length(changes);

        *ret = (Tenures) { .list = calloc(n + 1, sizeof(Tenure)), .now_us = now_us };
        if (!ret->list)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                json_object *change = json_object_array_get_idx(changes, i);
                usec_t since_us = answer_usec(change, "since"), until_us = answer_usec(change, "until");
                const char *holder = answer_text(change, "holder"), *how = answer_text(change, "how");
                bool goes_on = text_is(how, "acquired");

                if (since_us == 0 || !holder)
                        continue;
                ret->list[ret->n++] = (Tenure) {
                        .since_us = since_us,
                        .until_us = until_us > 0 ? until_us : goes_on ? MAX(now_us, since_us) : since_us,
                        .goes_on = goes_on,
                        .end_unknown = until_us == 0 && !goes_on,
                        .holder = holder,
                        .how = how ?: "",
                };
        }
        return 0;
}

/* What its operator wrote; the whole id where several machines have had that name. */
static char *name_of(char buf[NAME_SIZE], const Tenures *tenures, const char *holder) {
        char other[NAME_SIZE];

        holder_name(buf, NAME_SIZE, holder);
        for (size_t i = 0; i < tenures->n; i++) {
                const char *id = tenures->list[i].holder;

                if (strcmp(id, holder) == 0 || strcmp(holder_name(other, NAME_SIZE, id), buf) != 0)
                        continue;
                snprintf(buf, NAME_SIZE, "%s", holder);
                return buf;
        }
        return buf;
}

static const char *colour_of(const Tenure *tenure) {
        if (tenure->goes_on)
                return ANSI_GREEN;
        return strcmp(tenure->how, "lost") == 0 ? ANSI_RED : strcmp(tenure->how, "expired") == 0 ? ANSI_YELLOW : "";
}

static int add_row(Grid *grid, const Tenures *tenures, const Tenure *tenure) {
        usec_t lasted_us = usec_sub(tenure->until_us, tenure->since_us);
        bool has_end = !tenure->goes_on && !tenure->end_unknown;
        char text[SPAN_TEXT_MAX], name[NAME_SIZE];
        int r = grid_add(grid, format_utc(text, sizeof(text), tenure->since_us), "");

        if (r >= 0)
                r = grid_add(grid, has_end ? format_utc(text, sizeof(text), tenure->until_us) : "", "");
        format_span(text, sizeof(text), lasted_us - lasted_us % USEC_PER_SEC);
        if (r >= 0)
                r = grid_add(grid, tenure->end_unknown ? "" : text, "");
        if (r >= 0)
                r = grid_add(grid, name_of(name, tenures, tenure->holder), "");
        return r < 0 ? r : grid_add(grid, tenure->goes_on ? "holds it" : tenure->how, colour_of(tenure));
}

static int put_table(FILE *out, const ShowStyle *style, const Tenures *tenures, bool with_legend) {
        _cleanup_grid_ Grid *grid = NULL;
        int r = grid_new(columns, ELEMENTSOF(columns), &grid);

        for (size_t i = 0; i < tenures->n && r >= 0; i++)
                r = add_row(grid, tenures, &tenures->list[i]);
        if (r >= 0)
                grid_put(grid, out, style, with_legend);
        return r;
}

/* The holders of the latest tenures, each once; who held it last comes last. Returns how many. */
static size_t find_lanes(const Tenures *tenures, const char *lanes[LANES_MAX]) {
        size_t n = 0;

        for (size_t i = tenures->n; i-- > 0;) {
                size_t j = 0;

                while (j < n && strcmp(lanes[j], tenures->list[i].holder) != 0)
                        j++;
                if (j < n || n == LANES_MAX)
                        continue;
                memmove(lanes + 1, lanes, n * sizeof(*lanes));
                lanes[0] = tenures->list[i].holder;
                n++;
        }
        return n;
}

typedef struct Bar {
        usec_t begin_us, slice_us; /* of the picture, and of each column */
        size_t columns;
} Bar;

typedef enum Fill {
        FILL_NOTHING,
        FILL_MOMENT, /* for less than the column stands for */
        FILL_HELD,
        _FILL_MAX,
} Fill;

/* A column is held by whom it belonged to in its middle, so that two never seem to hold it at once; who held it for too
 * short a time for any middle gets a thin mark where that began. */
static Fill fill_of(const Bar *bar, const Tenures *tenures, const char *holder, size_t column) {
        usec_t begin_us = bar->begin_us + column * bar->slice_us, middle_us = begin_us + bar->slice_us / 2;
        Fill fill = FILL_NOTHING;

        for (size_t i = 0; i < tenures->n; i++) {
                const Tenure *t = &tenures->list[i];

                if (strcmp(t->holder, holder) != 0)
                        continue;
                if (t->since_us <= middle_us && middle_us < t->until_us)
                        return FILL_HELD;
                if (t->since_us >= begin_us && t->since_us < begin_us + bar->slice_us && t->until_us <= middle_us + bar->slice_us)
                        fill = FILL_MOMENT;
        }
        return fill;
}

static void put_lane(FILE *out, const ShowStyle *style, const Bar *bar, const Tenures *tenures, const char *holder,
                     size_t name_columns) {
        static const char *const utf8[_FILL_MAX] = { "·", "│", "█" }, *const ascii[_FILL_MAX] = { ".", "|", "#" };
        const char *const *marks = style->utf8 ? utf8 : ascii;
        char name[NAME_SIZE];
        size_t used;

        name_of(name, tenures, holder);
        used = MIN(columns_of(name), name_columns);
        columns_put(out, name, name_columns, style->utf8);
        fprintf(out, "%*s", (int) (name_columns - used + 1), "");
        for (size_t i = 0; i < bar->columns; i++)
                fputs(marks[fill_of(bar, tenures, holder, i)], out);
        fputc('\n', out);
}

/* When it begins, and when it ends, below the bar. */
static void put_axis(FILE *out, const Bar *bar, const Tenures *tenures, size_t name_columns) {
        char begin[SPAN_TEXT_MAX], end[SPAN_TEXT_MAX];
        size_t used;

        format_utc(begin, sizeof(begin), bar->begin_us);
        format_utc(end, sizeof(end), tenures->now_us);
        fprintf(out, "%*s%s", (int) name_columns + 1, "", begin);
        used = strlen(begin) + strlen(end);
        if (used < bar->columns)
                fprintf(out, "%*s%s", (int) (bar->columns - used), "", end);
        fputc('\n', out);
}

static void put_picture(FILE *out, const ShowStyle *style, const Tenures *tenures) {
        const char *lanes[LANES_MAX];
        size_t n = find_lanes(tenures, lanes), name_columns = 0, width = style->width ?: TERMINAL_COLUMNS;
        Bar bar = { .begin_us = tenures->now_us };

        for (size_t i = 0; i < tenures->n; i++)
                bar.begin_us = MIN(bar.begin_us, tenures->list[i].since_us);
        for (size_t i = 0; i < n; i++) {
                char name[NAME_SIZE];

                name_columns = MAX(name_columns, columns_of(name_of(name, tenures, lanes[i])));
        }
        name_columns = MIN(name_columns, (size_t) width / LANE_NAME_SHARE);
        if (width < name_columns + 1 + BAR_COLUMNS_MIN)
                return;
        bar.columns = width - name_columns - 1;
        bar.slice_us = MAX((tenures->now_us - bar.begin_us) / bar.columns, (usec_t) 1);
        fputc('\n', out);
        for (size_t i = 0; i < n; i++)
                put_lane(out, style, &bar, tenures, lanes[i], name_columns);
        put_axis(out, &bar, tenures, name_columns);
}

int tenures_put(FILE *out, const ShowStyle *style, json_object *changes, usec_t now_realtime_us, bool with_legend) {
        _cleanup_(tenures_done) Tenures tenures = {};
        int r = tenures_read(changes, now_realtime_us, &tenures);

        if (r >= 0)
                r = put_table(out, style, &tenures, with_legend && tenures.n > 0);
        if (r < 0 || !with_legend)
                return r;
        if (tenures.n > 0)
                put_picture(out, style, &tenures);
        fprintf(out, "%s%zu tenure%s seen by this host.\n", tenures.n > 0 ? "\n" : "", tenures.n, tenures.n == 1 ? "" : "s");
        return 0;
}
