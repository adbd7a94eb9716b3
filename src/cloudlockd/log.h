/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The daemon's voice: one journal entry a change, with a message id of the catalog, CLOUDLOCK_INSTANCE= and what else
 * is known of the lock at that moment, as fields of their own. Where there is no journal (a terminal), plain lines on
 * stderr. */

#include <stdint.h>
#include <syslog.h>

#include "cleanup.h"

/* Message ids; explained in units/cloudlock.catalog. */
#define MESSAGE_STATE "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a01"          /* the lock changed its state, and nobody has to do anything */
#define MESSAGE_LOST "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a02"           /* somebody else's record where ours should be */
#define MESSAGE_STORE_FAILING "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a03"  /* the store does not answer, or refuses */
#define MESSAGE_STORE_ANSWERS "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a04"  /* it does again */
#define MESSAGE_CLOCK "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a05"          /* the wall clock drifts from the store's */
#define MESSAGE_DUPLICATE_ID "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a06"   /* two machines under one my_id */
#define MESSAGE_CONFIG "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a07"         /* the configuration is refused, or worth a word */
#define MESSAGE_PROGRAM "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a08"        /* the daemon itself: a file, the bus, a signal */
#define MESSAGE_ORIGINAL "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a09"       /* the original's record, and no word of a mixed fleet */
#define MESSAGE_RUNNING "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a0a"        /* the target runs here */
#define MESSAGE_LAPSED "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a0b"         /* the lease ran out before it could be renewed */
#define MESSAGE_STANDING_DOWN "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a0c"  /* not taken for a while, or until told otherwise */
#define MESSAGE_REFUSING "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a0d"       /* not led until the reason is gone */
#define MESSAGE_FAULT "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a0e"          /* a record that needs a person */
#define MESSAGE_OPERATOR "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a0f"       /* paused at the start; kept, not kept any more */
#define MESSAGE_OPERATION "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a10"      /* who asked for what; it was accepted */
#define MESSAGE_STANDSTILL "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a11"     /* the machine stood still, by a clock of its host's */

/* Says which instance all entries are about; the string must outlive them. */
void log_instance(const char *instance);

/* What every entry says of the lock from now on: CLOUDLOCK_STATE=, _REASON=, _HOLDER= and _FENCE=. Empty strings and 0:
 * not known, and not said. The strings are copied. */
typedef struct LogLock {
        const char *state, *reason, *holder;
        uint64_t fence;
} LogLock;

void log_lock(const LogLock *lock);

void log_entry(int priority, const char *message_id, const char *format, ...) _printf_(3, 4);
