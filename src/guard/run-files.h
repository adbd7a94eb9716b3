/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two files that guard, condition and --finish share: the lease, which is cloudlockd's, and the permit, a file of
 * root's own that the running guard keeps locked while the targets may start. */

#include <stdbool.h>

#include "lease-text.h"

#define RUN_PATH_MAX 128 /* "/run/cloudlock-guard/", an instance of at most 64 characters, "/permit" */

/* /run/cloudlock/INSTANCE, where the lease is renamed into place. */
void lease_directory(const char *instance, char ret[RUN_PATH_MAX]);

/* 0, -ENOENT, -EBADMSG (not a lease, nor anything that could be one), or another errno: it could not be looked at. */
int lease_read(const char *instance, Lease *ret);

/* Creates the permit and locks it; the lock is the descriptor's and ends with the process. A descriptor to close when
 * nothing may start any more, or a negative errno. */
int permit_take(const char *instance);

/* Whether a guard of this instance ever let its targets start, in the current run of its unit. */
bool permit_exists(const char *instance);

/* Whether a guard is there that lets the targets start. 0; -ENOENT: none; another negative errno. */
int permit_check(const char *instance);
