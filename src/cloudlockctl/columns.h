/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text in columns of a terminal. It may have been written by others: control characters (C0, DEL and, in UTF-8, C1),
 * which a terminal would obey, are shown as '?'. A character is taken to be one column wide, as those of names are. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How many columns `text` takes. */
size_t columns_of(const char *text);

/* Writes `text`, but no more than `width` columns of it; what is cut ends in an ellipsis. */
void columns_put(FILE *out, const char *text, size_t width, bool utf8);

/* Writes `text` in lines of `width` columns (0: no end), broken at blanks where there are some; each line but the first
 * begins with `indent` blanks, which count, and the first begins at that column. Ends with a newline. */
void columns_wrap(FILE *out, const char *text, size_t indent, size_t width);
