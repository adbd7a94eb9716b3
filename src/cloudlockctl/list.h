/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The locks of this host as a table, and the locks in a table as one. */

#include "check-context.h"
#include "lock-row.h"
#include "verbs.h"

/* Pure but for the stream. 0 or -ENOMEM. */
int list_put(FILE *out, const ShowStyle *style, const LockRow *rows, size_t n, usec_t now_realtime_us, bool with_legend);

/* The items of a table at the time that the store's Date says. Pure but for the stream. 0 or -ENOMEM. */
typedef struct TableRows {
        const ScanPage *const *pages;
        size_t n_pages;
        const char *table;
        int64_t date_s; /* 0: not known */
} TableRows;

int list_table_put(FILE *out, const ShowStyle *style, const TableRows *rows, bool with_legend);

/* Every item in the table that `context` names, whose place is known. Says on stderr what went wrong. 0 or a negative
 * errno. */
int list_table(const Options *options, const CheckContext *context);

/* The tables of these instances, each once. An exit status. */
int list_tables(const Options *options, char *const *instances);
