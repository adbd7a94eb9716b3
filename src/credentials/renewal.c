/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "renewal.h"

#include "cleanup.h"

/* The SDKs' two thresholds. Keys that live for less than 30 min have them at a half and a third of their life. */
#define EARLY_US (15 * USEC_PER_MINUTE)
#define EARLY_DIVISOR 2
#define URGENT_US (10 * USEC_PER_MINUTE)
#define URGENT_DIVISOR 3

/* Between failures: soon at first, since most are a service that restarts. With keys at hand there is time; but a part of
 * what they have left, so that several tries fit. */
#define PAUSE_US_MIN USEC_PER_SEC
#define PAUSE_US_MAX_WITHOUT_KEYS (10 * USEC_PER_SEC)
#define PAUSE_US_MAX (2 * USEC_PER_MINUTE)
#define PAUSE_LIFE_DIVISOR 16
#define PAUSE_US_LEAST (100 * USEC_PER_MSEC)
#define PAUSE_DOUBLINGS_MAX 7

#define REFUSED_US_MIN (30 * USEC_PER_SEC)

static usec_t life_us(const Renewal *renewal) {
        return usec_sub(renewal->expires_us, renewal->got_us);
}

static usec_t pause_us(const Renewal *renewal) {
        usec_t pause = PAUSE_US_MIN, longest = PAUSE_US_MAX_WITHOUT_KEYS;

        if (renewal->has_keys) {
                longest = MAX(life_us(renewal) / PAUSE_LIFE_DIVISOR, PAUSE_US_LEAST);
                longest = MIN(longest, PAUSE_US_MAX);
        }
        /* Keys that came expired have no life to take a part of. */
        if (renewal->has_keys && renewal->expires_us <= renewal->got_us)
                longest = PAUSE_US_MAX;
        for (unsigned i = 1; i < renewal->n_failures && i <= PAUSE_DOUBLINGS_MAX; i++)
                pause *= 2;
        pause = MIN(pause, longest);
        return pause / 2 + pause / 2 * renewal->jitter_permille / 1000;
}

void renewal_succeeded(Renewal *renewal, usec_t now_us, usec_t life, unsigned jitter_permille) {
        bool is_dead = life == 0;

        renewal->has_keys = true;
        renewal->refused = false;
        renewal->got_us = now_us;
        renewal->expires_us = usec_add(now_us, life);
        renewal->jitter_permille = jitter_permille;
        renewal->n_failures = is_dead ? renewal->n_failures + 1 : 0;
}

void renewal_failed(Renewal *renewal, unsigned jitter_permille) {
        renewal->n_failures++;
        renewal->jitter_permille = jitter_permille;
}

usec_t renewal_due_us(const Renewal *renewal) {
        usec_t due_us = 0;

        if (renewal->has_keys && !renewal->refused)
                due_us = usec_sub(renewal->expires_us, MIN(EARLY_US, life_us(renewal) / EARLY_DIVISOR));
        if (renewal->n_failures == 0)
                return due_us;
        return MAX(due_us, usec_add(renewal->tried_us, pause_us(renewal)));
}

bool renewal_is_urgent(const Renewal *renewal, usec_t now_us) {
        if (!renewal->has_keys || renewal->refused)
                return true;
        return now_us >= usec_sub(renewal->expires_us, MIN(URGENT_US, life_us(renewal) / URGENT_DIVISOR));
}

void renewal_refused(Renewal *renewal, usec_t now_us) {
        if (renewal->has_keys && now_us >= usec_add(renewal->tried_us, REFUSED_US_MIN))
                renewal->refused = true;
}
