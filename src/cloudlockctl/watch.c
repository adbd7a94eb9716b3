/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "answer.h"
#include "change.h"
#include "clock-us.h"
#include "colour.h"
#include "follower.h"
#include "instances.h"
#include "screen.h"
#include "strv.h"
#include "watch-frame.h"

/* More than any terminal shows. */
#define NOTES_KEPT_MAX 32
#define NOTE_TEXT_MAX 600

/* Countdowns are in seconds, and a new instance is seen within one. */
#define TICK_US USEC_PER_SEC

typedef struct Watch Watch;

/* One lock that is watched. */
typedef struct Watched {
        Watch *watch;
        char *instance;
        Follower *follower;
        json_object *status; /* NULL: its daemon does not answer */
        bool told;           /* the first answer, or that there is none */
} Watched;

typedef struct Note {
        usec_t at_us;
        const char *instance;
        char text[NOTE_TEXT_MAX];
} Note;

struct Watch {
        const Options *options;
        sd_event *event;
        sd_event_source *tick;
        Watched **locks;
        size_t n_locks;
        bool takes_all; /* also those that come later */
        Note notes[NOTES_KEPT_MAX]; /* the oldest first */
        size_t n_notes;
        bool has_screen;
        char host[HOST_NAME_MAX + 1];
};

static Watched *watched_free(Watched *lock) {
        if (!lock)
                return NULL;
        follower_free(lock->follower);
        json_object_put(lock->status);
        free(lock->instance);
        free(lock);
        return NULL;
}

static void watched_freep(Watched **lock) {
        watched_free(*lock);
}

static void watch_done(Watch *watch) {
        for (size_t i = 0; i < watch->n_locks; i++)
                watched_free(watch->locks[i]);
        free(watch->locks);
        sd_event_source_disable_unref(watch->tick);
        sd_event_unref(watch->event);
}

/* One frame as text, the caller's to free. */
static int make_frame(const Watch *watch, char **ret) {
        _cleanup_free_ LockRow *rows = calloc(watch->n_locks, sizeof(LockRow));
        _cleanup_free_ char *text = NULL;
        WatchNote notes[NOTES_KEPT_MAX];
        ShowStyle style = show_style(stdout);
        size_t size;
        FILE *out = open_memstream(&text, &size);
        int r = rows && out ? 0 : -ENOMEM;

        for (size_t i = 0; i < watch->n_locks && rows; i++) {
                const Watched *lock = watch->locks[i];

                rows[i] = (LockRow) { lock->instance, lock->status, .is_awaited = !lock->told };
        }
        for (size_t i = 0; i < watch->n_notes; i++)
                notes[i] = (WatchNote) { watch->notes[i].at_us, watch->notes[i].instance, watch->notes[i].text };
        if (r >= 0)
                r = watch_frame(out, &style, &(WatchPicture) {
                                        .host = watch->host,
                                        .rows = rows,
                                        .n_rows = watch->n_locks,
                                        .notes = notes,
                                        .n_notes = watch->n_notes,
                                        .now_us = clock_us(CLOCK_REALTIME),
                                        .lines_max = terminal_lines(stdout),
                                });
        if (out && fclose(out) != 0)
                r = -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(text);
        return r;
}

static int draw(const Watch *watch) {
        _cleanup_free_ char *frame = NULL;
        int r = make_frame(watch, &frame);

        if (r >= 0)
                screen_draw(stdout, frame);
        return r;
}

static void note(Watch *watch, const char *instance, const char *text) {
        Note *last;

        if (watch->n_notes == NOTES_KEPT_MAX)
                memmove(watch->notes, watch->notes + 1, --watch->n_notes * sizeof(Note));
        last = &watch->notes[watch->n_notes++];
        *last = (Note) { .at_us = clock_us(CLOCK_REALTIME), .instance = instance };
        snprintf(last->text, sizeof(last->text), "%s", text);
        if (!watch->has_screen)
                watch_line(stdout, &(WatchNote) { last->at_us, last->instance, last->text });
}

