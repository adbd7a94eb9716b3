/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A lock in one row of a table: what list and watch say of it. Pure. */

#include "grid.h"

typedef struct LockRow {
        const char *instance;
        json_object *status; /* NULL: its daemon does not answer */
        bool is_awaited;     /* or has not had the time to */
} LockRow;

/* What stands in its cells; what is not known is "". */
typedef struct LockCells {
        char state[64];
        const char *colour; /* of the state */
        char holder[128];   /* its my_id, without what makes it unique */
        char lease[SPAN_TEXT_MAX];
        char left[SPAN_TEXT_MAX];
        char target[300];
        char active[32]; /* the state of the targets */
        char next[128];
} LockCells;

void lock_row_read(const LockRow *row, const ShowStyle *style, usec_t now_realtime_us, LockCells *ret);
