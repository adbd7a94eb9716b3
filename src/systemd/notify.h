/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* sd_notify(3)'s protocol and the journal's without ever waiting: libsystemd's own functions block once the receiver's
 * queue is full, which is what happens when PID 1 or journald hangs. What does not fit is dropped. */

#include <stddef.h>

#include "cleanup.h"

/* Sends "KEY=VALUE" lines to $NOTIFY_SOCKET. 1 when sent, 0 when there is no such socket, or a negative errno. */
int notify_send(const char *format, ...) _printf_(1, 2);

typedef struct JournalEntry {
        int priority;           /* as in syslog(3) */
        const char *message_id; /* 32 hex digits, see units/cloudlock.catalog */
        const char *instance, *unit, *message;
        const char *fields; /* more lines KEY=VALUE, each with its line break; NULL: none */
} JournalEntry;

/* One entry in the journal's native protocol; should that fail, its message alone by standard error. Never waits. 0 or a
 * negative errno. */
int journal_send(const JournalEntry *entry);