/* Newline-delimited JSON: the answer, with when it came and of whom. */
static int print_record(const Watched *lock, json_object *status) {
        _cleanup_json_ json_object *record = json_object_new_object();
        int r = record ? 0 : -ENOMEM;

        if (r >= 0)
                r = json_put(record, "time", json_object_new_uint64(clock_us(CLOCK_REALTIME)));
        if (r >= 0)
                r = json_put_string(record, "instance", lock->instance);
        if (r >= 0)
                r = json_put(record, "daemonRunning", json_object_new_boolean(status != NULL));
        if (r < 0)
                return r;
        if (status) {
                json_object_object_foreach(status, key, value) {
                        if (strcmp(key, "instance") == 0)
                                continue;
                        if (json_object_object_add(record, key, json_object_get(value)) < 0) {
                                json_object_put(value);
                                return -ENOMEM;
                        }
                }
        }
        return answer_print(stdout, record, JSON_SHORT);
}

static int on_status(Watched *lock, json_object *status) {
        Watch *watch = lock->watch;
        int r = 0;

        if (watch->options->json) {
                if (!json_object_equal(lock->status, status))
                        r = print_record(lock, status);
        } else if (change_is_news(lock->status, status))
                note(watch, lock->instance, change_sentence(status));
        json_object_put(lock->status);
        lock->status = json_object_get(status);
        return r;
}

static int on_away(Watched *lock, int error) {
        char text[128];

        json_object_put(lock->status);
        lock->status = NULL;
        if (lock->watch->options->json)
                return print_record(lock, NULL);
        if (error == -ENOENT || error == -ECONNREFUSED)
                snprintf(text, sizeof(text), "cloudlockd does not run; waiting for it");
        else
                snprintf(text, sizeof(text), "cloudlockd does not answer (%s); asking again", strerror(-error));
        note(lock->watch, lock->instance, text);
        return 0;
}

static void on_news(FollowNews news, json_object *status, int error, void *userdata) {
        Watched *lock = userdata;
        int r;

        lock->told = true;
        r = news == FOLLOW_STATUS ? on_status(lock, status) : on_away(lock, error);
        if (r >= 0 && lock->watch->has_screen)
                r = draw(lock->watch);
        if (fflush(stdout) == EOF && r >= 0)
                r = -errno;
        /* Who reads on would take what was said last for what is. */
        if (r < 0)
                (void) sd_event_exit(lock->watch->event, r);
}

static int add_lock(Watch *watch, const char *instance) {
        _cleanup_(watched_freep) Watched *lock = calloc(1, sizeof(Watched));
        Watched **locks = reallocarray(watch->locks, watch->n_locks + 1, sizeof(Watched *));
        char path[INSTANCE_PATH_MAX];
        int r;

        if (locks)
                watch->locks = locks;
        if (!locks || !lock)
                return -ENOMEM;
        lock->watch = watch;
        lock->instance = strdup(instance);
        if (!lock->instance)
                return -ENOMEM;
        r = follower_new(watch->event, instance_socket_path(path, instance), on_news, lock, &lock->follower);
        if (r < 0)
                return r;
        locks[watch->n_locks++] = TAKE_PTR(lock);
        return 0;
}

static bool is_watched(const Watch *watch, const char *instance) {
        for (size_t i = 0; i < watch->n_locks; i++)
                if (strcmp(watch->locks[i]->instance, instance) == 0)
                        return true;
        return false;
}

static int compare_locks(const void *a, const void *b) {
        return strcmp((*(Watched *const *) a)->instance, (*(Watched *const *) b)->instance);
}

/* Those that were configured or started since. One that is gone stays, as not running. */
static int add_new_locks(Watch *watch) {
        _cleanup_strv_ char **all = NULL;
        int r = instances_list(&all);

        for (char *const *i = all; r >= 0 && i && *i; i++)
                if (!is_watched(watch, *i))
                        r = add_lock(watch, *i);
        if (r >= 0)
                qsort(watch->locks, watch->n_locks, sizeof(Watched *), compare_locks);
        return r;
}

