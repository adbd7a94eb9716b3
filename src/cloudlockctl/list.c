/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "list.h"

#include <errno.h>
#include <string.h>

#include "answer.h"
#include "cleanup.h"
#include "clock-us.h"
#include "instances.h"
#include "status.h"
#include "strv.h"

static const GridColumn columns[] = {
        { "INSTANCE", .may_shrink = true }, { "STATE" }, { "HOLDER", .may_shrink = true }, { "LEASE", .is_right = true },
        { "LEFT", .is_right = true }, { "TARGET", .may_shrink = true }, { "ACTIVE" },
};

static int add_row(Grid *grid, const ShowStyle *style, const LockRow *row, usec_t now_us) {
        LockCells cells;
        int r;

        lock_row_read(row, style, now_us, &cells);
        r = grid_add(grid, row->instance, "");
        if (r >= 0)
                r = grid_add(grid, cells.state, cells.colour);
        if (r >= 0)
                r = grid_add(grid, cells.holder, "");
        if (r >= 0)
                r = grid_add(grid, cells.lease, "");
        if (r >= 0)
                r = grid_add(grid, cells.left, "");
        if (r >= 0)
                r = grid_add(grid, cells.target, "");
        return r < 0 ? r : grid_add(grid, cells.active, "");
}

int list_put(FILE *out, const ShowStyle *style, const LockRow *rows, size_t n, usec_t now_realtime_us, bool with_legend) {
        _cleanup_grid_ Grid *grid = NULL;
        int r = grid_new(columns, ELEMENTSOF(columns), &grid);

        for (size_t i = 0; i < n && r >= 0; i++)
                r = add_row(grid, style, &rows[i], now_realtime_us);
        if (r < 0)
                return r;
        grid_put(grid, out, style, with_legend);
        if (with_legend)
                fprintf(out, "\n%zu lock%s listed.\n", n, n == 1 ? "" : "s");
        return 0;
}

typedef struct Rows {
        LockRow *list;
        size_t n;
} Rows;

static void rows_done(Rows *rows) {
        for (size_t i = 0; i < rows->n; i++)
                json_object_put(rows->list[i].status);
        free(rows->list);
}

/* Asks all of them. An exit status, or -ENOMEM. */
static int ask_all(char *const *instances, Rows *rows) {
        int result = EXIT_DONE;

        rows->list = calloc(strv_length(instances) + 1, sizeof(LockRow));
        if (!rows->list)
                return -ENOMEM;
        for (; *instances; instances++) {
                LockRow row = { .instance = *instances };
                int one = status_ask(*instances, &row.status);

                if (one == EXIT_DONE || one == EXIT_NOT_RUNNING)
                        rows->list[rows->n++] = row;
                if (one != EXIT_NOT_RUNNING)
                        result = status_worse(result, one);
        }
        return result;
}

static int print_json(const Options *options, const Rows *rows) {
        _cleanup_json_ json_object *array = json_object_new_array();
        int r = array ? 0 : -ENOMEM;

        for (size_t i = 0; i < rows->n && r >= 0; i++)
                r = status_append(array, rows->list[i].instance, rows->list[i].status);
        return r < 0 ? r : answer_print(stdout, array, options->json);
}

static int list_here(const Options *options, char *const *instances) {
        _cleanup_(rows_done) Rows rows = {};
        ShowStyle style = show_style(stdout);
        int result = ask_all(instances, &rows), r;

        if (result < 0)
                return result;
        if (options->full)
                style.width = 0;
        if (options->json)
                r = print_json(options, &rows);
        else
                r = list_put(stdout, &style, rows.list, rows.n, clock_us(CLOCK_REALTIME), !options->no_legend);
        return r < 0 ? r : result;
}

int verb_list(const Options *options, char *const *args) {
        static char *const nothing[] = { NULL };
        _cleanup_strv_ char **all = NULL;
        int r;

        r = *args ? 0 : instances_list(&all);
        if (r >= 0)
                r = (options->table ? list_tables : list_here)(options, *args ? args : all ?: nothing);
        if (r < 0) {
                fprintf(stderr, "Cannot list the instances of this host: %s\n", strerror(-r));
                return EXIT_FAILED;
        }
        return r;
}
