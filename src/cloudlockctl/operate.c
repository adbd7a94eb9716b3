/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operate.h"

#include <errno.h>
#include <string.h>

#include "agent.h"
#include "answer.h"
#include "ask.h"
#include "client.h"
#include "follow.h"

/* polkit may have to ask a person for a password. */
#define PERSON_US_MAX (3 * USEC_PER_MINUTE)

int operate_call(const char *instance, const char *verb, const char *method, json_object *parameters) {
        _cleanup_json_ json_object *answer = NULL;
        _cleanup_agent_ pid_t agent = 0;
        int r = json_put(parameters, "allowInteractiveAuthentication", json_object_new_boolean(isatty(STDIN_FILENO)));

        if (r < 0) {
                fprintf(stderr, "%s\n", strerror(-r));
                return EXIT_FAILED;
        }
        agent = agent_begin();
        return ask_for(instance, verb, method, parameters, PERSON_US_MAX, &answer);
}

int operate_status(const char *instance, const char *verb, json_object **ret) {
        return ask_for(instance, verb, LOCK_INTERFACE ".Status", NULL, CALL_US_MAX, ret);
}

int operate_fail(int error) {
        fprintf(stderr, "%s\n", strerror(-error));
        return EXIT_FAILED;
}

/* Asks for it, and follows it if that is wanted. `parameters` is taken over. */
static int operate(const Options *options, const char *instance, const char *verb, const char *method,
                   json_object *parameters, Goal *goal) {
        _cleanup_json_ json_object *own = parameters;
        int r = own ? operate_call(instance, verb, method, own) : operate_fail(-ENOMEM);

        return r != EXIT_DONE || options->no_block ? r : follow_goal(instance, goal);
}

int verb_release(const Options *options, char *const *args) {
        _cleanup_json_ json_object *parameters = json_object_new_object();
        Goal goal = { .kind = GOAL_RELEASED };
        int r = parameters ? 0 : -ENOMEM;

        if (r >= 0 && options->for_us > 0)
                r = json_put(parameters, "forUSec", json_object_new_uint64(options->for_us));
        if (r < 0)
                return operate_fail(r);
        return operate(options, args[0], "release", LOCK_INTERFACE ".Release", TAKE_PTR(parameters), &goal);
}

int verb_handover(const Options *options, char *const *args) {
        _cleanup_json_ json_object *parameters = json_object_new_object();
        Goal goal = { .kind = GOAL_HANDED_OVER, .to = options->to };
        int r = parameters ? 0 : -ENOMEM;

        if (r >= 0 && options->to)
                r = json_put_string(parameters, "to", options->to);
        if (r < 0)
                return operate_fail(r);
        return operate(options, args[0], "handover", LOCK_INTERFACE ".Handover", TAKE_PTR(parameters), &goal);
}

int verb_renew(const Options *options, char *const *args) {
        _cleanup_json_ json_object *before = NULL;
        Goal goal = { .kind = GOAL_RENEWED };
        int r = operate_status(args[0], "renew", &before);

        if (r != EXIT_DONE)
                return r;
        goal.renewed_us = answer_usec(before, "lastRenewal");
        return operate(options, args[0], "renew", LOCK_INTERFACE ".Renew", json_object_new_object(), &goal);
}

/* One that takes nothing but its instance. */
static int operate_plainly(const Options *options, char *const *args, const char *verb, const char *method, GoalKind kind) {
        return operate(options, args[0], verb, method, json_object_new_object(), &(Goal) { .kind = kind });
}

int verb_pause(const Options *options, char *const *args) {
        return operate_plainly(options, args, "pause", LOCK_INTERFACE ".Pause", GOAL_PAUSED);
}

int verb_resume(const Options *options, char *const *args) {
        return operate_plainly(options, args, "resume", LOCK_INTERFACE ".Resume", GOAL_RESUMED);
}

int verb_keep(const Options *options, char *const *args) {
        return operate_plainly(options, args, "keep", LOCK_INTERFACE ".Keep", GOAL_KEPT);
}

int verb_unkeep(const Options *options, char *const *args) {
        return operate_plainly(options, args, "unkeep", LOCK_INTERFACE ".Unkeep", GOAL_UNKEPT);
}

int verb_metrics(const Options *options _unused_, char *const *args) {
        _cleanup_json_ json_object *answer = NULL;
        int r = ask_for(args[0], "metrics", LOCK_INTERFACE ".Metrics", NULL, CALL_US_MAX, &answer);
        const char *text = r == EXIT_DONE ? answer_text(answer, "text") : NULL;

        if (text)
                fputs(text, stdout);
        return r;
}
