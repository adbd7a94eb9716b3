/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an answer of the store means to the core. Pure. */

#include "lock.h"
#include "store.h"

/* `write`: it answers a write, else a read; `sent`: just before that was sent. Anything that is not certain is a request
 * that failed. */
LockEvent store_event(const StoreAnswer *answer, bool write, const LockNow *sent);
