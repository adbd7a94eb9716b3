/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The store for a command: one question after the other, each waited for. libcurl and an event loop are set up only
 * where a command has something to ask. */

#include "store-admin.h"

/* A command has all the time that the daemon's longest request may take. */
#define SESSION_REQUEST_US (10 * USEC_PER_SEC)

typedef struct Session Session;

/* 0 or a negative errno; -EINVAL: the endpoint is no URL. */
int session_open(const StoreConfig *config, Session **ret);
Session *session_free(Session *session);

static inline void session_freep(Session **s) {
        session_free(*s);
}

/* Where the clock is what kept the first try from being understood, there is a second one, signed with the store's time.
 * 0 or a negative errno. */
int session_ask(Session *session, AdminOperation operation, AdminReport *ret);

/* ADMIN_SCAN, of the page behind the label `after`; NULL: the first. The same otherwise; the report's page is the caller's
 * to free. */
int session_scan(Session *session, const char *after, AdminReport *ret);

/* Where the keys are from; NULL: not known. Valid until the next question. */
const char *session_key_source(const Session *session);
