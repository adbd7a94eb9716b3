/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keeper.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "cleanup.h"
#include "clock-us.h"
#include "fetch.h"
#include "renewal.h"
#include "strv.h"
#include "text.h"

struct Keeper {
        Surroundings around;
        KeeperHandler changed;
        void *userdata;

        Found current; /* the keys at hand, if any */
        bool outlives; /* they may be used past their expiry */
        const Source *source; /* where they are from */
        Renewal renewal;

        Found failure;      /* the latest, while it holds: why there are no newer keys */
        bool has_failure;
        bool failure_was_told;
        usec_t failed_us;

        const Source *fetched_source;
        Fetch *fetch;
        sd_event_source *timer;
};

/* A failure that nobody was there to hear is told to who asks this soon, instead of trying again first. */
#define UNTOLD_US_MAX (30 * USEC_PER_SEC)

static unsigned draw_permille(void) {
        unsigned random = 0;

        /* Without it all hosts would come back at once, which is no disaster. */
        (void) !getrandom(&random, sizeof(random), GRND_NONBLOCK);
        return random % 1000;
}

static void surroundings_done(Surroundings *around) {
        keys_done(&around->configured);
        free(around->directory);
        free(around->region);
        strv_free_secrets(around->environment);
        profile_free(around->profile);
        secret_free(around->metadata_token);
        sd_event_unref(around->event);
}

Keeper *keeper_free(Keeper *keeper) {
        if (!keeper)
                return NULL;
        fetch_free(keeper->fetch);
        sd_event_source_disable_unref(keeper->timer);
        found_done(&keeper->current);
        surroundings_done(&keeper->around);
        free(keeper);
        return NULL;
}

static void keeper_freep(Keeper **k) {
        keeper_free(*k);
}

static int copy_config(Surroundings *around, const CredentialsConfig *config) {
        around->directory = config->directory ? strdup(config->directory) : NULL;
        around->region = config->region ? strdup(config->region) : NULL;
        if ((config->directory && !around->directory) || (config->region && !around->region))
                return -ENOMEM;
        for (char *const *e = config->environment; e && *e; e++)
                if (strv_extend(&around->environment, *e) < 0)
                        return -ENOMEM;
        return keys_set(&around->configured, config->key_id, config->secret, config->session_token);
}

static bool keys_are_usable(const Keeper *keeper, usec_t t_us) {
        return keeper->current.keys.key_id && (keeper->outlives || t_us < keeper->renewal.expires_us);
}

/* Wakes up when the next fetch is due; without keys it is a question that begins one. */
static void set_timer(Keeper *keeper) {
        usec_t due_us = renewal_due_us(&keeper->renewal);

        if (!keeper->current.keys.key_id || due_us == USEC_INFINITY || keeper->fetch) {
                sd_event_source_set_enabled(keeper->timer, SD_EVENT_OFF);
                return;
        }
        sd_event_source_set_time(keeper->timer, due_us);
        sd_event_source_set_enabled(keeper->timer, SD_EVENT_ONESHOT);
}

/* Whose clock says how long they last: that of who handed them out, where it said what it was. */
static usec_t life_us(const Found *found) {
        int64_t now_s = found->date_s ?: (int64_t) (clock_us(CLOCK_REALTIME) / USEC_PER_SEC);

        if (found->expires_s == 0)
                return USEC_INFINITY;
        return found->expires_s > now_s ? (usec_t) (found->expires_s - now_s) * USEC_PER_SEC : 0;
}

static void note_failure(Keeper *keeper, const Found *found) {
        keeper->has_failure = true;
        keeper->failure_was_told = false;
        keeper->failed_us = clock_us(CLOCK_BOOTTIME);
        keeper->failure.transient = found->transient;
        strcpy(keeper->failure.source, found->source);
        strcpy(keeper->failure.error, found->error);
}

/* Keys that have expired already are taken from who may hand such out while it has trouble. */
static bool is_stale(Found *found, const Source *source) {
        if (life_us(found) > 0)
                return false;
        snprintf(found->error, sizeof(found->error), "%s gave keys that have expired already%s", found->source,
                 found->date_s ? "" : ": look at the clock of this host, too");
        found->transient = true;
        return !source->outlives;
}

static void take(Keeper *keeper, const Source *source, Found *found) {
        usec_t t_us = clock_us(CLOCK_BOOTTIME);

        keeper->has_failure = false;
        if (found->keys.key_id && is_stale(found, source))
                keys_done(&found->keys);
        if (*found->error)
                note_failure(keeper, found);
        if (!found->keys.key_id) {
                renewal_failed(&keeper->renewal, draw_permille());
                return;
        }
        found_done(&keeper->current);
        keeper->current = *found;
        found->keys = (Keys) { 0 };
        keeper->source = source;
        keeper->outlives = source->outlives;
        renewal_succeeded(&keeper->renewal, t_us, life_us(&keeper->current), draw_permille());
}

static void on_fetched(Found *found, void *userdata) {
        Keeper *keeper = userdata;
        Fetch *fetch = TAKE_PTR(keeper->fetch);

        take(keeper, keeper->fetched_source, found);
        fetch_free(fetch);
        set_timer(keeper);
        keeper->changed(keeper->userdata);
}

