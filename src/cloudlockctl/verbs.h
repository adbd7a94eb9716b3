/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The verbs of cloudlockctl. Each gets the words behind it and returns the exit status of the program; it says on
 * stderr what went wrong. */

#include <stdbool.h>
#include <stddef.h>

#include "time-span.h"

/* In the manner of systemctl(1) and the LSB's status codes. */
enum {
        EXIT_DONE = 0,
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
        EXIT_NOT_RUNNING = 3,
        EXIT_NO_INSTANCE = 4,
};

typedef enum JsonMode {
        JSON_OFF,
        JSON_SHORT,  /* one line */
        JSON_PRETTY, /* indented */
} JsonMode;

/* Far beyond what anybody types. */
#define SETENV_MAX 256

typedef struct Options {
        JsonMode json;      /* --json */
        bool dry_run;       /* --dry-run */
        bool policy;        /* --policy */
        bool table;         /* --table */
        bool no_legend;     /* --no-legend */
        bool full;          /* --full */
        bool no_block;      /* --no-block */
        usec_t for_us;      /* --for; 0: not given */
        const char *to;     /* --to; NULL: not given */
        const char *holder; /* --holder; NULL: not given */
        const char *uid, *gid, *working_directory; /* of a command; NULL: not given */
        char *setenv[SETENV_MAX + 1];              /* --setenv, NULL-terminated */
        size_t n_setenv;
        bool dashes; /* "--" stands before the words that are no options */
} Options;

/* `args` is NULL-terminated. */
int verb_status(const Options *options, char *const *args);
int verb_watch(const Options *options, char *const *args);
int verb_list(const Options *options, char *const *args);
int verb_history(const Options *options, char *const *args);
int verb_bind(const Options *options, char *const *args);
int verb_unbind(const Options *options, char *const *args);
int verb_init(const Options *options, char *const *args);
int verb_check(const Options *options, char *const *args);
int verb_release(const Options *options, char *const *args);
int verb_handover(const Options *options, char *const *args);
int verb_renew(const Options *options, char *const *args);
int verb_pause(const Options *options, char *const *args);
int verb_resume(const Options *options, char *const *args);
int verb_keep(const Options *options, char *const *args);
int verb_unkeep(const Options *options, char *const *args);
int verb_force_unlock(const Options *options, char *const *args);
int verb_metrics(const Options *options, char *const *args);
int verb_run(const Options *options, char *const *args);
