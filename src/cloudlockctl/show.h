/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One lock as text, in the manner of "systemctl status". Pure but for the stream that it writes to, and
 * for show_style(). */

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "time-span.h"

/* How the terminal likes it. */
typedef struct ShowStyle {
        bool color;
        bool utf8;
        unsigned width; /* columns; 0: lines may be as long as they are */
} ShowStyle;

/* `status` is the answer of org.cloudlock1.Lock.Status; whatever is missing in it or has another type is left out.
 * Text from the table was written by others: control characters are shown as '?'. */
void show_status(FILE *out, const ShowStyle *style, json_object *status, usec_t now_realtime_us);

/* Text that others wrote: control characters are shown as '?'. The second writes at most `size` bytes of it. */
void show_safely(FILE *out, const char *text);
void show_safely_n(FILE *out, const char *text, size_t size);

/* What fits to where this goes: on a terminal its width, and colours unless NO_COLOR, SYSTEMD_COLORS or TERM=dumb say
 * otherwise. */
ShowStyle show_style(FILE *out);

/* An instance without a daemon. */
void show_not_running(FILE *out, const ShowStyle *style, const char *instance);
