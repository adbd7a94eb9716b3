/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The keys that requests are signed with: looked for along the chain of places that AWS's tools know, the first that is
 * configured decides. Keys that expire are renewed ahead of it in the background, and files that changed are read again.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "http.h"
#include "time-span.h"

#define CREDENTIALS_ERROR_MAX 512

typedef struct Keys {
        char *key_id, *secret;
        char *session_token; /* NULL: none */
} Keys;

typedef struct Credentials Credentials;
typedef struct CredentialsQuery CredentialsQuery;

typedef struct CredentialsConfig {
        const char *key_id, *secret, *session_token; /* cloudlock_aws_*; NULL: not configured */
        const char *directory;                       /* of systemd's credentials, $CREDENTIALS_DIRECTORY; NULL: none */
        char *const *environment;                    /* "NAME=VALUE", as Config.aws_environment; NULL: nothing */
        const char *region;                          /* for STS */
} CredentialsConfig;

typedef struct CredentialsAnswer {
        const Keys *keys;   /* NULL: there are none, and `error` says why; valid until the handler returns */
        bool transient;     /* of an error: trying again may help, a metadata service does not answer, say */
        const char *source; /* where the keys are from, a noun: "profile lock of /etc/aws/credentials"; also what is wrong
                             * where older ones are used because they can't be renewed; as long as `keys` */
        char error[CREDENTIALS_ERROR_MAX];
} CredentialsAnswer;

typedef void (*CredentialsHandler)(const CredentialsAnswer *answer, void *userdata);

/* Copies the configuration; `http` has to outlive it. Nothing is looked for before the first question.
 * 0 or a negative errno. */
int credentials_new(sd_event *event, Http *http, const CredentialsConfig *config, Credentials **ret);

/* Every query has to be freed before. */
Credentials *credentials_free(Credentials *credentials);

static inline void credentials_freep(Credentials **c) {
        credentials_free(*c);
}

/* The handler is called exactly once, from the event loop, never from inside this function; it may free the query and
 * all else. Freeing the query before cancels it; what is being fetched for it goes on, for the next one. `timeout_us`
 * bounds it: keys at hand are answered with then, or else an error. 0 or a negative errno. */
int credentials_ask(Credentials *credentials, usec_t timeout_us, CredentialsHandler handler, void *userdata,
                    CredentialsQuery **ret);
CredentialsQuery *credentials_query_free(CredentialsQuery *query);

/* The store says that these keys have expired or are unknown: the next question looks for new ones, but not more often
 * than each half minute. */
void credentials_refused(Credentials *credentials);
