/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When keys that expire are fetched anew. Pure: the time, on CLOCK_BOOTTIME, is handed in. */

#include <stdbool.h>
#include <stdint.h>

#include "time-span.h"

typedef struct Renewal {
        bool has_keys;
        usec_t got_us;        /* when the keys at hand came */
        usec_t expires_us;    /* USEC_INFINITY: never */
        usec_t tried_us;      /* when the latest fetch began */
        unsigned n_failures;  /* since the last that was good */
        unsigned jitter_permille; /* 0 to 999; drawn for each failure */
        bool refused; /* the keys at hand won't do: the store says so, or they are of a place that decides no longer */
} Renewal;

/* Keys came that last for `life_us` from now (USEC_INFINITY: for ever). Those that have expired already, which a metadata
 * service that has trouble hands out, count as a failure. */
void renewal_succeeded(Renewal *renewal, usec_t now_us, usec_t life_us, unsigned jitter_permille);
void renewal_failed(Renewal *renewal, unsigned jitter_permille);

/* When the next fetch is due: 15 min ahead of expiry, or half of the life where that is shorter; after a failure, with a
 * growing pause. 0: at once; USEC_INFINITY: never. */
usec_t renewal_due_us(const Renewal *renewal);

/* Whether a question waits for the fetch that is under way rather than take the keys at hand: from 10 min ahead of expiry
 * on, or a third of the life where that is shorter, and where the store refused them. */
bool renewal_is_urgent(const Renewal *renewal, usec_t now_us);

/* The store refused the keys; taken to heart once in half a minute. */
void renewal_refused(Renewal *renewal, usec_t now_us);
