/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the daemon keeps in /run/cloudlock/INSTANCE: the lease for the guard, and the journal of the versions that it
 * sent, with the lock that they belong to; and the flocks that keep a second daemon away. */

#include <stdbool.h>

#include "journal-text.h"
#include "lease-text.h"

#define RUN_DIRECTORY "/run/cloudlock"

/* 0, -ENOENT, -EBADMSG (not one of ours: a torn or foreign file), another errno. */
int journal_read(const char *instance, Journal *ret);
int journal_write(const char *instance, const Identity *identity, const LockWrite *write);
int journal_remove(const char *instance);

/* 0, -ENOENT, -EBADMSG, another errno. */
int lease_file_read(const char *instance, Lease *ret);
int lease_file_write(const char *instance, const Lease *lease);
int lease_file_remove(const char *instance);

/* Takes the flock of the instance, or of the lock. The file descriptor holds it. 0; -EWOULDBLOCK: another daemon has
 * it; another errno. */
int flock_instance(const char *instance, int *ret_fd);
int flock_lock(const char *lock_id, int *ret_fd);

/* Whether the instance's service runs or is about to: cloudlock@.socket lives and dies with it. */
bool has_control_socket(const char *instance);
