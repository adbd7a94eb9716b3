/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grid.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "colour.h"
#include "columns.h"

/* What a column that may shrink keeps. */
#define SHRUNK_MIN 8

typedef struct Cell {
        char *text;
        const char *colour;
} Cell;

struct Grid {
        const GridColumn *columns;
        size_t n_columns;
        Cell *cells;
        size_t n_cells;
        size_t widths[GRID_COLUMNS_MAX]; /* of the columns, as wide as their texts */
};

int grid_new(const GridColumn *columns, size_t n, Grid **ret) {
        Grid *grid = calloc(1, sizeof(Grid));

        assert(n > 0 && n <= GRID_COLUMNS_MAX);
        if (!grid)
                return -ENOMEM;
        grid->columns = columns;
        grid->n_columns = n;
        *ret = grid;
        return 0;
}

Grid *grid_free(Grid *grid) {
        if (!grid)
                return NULL;
        for (size_t i = 0; i < grid->n_cells; i++)
                free(grid->cells[i].text);
        free(grid->cells);
        free(grid);
        return NULL;
}

int grid_add(Grid *grid, const char *text, const char *colour) {
        _cleanup_free_ char *copy = strdup(text && *text ? text : "-");
        Cell *cells = reallocarray(grid->cells, grid->n_cells + 1, sizeof(Cell));
        size_t *width = &grid->widths[grid->n_cells % grid->n_columns];

        if (cells)
                grid->cells = cells;
        if (!cells || !copy)
                return -ENOMEM;
        *width = MAX(*width, columns_of(copy));
        cells[grid->n_cells++] = (Cell) { TAKE_PTR(copy), colour };
        return 0;
}

static size_t sum(const size_t *widths, size_t n) {
        size_t total = n - 1; /* a blank between two of them */

        for (size_t i = 0; i < n; i++)
                total += widths[i];
        return total;
}

/* Takes from the widest of those that may, one column of the terminal after the other. */
static void shrink(const Grid *grid, size_t *widths, size_t room) {
        while (sum(widths, grid->n_columns) > room) {
                size_t *widest = NULL;

                for (size_t i = 0; i < grid->n_columns; i++)
                        if (grid->columns[i].may_shrink && widths[i] > SHRUNK_MIN && (!widest || widths[i] > *widest))
                                widest = &widths[i];
                if (!widest)
                        return;
                (*widest)--;
        }
}

static void put_cell(const Grid *grid, FILE *out, const ShowStyle *style, const Cell *cell, size_t column, size_t width) {
        size_t used = MIN(columns_of(cell->text), width), pad = width - used;
        bool colours = style->color && *cell->colour, last = column + 1 == grid->n_columns;

        if (grid->columns[column].is_right)
                fprintf(out, "%*s", (int) pad, "");
        if (colours)
                fputs(cell->colour, out);
        columns_put(out, cell->text, width, style->utf8);
        if (colours)
                fputs(ANSI_NORMAL, out);
        if (!grid->columns[column].is_right && !last)
                fprintf(out, "%*s", (int) pad, "");
        fputc(last ? '\n' : ' ', out);
}

void grid_put(const Grid *grid, FILE *out, const ShowStyle *style, bool with_heading) {
        size_t widths[GRID_COLUMNS_MAX];

        assert(grid->n_columns > 0);
        for (size_t i = 0; i < grid->n_columns; i++)
                widths[i] = MAX(grid->widths[i], with_heading ? strlen(grid->columns[i].heading) : 0);
        if (style->width > 0)
                shrink(grid, widths, style->width);
        for (size_t i = 0; with_heading && i < grid->n_columns; i++) {
                const Cell heading = { (char *) grid->columns[i].heading, "" };

                put_cell(grid, out, style, &heading, i, widths[i]);
        }
        for (size_t i = 0; i < grid->n_cells; i++)
                put_cell(grid, out, style, &grid->cells[i], i % grid->n_columns, widths[i % grid->n_columns]);
}
