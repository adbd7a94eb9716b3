/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two files that guard, condition and --finish share: the lease, which is cloudlockd's, and the permit, a file of
 * root's own that the running guard keeps locked while the targets may start. */

#include <stdbool.h>

#include "lease-text.h"
#include "settings.h"

#define RUN_PATH_MAX 128 /* "/run/cloudlock-guard/", an instance of at most 64 characters, "/permit" */

/* /run/cloudlock/INSTANCE, where the lease is renamed into place. */
void lease_directory(const char *instance, char ret[RUN_PATH_MAX]);

/* 0, -ENOENT, -EBADMSG (not a lease, nor anything that could be one), or another errno: it could not be looked at. */
int lease_read(const char *instance, Lease *ret);

/* Locks the permit, and notes the boot, the settings and the targets' cgroups in it; the lock is the descriptor's and ends
 * with the process. A descriptor to close when nothing may start any more, or a negative errno. */
int permit_take(const char *instance, const char boot_id[ID128_TEXT_SIZE], const Settings *settings, char *const *cgroups);

/* Whether a guard is there that lets the targets start. 0 with the boot as that guard sees it (in a container the id
 * depends on a program's sandbox: measured with ProtectKernelTunables=); -ENOENT: none; another negative errno. */
int permit_check(const char *instance, char ret_boot_id[ID128_TEXT_SIZE]);

/* What a guard that let its targets start had, alive or not: PID 1 keeps the configuration from ExecStopPost=
 * (measured: EACCES), and the file may be gone. 0; -ENOENT: there was no such guard; another negative errno. */
int permit_settings(const char *instance, Settings *ret);
