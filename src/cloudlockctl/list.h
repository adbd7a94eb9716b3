/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The locks of this host as a table, and the locks in a table as one. */

#include "lock-row.h"
#include "verbs.h"

/* Pure but for the stream. 0 or -ENOMEM. */
int list_put(FILE *out, const ShowStyle *style, const LockRow *rows, size_t n, usec_t now_realtime_us, bool with_legend);

/* Every lock in the table of one instance (NULL: of each instance here). An exit status. */
int list_table(const Options *options, const char *instance);
