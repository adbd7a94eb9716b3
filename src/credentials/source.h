/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between credentials.c, which keeps keys and renews them, and the places of the chain, each in a file of its own. */

#include "keys.h"
#include "profile.h"

#define SOURCE_TEXT_MAX 320

/* Where a place of the chain looks; owned by Credentials. */
typedef struct Surroundings {
        sd_event *event;
        Http *http;
        Keys configured;
        char *directory;
        char **environment;
        char *region;
        Profile *profile; /* NULL until a place needs it */
        unsigned long long profile_marks[2];
        bool profile_changed; /* since somebody last looked here */
        char *metadata_token; /* of IMDS; NULL: none */
        usec_t metadata_token_until_us; /* on CLOCK_BOOTTIME */
} Surroundings;

/* What a place comes to. */
typedef struct Found {
        Keys keys;         /* key_id NULL: none, and `error` says why */
        int64_t expires_s; /* seconds since the epoch; 0: never */
        int64_t date_s;    /* the Date of the answer that said so; 0: there was none, this host's clock has to do */
        bool transient;    /* of an error */
        char source[SOURCE_TEXT_MAX]; /* a noun; also of what has not answered yet */
        char error[CREDENTIALS_ERROR_MAX];
} Found;

void found_done(Found *found);
#define _cleanup_found_ _cleanup_(found_done)

/* Keys that are being fetched. */
typedef struct Fetch Fetch;
typedef void (*FetchHandler)(Found *found, void *userdata); /* may take the keys out of it; frees the fetch */

Fetch *fetch_free(Fetch *fetch);

static inline void fetch_freep(Fetch **f) {
        fetch_free(*f);
}

typedef struct FetchRequest {
        Surroundings *around;
        FetchHandler handler; /* exactly once, from the event loop, unless the fetch is freed before */
        void *userdata;
} FetchRequest;

/* 0: *ret_fetch is under way; 1: *ret has the keys, or the error, at once; negative errno. */
typedef int (*SourceLook)(const FetchRequest *request, Found *ret, Fetch **ret_fetch);

typedef struct Source {
        bool (*is_configured)(const Surroundings *around);
        SourceLook look;
        bool (*is_at_hand)(const Surroundings *around); /* it costs nothing to look there each time; NULL: never */
        bool needs_profile;
        bool outlives; /* its keys are used past their expiry where they can't be renewed */
} Source;

/* The first place that is configured; reads the profile where that has changed. 0 with *ret; 1: the profile is wrong,
 * `ret_error` says how; -ENOMEM. */
int chain_choose(Surroundings *around, const Source **ret, char ret_error[static CREDENTIALS_ERROR_MAX]);

/* The places, in the order of the chain. */
bool configured_is_configured(const Surroundings *around);
int configured_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch);
bool directory_is_configured(const Surroundings *around);
int directory_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch);
bool environment_is_configured(const Surroundings *around);
int environment_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch);
bool web_identity_is_configured(const Surroundings *around);
int web_identity_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch);
bool profile_is_configured(const Surroundings *around);
bool profile_is_at_hand(const Surroundings *around);
int profile_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch);
bool container_is_configured(const Surroundings *around);
int container_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch);
int process_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch);
int instance_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch);
