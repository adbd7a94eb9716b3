/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A table as text, as networkctl(1) prints them: a heading, and columns as wide as they have to be. */

#include "show.h"

#define GRID_COLUMNS_MAX 8

typedef struct GridColumn {
        const char *heading;
        bool is_right;   /* numbers */
        bool may_shrink; /* where the terminal is too narrow for all of it */
} GridColumn;

typedef struct Grid Grid;

/* `columns` is not copied. 0 or -ENOMEM. */
int grid_new(const GridColumn *columns, size_t n, Grid **ret);
Grid *grid_free(Grid *grid);

static inline void grid_freep(Grid **g) {
        grid_free(*g);
}
#define _cleanup_grid_ _cleanup_(grid_freep)

/* Fills in the next cell, row by row. The text is copied; NULL and "" are shown as "-". `colour` is a literal, "" for
 * none. 0 or -ENOMEM. */
int grid_add(Grid *grid, const char *text, const char *colour);

void grid_put(const Grid *grid, FILE *out, const ShowStyle *style, bool with_heading);
