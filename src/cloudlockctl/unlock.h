/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What force-unlock says before it does anything. Pure but for the streams. */

#include "show.h"

/* Who holds the lock, since when, until when, and what is at stake. */
void unlock_show(FILE *out, const ShowStyle *style, json_object *status, usec_t now_realtime_us);

/* Whether `holder`, as typed by a person, is who was shown. NULL: nothing was typed. If not, says why and what to type. */
bool unlock_is_meant(FILE *out, json_object *status, const char *instance, const char *holder);
