/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The journal as text: of which lock it is, and the versions that this host sent and may find again as its own. Pure; the
 * file is run-files.h's. */

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"
#include "lease-text.h"
#include "lock.h"

#define JOURNAL_TEXT_MAX 8192

/* Which lock it is and under which name we hold it. */
typedef struct Identity {
        char *endpoint, *region, *table, *label;
        char *holder; /* my_id '#' 8 hex digits */
} Identity;

void identity_done(Identity *identity);
#define _cleanup_identity_ _cleanup_(identity_done)

/* 0 or -ENOMEM. */
int identity_copy(const Identity *from, Identity *ret);
bool identity_equal(const Identity *a, const Identity *b);
void identity_lock_id(const Identity *identity, char ret[LOCK_ID_TEXT_SIZE]);

typedef struct Journal {
        Identity identity;
        LockVersion versions[LOCK_JOURNAL_MAX];
        size_t n_versions;
} Journal;

/* 0; -EBADMSG: not what journal_format() writes, a torn or a foreign file; -ENOMEM. *ret is untouched then. Cuts `text`
 * up. */
int journal_parse(char *text, Journal *ret);

/* `n` is at most LOCK_JOURNAL_MAX. */
void journal_format(const Identity *identity, const LockVersion *versions, size_t n, char buf[static JOURNAL_TEXT_MAX]);