static int on_tick(sd_event_source *source, uint64_t now_us, void *userdata) {
        Watch *watch = userdata;
        int r = watch->takes_all ? add_new_locks(watch) : 0;

        if (r >= 0 && watch->has_screen)
                r = draw(watch);
        if (r >= 0)
                r = sd_event_source_set_time(source, now_us + TICK_US);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_signal(sd_event_source *source _unused_, const struct signalfd_siginfo *info, void *userdata) {
        const Watch *watch = userdata;

        switch (info->ssi_signo) {
        case SIGWINCH:
                return draw(watch);
        case SIGTSTP:
                screen_leave(stdout);
                raise(SIGSTOP);
                screen_enter(stdout);
                return draw(watch);
        default:
                return sd_event_exit(watch->event, EXIT_DONE);
        }
}

static int catch_signals(Watch *watch) {
        static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP };
        size_t n = watch->has_screen ? ELEMENTSOF(caught) : 3;
        sigset_t mask;

        sigemptyset(&mask);
        for (size_t i = 0; i < n; i++)
                sigaddset(&mask, caught[i]);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < n; i++) {
                int r = sd_event_add_signal(watch->event, NULL, caught[i], on_signal, watch);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int begin(Watch *watch, char *const *instances) {
        int r = sd_event_new(&watch->event);

        if (r >= 0)
                r = catch_signals(watch);
        for (; r >= 0 && *instances; instances++)
                r = add_lock(watch, *instances);
        if (r < 0 || (!watch->has_screen && !watch->takes_all))
                return r;
        r = sd_event_add_time_relative(watch->event, &watch->tick, CLOCK_MONOTONIC, 0, 0, on_tick, watch);
        /* Or the picture would stand still without a word. */
        return r < 0 ? r : sd_event_source_set_exit_on_failure(watch->tick, true);
}

static int run(Watch *watch, char *const *instances) {
        _cleanup_free_ char *frame = NULL;
        int r = begin(watch, instances), failure;

        if (r < 0)
                return r;
        if (watch->has_screen)
                screen_enter(stdout);
        r = sd_event_loop(watch->event);
        if (!watch->has_screen)
                return r;
        screen_leave(stdout);
        /* What was seen last stays to be read. */
        failure = make_frame(watch, &frame);
        if (failure >= 0)
                fputs(frame, stdout);
        return r;
}

/* Whether all of them are instances here. */
static bool are_known(char *const *instances) {
        char path[INSTANCE_PATH_MAX];

        for (; *instances; instances++) {
                if (!instance_name_check(*instances))
                        return false;
                if (!instance_is_configured(*instances) && access(instance_socket_path(path, *instances), F_OK) < 0 &&
                    errno == ENOENT) {
                        fprintf(stderr, "%s: there is no such instance: " CONFIG_DIRECTORY "/%s.conf is missing.\n",
                                *instances, *instances);
                        return false;
                }
        }
        return true;
}

int verb_watch(const Options *options, char *const *args) {
        _cleanup_(watch_done) Watch watch = { .options = options };
        _cleanup_strv_ char **all = NULL;
        int r = *args ? 0 : instances_list(&all);

        if (r >= 0 && !*args && !all) {
                fputs("No lock is configured on this host: " CONFIG_DIRECTORY "/*.conf is empty.\n", stderr);
                return EXIT_NO_INSTANCE;
        }
        if (r >= 0 && !are_known(all ?: args))
                return EXIT_NO_INSTANCE;
        watch.takes_all = all;
        gethostname(watch.host, sizeof(watch.host) - 1);
        watch.has_screen = !options->json && screen_is_there(stdout);
        if (r >= 0)
                r = run(&watch, all ?: args);
        if (r < 0) {
                fprintf(stderr, "Watching failed: %s\n", strerror(-r));
                return EXIT_FAILED;
        }
        return r;
}
