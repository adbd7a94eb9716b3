/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When what an operator asked for is done, told from the answers of Status() that follow. Pure. */

#include "json.h"
#include "time-span.h"

#define GOAL_SENTENCE_MAX 600

typedef enum GoalKind {
        GOAL_RELEASED,
        GOAL_HANDED_OVER,
        GOAL_PAUSED,
        GOAL_RESUMED,
        GOAL_KEPT,
        GOAL_UNKEPT,
        GOAL_RENEWED,
        GOAL_UNLOCKED,
} GoalKind;

typedef struct Goal {
        GoalKind kind;
        const char *to;      /* of HANDED_OVER: who was named; NULL: nobody */
        const char *version; /* of UNLOCKED: of the record that is to go; NULL: it has none */
        usec_t renewed_us;   /* of RENEWED: the renewal before */
        bool let_go;         /* of HANDED_OVER: it was seen not to be held any more */
} Goal;

typedef enum GoalProgress {
        GOAL_ONGOING,
        GOAL_REACHED,
        GOAL_MISSED, /* it won't be */
} GoalProgress;

/* `sentence` is for a person; of ONGOING it is empty. */
GoalProgress goal_judge(Goal *goal, json_object *status, char sentence[GOAL_SENTENCE_MAX]);
