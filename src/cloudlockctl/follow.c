/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "follow.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "answer.h"
#include "change.h"
#include "follower.h"
#include "instances.h"
#include "show.h"

/* A daemon that is restarted is back by then; one that was stopped does not come back. */
#define AWAY_US_MAX (30 * USEC_PER_SEC)

typedef struct Follow {
        const char *instance;
        Goal *goal;
        sd_event *event;
        sd_event_source *away;
        json_object *last; /* that was shown */
} Follow;

static void follow_done(Follow *follow) {
        sd_event_source_disable_unref(follow->away);
        json_object_put(follow->last);
        sd_event_unref(follow->event);
}

static void say(const Follow *follow, const char *text) {
        fprintf(stderr, "%s: ", follow->instance);
        show_safely(stderr, text);
        fputc('\n', stderr);
}

static void on_status(Follow *follow, json_object *status) {
        char sentence[GOAL_SENTENCE_MAX];
        GoalProgress progress;

        follow->away = sd_event_source_disable_unref(follow->away);
        progress = goal_judge(follow->goal, status, sentence);
        if (progress == GOAL_ONGOING && change_is_news(follow->last, status))
                say(follow, change_sentence(status));
        json_object_put(follow->last);
        follow->last = json_object_get(status);
        if (progress == GOAL_ONGOING)
                return;
        say(follow, sentence);
        sd_event_exit(follow->event, progress == GOAL_REACHED ? EXIT_DONE : EXIT_FAILED);
}

static int on_away_for_long(sd_event_source *source _unused_, uint64_t now_us _unused_, void *userdata) {
        Follow *follow = userdata;

        say(follow, "cloudlockd does not come back; how this ended is not known. Look at 'cloudlockctl status'.");
        return sd_event_exit(follow->event, EXIT_FAILED);
}

static void on_away(Follow *follow, int error) {
        char text[128];

        snprintf(text, sizeof(text), "cloudlockd does not answer (%s); asking again", strerror(-error));
        say(follow, text);
        if (sd_event_add_time_relative(follow->event, &follow->away, CLOCK_MONOTONIC, AWAY_US_MAX, 0,
                                       on_away_for_long, follow) < 0)
                sd_event_exit(follow->event, EXIT_FAILED);
}

static void on_news(FollowNews news, json_object *status, int error, void *userdata) {
        Follow *follow = userdata;

        if (news == FOLLOW_STATUS)
                on_status(follow, status);
        else if (!follow->away)
                on_away(follow, error);
}

static int on_signal(sd_event_source *source _unused_, const struct signalfd_siginfo *info, void *userdata) {
        Follow *follow = userdata;

        fputc('\n', stderr);
        say(follow, "Not followed any more; what was asked for goes on. 'cloudlockctl watch' shows it.");
        return sd_event_exit(follow->event, 128 + (int) info->ssi_signo);
}

static int catch_signals(Follow *follow) {
        static const int caught[] = { SIGINT, SIGTERM };
        sigset_t mask;

        sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(caught); i++)
                sigaddset(&mask, caught[i]);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(caught); i++) {
                int r = sd_event_add_signal(follow->event, NULL, caught[i], on_signal, follow);

                if (r < 0)
                        return r;
        }
        return 0;
}

int follow_goal(const char *instance, Goal *goal) {
        _cleanup_(follow_done) Follow follow = { .instance = instance, .goal = goal };
        _cleanup_(follower_freep) Follower *follower = NULL;
        char path[INSTANCE_PATH_MAX];
        int r = sd_event_new(&follow.event);

        if (r >= 0)
                r = catch_signals(&follow);
        if (r >= 0)
                r = follower_new(follow.event, instance_socket_path(path, instance), on_news, &follow, &follower);
        if (r >= 0)
                r = sd_event_loop(follow.event);
        if (r < 0) {
                fprintf(stderr, "%s: cannot follow what happens: %s\n", instance, strerror(-r));
                return EXIT_FAILED;
        }
        return r;
}
