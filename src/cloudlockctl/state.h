/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a lock's state looks: its colour, its mark, what comes next. */

#include "show.h"

typedef enum Mood {
        MOOD_IDLE,    /* the target does not run here, and should not */
        MOOD_ACTIVE,  /* it runs here */
        MOOD_CHANGE,  /* on the way from one to the other */
        MOOD_TROUBLE, /* a person may want to look */
        _MOOD_MAX,
} Mood;

/* Of an answer of Status(); MOOD_IDLE for states that are not known here. */
Mood status_mood(json_object *status);

/* A dot or a cross, and how it is coloured; "" where it is not, or not with this style. */
const char *mood_mark(Mood mood, const ShowStyle *style);
const char *mood_colour(Mood mood, const ShowStyle *style);

/* "renewal" for "renew"; what is not known here stays as it is. `next` is of this answer of Status(). */
const char *next_text(json_object *status, const char *next);
