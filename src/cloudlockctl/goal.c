/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "goal.h"

#include <assert.h>
#include <string.h>

#include "answer.h"
#include "cleanup.h"

#define SAY(...) snprintf(sentence, GOAL_SENTENCE_MAX, __VA_ARGS__)

static bool is_state(json_object *status, const char *name) {
        const char *state = answer_text(status, "state");

        return state && strcmp(state, name) == 0;
}

/* Neither held nor on the way out of it. */
static bool has_let_go(json_object *status) {
        static const char *const out[] = { "standby", "standing-down", "refusing", "fault", "stopped" };

        for (size_t i = 0; !answer_flag(status, "held") && i < ELEMENTSOF(out); i++)
                if (is_state(status, out[i]))
                        return true;
        return false;
}

/* The holder by the table if that is another host, or NULL. */
static const char *other_holder(json_object *status) {
        const char *holder = answer_text(status, "holder"), *mine = answer_text(status, "holderId");

        return holder && !answer_flag(status, "held") && (!mine || strcmp(holder, mine) != 0) ? holder : NULL;
}

static GoalProgress judge_released(json_object *status, char sentence[GOAL_SENTENCE_MAX]) {
        usec_t until_us = answer_usec(status, "standDownUntil");
        const char *holder = other_holder(status);
        char when[SPAN_TEXT_MAX];

        if (!has_let_go(status))
                return GOAL_ONGOING;
        if (holder)
                SAY("Released; %s holds it.", holder);
        else if (until_us > 0)
                SAY("Released; this host does not take it before %s.", format_timestamp(when, sizeof(when), until_us));
        else if (is_state(status, "standing-down"))
                SAY("Released; this host does not take it until 'cloudlockctl resume'.");
        else
                SAY("Released.");
        return GOAL_REACHED;
}

/* By the whole id, the part that its operator wrote, or the host. */
static bool is_who_was_named(const Goal *goal, json_object *status, const char *holder) {
        const char *host = answer_text(status, "holderHost");
        size_t length;

        if (!goal->to)
                return true;
        length = strlen(goal->to);
        return (strncmp(holder, goal->to, length) == 0 && (!holder[length] || holder[length] == '#')) ||
               (host && strcmp(host, goal->to) == 0);
}

static GoalProgress judge_handed_over(Goal *goal, json_object *status, char sentence[GOAL_SENTENCE_MAX]) {
        const char *holder = other_holder(status);

        if (holder && is_who_was_named(goal, status, holder)) {
                SAY("Handed over; %s holds it.", holder);
                return GOAL_REACHED;
        }
        if (holder) {
                SAY("%s took it instead of %s.", holder, goal->to);
                return GOAL_MISSED;
        }
        if (goal->let_go && answer_flag(status, "held")) {
                if (goal->to)
                        SAY("%s did not take it in time; this host took it back.", goal->to);
                else
                        SAY("Nobody took it in time; this host took it back.");
                return GOAL_MISSED;
        }
        goal->let_go |= has_let_go(status);
        return GOAL_ONGOING;
}

static GoalProgress judge_paused(json_object *status, char sentence[GOAL_SENTENCE_MAX]) {
        if (!answer_flag(status, "paused"))
                return GOAL_ONGOING;
        SAY("Paused: this host stays standby, also after a restart, until 'cloudlockctl resume'.");
        return GOAL_REACHED;
}

static GoalProgress judge_resumed(json_object *status, char sentence[GOAL_SENTENCE_MAX]) {
        if (answer_flag(status, "paused") || is_state(status, "standing-down"))
                return GOAL_ONGOING;
        SAY("Resumed: this host takes the lock again when it may.");
        return GOAL_REACHED;
}

static GoalProgress judge_kept(const Goal *goal, json_object *status, char sentence[GOAL_SENTENCE_MAX]) {
        if (goal->kind == GOAL_UNKEPT && !answer_flag(status, "kept")) {
                SAY("From now on the target's end is a failure again.");
                return GOAL_REACHED;
        }
        if (goal->kind == GOAL_KEPT && answer_flag(status, "kept")) {
                SAY("Kept: the target may stop and start while this host holds the lock. End it with 'cloudlockctl unkeep'.");
                return GOAL_REACHED;
        }
        if (answer_flag(status, "held"))
                return GOAL_ONGOING;
        SAY("The lock is not held here any more.");
        return GOAL_MISSED;
}

static GoalProgress judge_renewed(const Goal *goal, json_object *status, char sentence[GOAL_SENTENCE_MAX]) {
        usec_t expires_us = answer_usec(status, "expires");
        char when[SPAN_TEXT_MAX];

        if (!answer_flag(status, "held")) {
                SAY("The lock is not held here any more.");
                return GOAL_MISSED;
        }
        if (answer_usec(status, "lastRenewal") <= goal->renewed_us)
                return GOAL_ONGOING;
        SAY("Renewed%s%s.", expires_us > 0 ? "; it expires at " : "",
            expires_us > 0 ? format_timestamp(when, sizeof(when), expires_us) : "");
        return GOAL_REACHED;
}

static GoalProgress judge_unlocked(const Goal *goal, json_object *status, char sentence[GOAL_SENTENCE_MAX]) {
        const char *version = answer_text(status, "version"), *holder = other_holder(status);

        if (goal->version ? version && strcmp(version, goal->version) == 0 : is_state(status, "fault"))
                return GOAL_ONGOING;
        if (holder)
                SAY("The record that was shown is gone; by now %s holds the lock.", holder);
        else
                SAY("Unlocked: the record is deleted.");
        return GOAL_REACHED;
}

GoalProgress goal_judge(Goal *goal, json_object *status, char sentence[GOAL_SENTENCE_MAX]) {
        sentence[0] = '\0';
        switch (goal->kind) {
        case GOAL_RELEASED: return judge_released(status, sentence);
        case GOAL_HANDED_OVER: return judge_handed_over(goal, status, sentence);
        case GOAL_PAUSED: return judge_paused(status, sentence);
        case GOAL_RESUMED: return judge_resumed(status, sentence);
        case GOAL_KEPT:
        case GOAL_UNKEPT: return judge_kept(goal, status, sentence);
        case GOAL_RENEWED: return judge_renewed(goal, status, sentence);
        case GOAL_UNLOCKED: return judge_unlocked(goal, status, sentence);
        }
        assert(false);
        return GOAL_MISSED;
}
