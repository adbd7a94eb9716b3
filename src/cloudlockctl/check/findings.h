/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What "cloudlockctl check" has found, as values; findings-show.h makes text of it. */

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

typedef enum FindingLevel {
        FINDING_FINE,
        FINDING_NOTE,    /* neither good nor bad, but worth knowing */
        FINDING_WARNING, /* works, and may not for ever */
        FINDING_FAILED,  /* keeps the lock from working */
        FINDING_SKIPPED, /* could not be looked at; the text says because of what */
        _FINDING_LEVEL_MAX,
} FindingLevel;

typedef struct Finding {
        FindingLevel level;
        const char *check; /* a literal, stable for scripts: "config-file" */
        char *text;        /* a clause */
        char *remedy;      /* what to do; NULL where nothing is to be done */
} Finding;

typedef struct Findings {
        Finding *list;
        size_t n;
        int error; /* -ENOMEM once something got lost */
} Findings;

void findings_done(Findings *findings);

/* Adds one; memory that runs out is noted in `error`. */
void findings_add(Findings *findings, FindingLevel level, const char *check, const char *format, ...) _printf_(4, 5);

/* Says what to do about the one that was added last. */
void findings_remedy(Findings *findings, const char *format, ...) _printf_(2, 3);

size_t findings_count(const Findings *findings, FindingLevel level);

/* Whether this check has failed, or was skipped because of another that has. */
bool findings_is_open(const Findings *findings, const char *check);
