/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state.h"

#include <string.h>

#include "cleanup.h"
#include "colour.h"

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

Mood state_mood(const char *state) {
        for (size_t i = 0; i < ELEMENTSOF(state_moods); i++)
                if (strcmp(state_moods[i].state, state) == 0)
                        return state_moods[i].mood;
        return MOOD_IDLE;
}

const char *mood_mark(Mood mood, const ShowStyle *style) {
        return style->utf8 ? moods[mood].utf8 : moods[mood].ascii;
}

const char *mood_colour(Mood mood, const ShowStyle *style) {
        return style->color ? moods[mood].colour : "";
}

const char *next_text(const char *next) {
        for (size_t i = 0; i < ELEMENTSOF(next_texts); i++)
                if (strcmp(next_texts[i].name, next) == 0)
                        return next_texts[i].text;
        return next;
}
