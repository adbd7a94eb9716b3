/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who held a lock when, as a table and as a picture. Pure but for the stream. */

#include "grid.h"

/* `changes` is the array of org.cloudlock1.Lock.History, the oldest first; what makes no sense in it is left out. With
 * legend: headings, the picture, and how many there are. 0 or -ENOMEM. */
int tenures_put(FILE *out, const ShowStyle *style, json_object *changes, usec_t now_realtime_us, bool with_legend);
