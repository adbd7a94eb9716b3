/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What watch shows: one frame on a terminal, or one line a change. Pure but for the stream. */

#include "lock-row.h"

/* A change that was seen. */
typedef struct WatchNote {
        usec_t at_us; /* on the wall clock */
        const char *instance;
        const char *text;
} WatchNote;

typedef struct WatchPicture {
        const char *host;
        const LockRow *rows;
        size_t n_rows;
        const WatchNote *notes; /* the oldest first */
        size_t n_notes;
        usec_t now_us;      /* on the wall clock */
        unsigned lines_max; /* of the terminal; 0: not known */
} WatchPicture;

/* Lines that end in "\n", none of them wider than style->width, and no more than there is room for. 0 or -ENOMEM. */
int watch_frame(FILE *out, const ShowStyle *style, const WatchPicture *picture);

/* A note as a line of its own. */
void watch_line(FILE *out, const WatchNote *note);
