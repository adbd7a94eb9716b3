/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the places that have to be asked share: steps over HTTP, each tried a few times. */

#include "cleanup.h"
#include "source.h"

/* Metadata services are at most a hop away; one that takes longer is none. */
#define METADATA_CONNECT_US_MAX USEC_PER_SEC
#define METADATA_ANSWER_US_MAX (2 * USEC_PER_SEC)

typedef struct Process Process;

struct Fetch {
        FetchRequest request;
        Found found;

        /* the step that is under way */
        int (*send)(Fetch *fetch);
        void (*answered)(Fetch *fetch, const HttpAnswer *answer); /* the last step of all frees the fetch */
        unsigned tries_left;
        HttpTransfer *transfer;
        sd_event_source *pause;

        char *url;  /* web identity: of STS; container: of the keys; instance: of the service, without a path */
        char *role; /* web identity: its ARN; instance: its name */
        char *session_name, *token_file;                   /* web identity */
        const char *token_file_name, *role_arn_name;       /* the same: the settings, as the operator calls them */
        bool token_is_fresh; /* instance: one that was refused is not asked for again and again */
        Process *process;    /* credential_process */
};

/* `source`: as Found's; copied. 0 or -ENOMEM. */
int fetch_new(const FetchRequest *request, const char *source, Fetch **ret);

/* Begins the first step, in an iteration of the loop to come; 0 or a negative errno. */
int fetch_begin(Fetch *fetch, unsigned tries, int (*send)(Fetch *fetch),
                void (*answered)(Fetch *fetch, const HttpAnswer *answer));

/* Begins another one: `send` starts a request by fetch_start(), and is called again where a try comes to nothing (no answer,
 * 5xx, throttled). It may say what is wrong in found.error and return 1. A negative errno ends the fetch. */
void fetch_step(Fetch *fetch, unsigned tries, int (*send)(Fetch *fetch),
                void (*answered)(Fetch *fetch, const HttpAnswer *answer));
int fetch_start(Fetch *fetch, const HttpRequest *request);

/* Ends the fetch: hands what was found over, and frees it. */
void fetch_done(Fetch *fetch);

/* The same with a sentence; -ENOMEM and its like are transient. */
void fetch_fail(Fetch *fetch, bool transient, const char *format, ...) _printf_(3, 4);
