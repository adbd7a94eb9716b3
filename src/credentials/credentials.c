/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credentials.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "keeper.h"

/* How long a question waits for better keys while there are some: a renewal of the lock must not suffer by it. */
#define URGENT_US_MAX (3 * USEC_PER_SEC)
#define URGENT_DIVISOR 2 /* of what the question may take in all */

struct CredentialsQuery {
        Credentials *credentials;
        CredentialsQuery *next;
        CredentialsHandler handler;
        void *userdata;
        sd_event_source *deliver; /* in an iteration of the loop that is ours alone */
        sd_event_source *timer;
};

struct Credentials {
        sd_event *event;
        Keeper *keeper;
        CredentialsQuery *queries; /* those that wait */
};

/* Where the pointer to `query` is kept; points to NULL if it waits no more. */
static CredentialsQuery **find_query(Credentials *credentials, const CredentialsQuery *query) {
        CredentialsQuery **p = &credentials->queries;

        while (*p && *p != query)
                p = &(*p)->next;
        return p;
}

static void wait_no_more(CredentialsQuery *query) {
        CredentialsQuery **p = find_query(query->credentials, query);

        if (*p)
                *p = query->next;
}

CredentialsQuery *credentials_query_free(CredentialsQuery *query) {
        if (!query)
                return NULL;
        wait_no_more(query);
        sd_event_source_disable_unref(query->deliver);
        sd_event_source_disable_unref(query->timer);
        free(query);
        return NULL;
}

static void query_freep(CredentialsQuery **q) {
        credentials_query_free(*q);
}

static int on_deliver(sd_event_source *source _unused_, void *userdata) {
        CredentialsQuery *query = userdata;
        char source_text[KEEPER_SOURCE_MAX];
        CredentialsAnswer answer;

        sd_event_source_set_enabled(query->deliver, SD_EVENT_OFF);
        if (query->timer)
                sd_event_source_set_enabled(query->timer, SD_EVENT_OFF);
        wait_no_more(query);
        keeper_answer(query->credentials->keeper, source_text, &answer);
        query->handler(&answer, query->userdata); /* may have freed the query, and all else */
        return 0;
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        return on_deliver(NULL, userdata);
}

/* Each in an iteration of its own: what one handler frees, another may be. */
static void on_changed(void *userdata) {
        Credentials *credentials = userdata;

        for (CredentialsQuery *query = credentials->queries; query; query = query->next)
                sd_event_source_set_enabled(query->deliver, SD_EVENT_ONESHOT);
}

int credentials_new(sd_event *event, Http *http, const CredentialsConfig *config, Credentials **ret) {
        _cleanup_(credentials_freep) Credentials *credentials = calloc(1, sizeof(Credentials));
        int r;

        if (!credentials)
                return -ENOMEM;
        credentials->event = sd_event_ref(event);
        r = keeper_new(event, http, config, on_changed, credentials, &credentials->keeper);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(credentials);
        return 0;
}

Credentials *credentials_free(Credentials *credentials) {
        if (!credentials)
                return NULL;
        keeper_free(credentials->keeper);
        sd_event_unref(credentials->event);
        free(credentials);
        return NULL;
}

static int query_new(Credentials *credentials, CredentialsQuery **ret) {
        _cleanup_(query_freep) CredentialsQuery *query = calloc(1, sizeof(CredentialsQuery));
        int r;

        if (!query)
                return -ENOMEM;
        query->credentials = credentials;
        query->next = credentials->queries;
        credentials->queries = query;
        r = sd_event_add_defer(credentials->event, &query->deliver, on_deliver, query);
        if (r >= 0)
                r = sd_event_source_set_enabled(query->deliver, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(query);
        return 0;
}

int credentials_ask(Credentials *credentials, usec_t timeout_us, CredentialsHandler handler, void *userdata,
                    CredentialsQuery **ret) {
        _cleanup_(query_freep) CredentialsQuery *query = NULL;
        int state = keeper_look(credentials->keeper), r;
        usec_t wait_us = state == KEEPER_URGENT ? MIN(URGENT_US_MAX, timeout_us / URGENT_DIVISOR) : timeout_us;

        if (state < 0)
                return state;
        r = query_new(credentials, &query);
        if (r < 0)
                return r;
        query->handler = handler;
        query->userdata = userdata;
        if (state == KEEPER_READY)
                r = sd_event_source_set_enabled(query->deliver, SD_EVENT_ONESHOT);
        else
                r = sd_event_add_time_relative(credentials->event, &query->timer, CLOCK_BOOTTIME, wait_us, 1, on_timer,
                                               query);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(query);
        return 0;
}

void credentials_refused(Credentials *credentials) {
        keeper_refused(credentials->keeper);
}
