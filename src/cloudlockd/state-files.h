/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What outlives a run of the daemon beside the lease and the journal: in the state directory, which outlives the host's
 * reboots, whether an operator paused this host, and who held the lock when; in /run whether the lock is kept. */

#include <stdbool.h>

#include "history.h"

/* Whether the file is there. One that can't be looked at counts: whoever paused a host wants it to stay paused. */
bool state_is_paused(void);
bool state_is_kept(const char *instance);

/* Makes the file, or removes it; it is on the disk then. 0; -ENOTDIR: there is no state directory (STATE_DIRECTORY is
 * not set: not started by the unit); another negative errno. */
int state_set_paused(bool paused);
int state_set_kept(const char *instance, bool kept);

/* 0, -ENOENT, -ENOTDIR, -EBADMSG, another errno. */
int state_read_history(History *ret);
int state_write_history(const History *history);
