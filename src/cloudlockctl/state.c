/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state.h"

#include <string.h>

#include "answer.h"
#include "cleanup.h"
#include "colour.h"
#include "lock.h"
#include "text.h"

static const struct {
        const char *utf8, *ascii, *colour;
} moods[_MOOD_MAX] = {
        [MOOD_IDLE] = { "○", "-", "" },
        [MOOD_ACTIVE] = { "●", "*", ANSI_GREEN },
        [MOOD_CHANGE] = { "●", "*", ANSI_YELLOW },
        [MOOD_TROUBLE] = { "×", "x", ANSI_RED },
};

static const struct {
        const char *state;
        Mood mood;
} state_moods[] = {
        { "running", MOOD_ACTIVE },   { "acquiring", MOOD_CHANGE }, { "waiting", MOOD_CHANGE },
        { "starting", MOOD_CHANGE },  { "stopping", MOOD_CHANGE },  { "releasing", MOOD_CHANGE },
        { "lapsed", MOOD_TROUBLE },   { "lost", MOOD_TROUBLE },     { "standing-down", MOOD_TROUBLE },
        { "refusing", MOOD_TROUBLE }, { "fault", MOOD_TROUBLE },
};

static const struct {
        const char *name, *text;
} next_texts[] = {
        { "poll", "look at the table" },           { "takeover", "takeover, if the holder does not renew" },
        { "target-start", "start of the target" }, { "renew", "renewal" },
        { "stop", "stop of the target" },          { "kill", "kill of the target" },
        { "stand-up", "end of the stand-down" },
};

static Mood state_mood(const char *state) {
        for (size_t i = 0; i < ELEMENTSOF(state_moods); i++)
                if (text_is(state, state_moods[i].state))
                        return state_moods[i].mood;
        return MOOD_IDLE;
}

/* A failure is stood down from for a while; operators' wishes and a oneshot's clean end hold until told otherwise, but for
 * a release. */
static bool stands_down_on_purpose(json_object *status) {
        return text_is(answer_text(status, "state"), "standing-down") &&
               (answer_usec(status, "standDownUntil") == 0 || text_is(answer_text(status, "reason"), LOCK_REASON_RELEASED));
}

Mood status_mood(json_object *status) {
        Mood mood = stands_down_on_purpose(status) ? MOOD_IDLE : state_mood(answer_text(status, "state"));

        return mood != MOOD_TROUBLE && answer_flag(status, "storeFailing") ? MOOD_CHANGE : mood;
}

const char *mood_mark(Mood mood, const ShowStyle *style) {
        return style->utf8 ? moods[mood].utf8 : moods[mood].ascii;
}

const char *mood_colour(Mood mood, const ShowStyle *style) {
        return style->color ? moods[mood].colour : "";
}

const char *next_text(json_object *status, const char *next) {
        /* Nobody holds what was handed over and not taken yet. */
        if (strcmp(next, "takeover") == 0 && answer_text(status, "successor"))
                return "takeover, if the successor has not taken it";
        for (size_t i = 0; i < ELEMENTSOF(next_texts); i++)
                if (strcmp(next_texts[i].name, next) == 0)
                        return next_texts[i].text;
        return next;
}