/* 0 or a negative errno. What a place has at once is taken at once. */
static int begin(Keeper *keeper, const Source *source) {
        _cleanup_found_ Found found = { 0 };
        int r = source->look(&(FetchRequest) { &keeper->around, on_fetched, keeper }, &found, &keeper->fetch);

        if (r < 0)
                return r;
        keeper->renewal.tried_us = clock_us(CLOCK_BOOTTIME);
        keeper->fetched_source = source;
        if (r > 0) {
                take(keeper, source, &found);
                keeper->changed(keeper->userdata); /* others may wait for what was on its way before */
        }
        return 0;
}

/* Whether the place has to be asked now. `asked`: by a question, which may first hear what came of the last time. */
static bool is_due(const Keeper *keeper, const Source *source, bool asked) {
        usec_t t_us = clock_us(CLOCK_BOOTTIME);

        if (source->is_at_hand && source->is_at_hand(&keeper->around))
                return true;
        if (asked && !keys_are_usable(keeper, t_us) && keeper->has_failure && !keeper->failure_was_told &&
            t_us < usec_add(keeper->failed_us, UNTOLD_US_MAX))
                return false;
        return t_us >= renewal_due_us(&keeper->renewal);
}

/* Whatever it was that failed, is on its way or at hand: the files say something else now. */
static void start_over(Keeper *keeper) {
        keeper->around.profile_changed = false;
        if (keeper->fetch && keeper->fetched_source->needs_profile)
                keeper->fetch = fetch_free(keeper->fetch);
        keeper->has_failure = false;
        keeper->renewal.n_failures = 0;
        keeper->renewal.refused = keeper->renewal.has_keys;
}

static void fail(Keeper *keeper, const char *source, const char *error, bool transient) {
        Found found = { .transient = transient };

        snprintf(found.source, sizeof(found.source), "%s", source);
        snprintf(found.error, sizeof(found.error), "%s", error);
        note_failure(keeper, &found);
        keeper->renewal.tried_us = clock_us(CLOCK_BOOTTIME);
        renewal_failed(&keeper->renewal, draw_permille());
}

static int refresh(Keeper *keeper, bool asked) {
        char error[CREDENTIALS_ERROR_MAX];
        const Source *source;
        int r = chain_choose(&keeper->around, &source, error);

        if (r < 0)
                return r;
        if (r > 0) {
                fail(keeper, "the shared files of AWS's tools", error, false);
                return 0;
        }
        if (keeper->around.profile_changed)
                start_over(keeper);
        if (keeper->fetch || !is_due(keeper, source, asked))
                return 0;
        return begin(keeper, source);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Keeper *keeper = userdata;
        int r = refresh(keeper, false);

        if (r < 0)
                fail(keeper, keeper->current.source, strerror(-r), true);
        set_timer(keeper);
        return 0;
}

int keeper_look(Keeper *keeper) {
        usec_t t_us;
        int r = refresh(keeper, true);

        set_timer(keeper);
        if (r < 0)
                return r;
        t_us = clock_us(CLOCK_BOOTTIME);
        if (!keys_are_usable(keeper, t_us))
                return keeper->fetch ? KEEPER_WAIT : KEEPER_READY;
        return keeper->fetch && renewal_is_urgent(&keeper->renewal, t_us) ? KEEPER_URGENT : KEEPER_READY;
}

void keeper_answer(Keeper *keeper, char source_buf[static KEEPER_SOURCE_MAX], CredentialsAnswer *ret) {
        const Found *current = &keeper->current;
        usec_t t_us = clock_us(CLOCK_BOOTTIME);
        char span[SPAN_TEXT_MAX];

        *ret = (CredentialsAnswer) { .source = source_buf };
        source_buf[0] = '\0';
        if (keeper->has_failure)
                keeper->failure_was_told = true;
        if (!keys_are_usable(keeper, t_us)) {
                ret->transient = !keeper->has_failure || keeper->failure.transient;
                if (keeper->has_failure)
                        strcpy(ret->error, keeper->failure.error);
                else
                        snprintf(ret->error, sizeof(ret->error), "there are no AWS keys yet: %s has not answered in time",
                                 keeper->fetch ? keeper->fetch->found.source : "what gives them");
                return;
        }
        ret->keys = &current->keys;
        text_append(source_buf, KEEPER_SOURCE_MAX, "%s", current->source);
        if (t_us >= keeper->renewal.expires_us)
                text_append(source_buf, KEEPER_SOURCE_MAX, ", expired %s ago",
                            format_span(span, sizeof(span), usec_sub(t_us, keeper->renewal.expires_us)));
        if (keeper->has_failure)
                text_append(source_buf, KEEPER_SOURCE_MAX, " (they can't be renewed: %s)", keeper->failure.error);
}

void keeper_refused(Keeper *keeper) {
        renewal_refused(&keeper->renewal, clock_us(CLOCK_BOOTTIME));
}

int keeper_new(sd_event *event, Http *http, const CredentialsConfig *config, KeeperHandler changed, void *userdata,
               Keeper **ret) {
        _cleanup_(keeper_freep) Keeper *keeper = calloc(1, sizeof(Keeper));
        int r;

        if (!keeper)
                return -ENOMEM;
        keeper->changed = changed;
        keeper->userdata = userdata;
        keeper->around.event = sd_event_ref(event);
        keeper->around.http = http;
        r = copy_config(&keeper->around, config);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &keeper->timer, CLOCK_BOOTTIME, USEC_INFINITY, 0, on_timer, keeper);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(keeper->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(keeper);
        return 0;
}
