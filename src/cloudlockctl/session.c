/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "cleanup.h"

/* DynamoDB takes no signature that is 5 minutes old or 15 minutes early. */
#define SIGNATURE_SKEW_S 240

struct Session {
        sd_event *event;
        Store *store;
        AdminReport report;
        bool answered;
};

Session *session_free(Session *session) {
        if (!session)
                return NULL;
        store_free(session->store);
        sd_event_unref(session->event);
        free(session);
        return NULL;
}

int session_open(const StoreConfig *config, Session **ret) {
        _cleanup_(session_freep) Session *session = calloc(1, sizeof(Session));
        int r;

        if (!session)
                return -ENOMEM;
        r = sd_event_new(&session->event);
        if (r < 0)
                return r;
        r = store_new(session->event, config, &session->store);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(session);
        return 0;
}

static void on_report(const AdminReport *report, void *userdata) {
        Session *session = userdata;

        session->report = *report;
        session->answered = true;
}

/* `after` is of ADMIN_SCAN. */
static int ask_once(Session *session, AdminOperation operation, const char *after) {
        int r;

        session->answered = false;
        if (operation == ADMIN_SCAN)
                r = store_admin_scan(session->store, after, SESSION_REQUEST_US, on_report, session);
        else
                r = store_admin(session->store, operation, SESSION_REQUEST_US, on_report, session);
        while (r >= 0 && !session->answered)
                r = sd_event_run(session->event, UINT64_MAX);
        return r;
}

static bool was_the_clock(const AdminReport *report) {
        return report->result != ADMIN_DONE && report->date_s > 0 &&
               llabs((long long) (report->date_s - time(NULL))) > SIGNATURE_SKEW_S;
}

static int ask_twice(Session *session, AdminOperation operation, const char *after, AdminReport *ret) {
        int r = ask_once(session, operation, after);

        if (r >= 0 && was_the_clock(&session->report))
                r = ask_once(session, operation, after);
        if (r < 0)
                return r;
        *ret = session->report;
        return 0;
}

int session_ask(Session *session, AdminOperation operation, AdminReport *ret) {
        return ask_twice(session, operation, NULL, ret);
}

int session_scan(Session *session, const char *after, AdminReport *ret) {
        return ask_twice(session, ADMIN_SCAN, after, ret);
}

const char *session_key_source(const Session *session) {
        return session ? store_key_source(session->store) : NULL;
}
