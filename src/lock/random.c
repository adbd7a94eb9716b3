/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <stdio.h>

#include "lock-internal.h"

static uint64_t rotate(uint64_t x, int k) {
        return (x << k) | (x >> (64 - k));
}

/* xoshiro256** 1.0, https://prng.di.unimi.it/ (public domain description); not for secrets: versions need to be
 * distinct, not unguessable. */
static uint64_t draw(Lock *lock) {
        uint64_t *s = lock->random, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate(s[3], 45);
        return result;
}

/* The time is mixed in: two live copies of a machine, generator and all, then draw different versions, and one of them
 * finds at its next renewal that it has lost the lock. */
void lock_draw_version(Lock *lock, const LockNow *now, char ret[RECORD_VERSION_MAX + 1]) {
        uint64_t a, b;

        lock->random[1] ^= now->raw_us;
        lock->random[2] ^= now->wall_us;
        lock->random[3] ^= now->boot_us;
        a = draw(lock);
        b = draw(lock);

        snprintf(ret, RECORD_VERSION_MAX + 1, "%08x-%04x-4%03x-%04x-%012llx", (unsigned) (a >> 32),
                 (unsigned) (a >> 16 & 0xffff), (unsigned) (a & 0xfff), (unsigned) (b >> 48 & 0x3fff) | 0x8000u,
                 (unsigned long long) (b & 0xffffffffffffULL));
}

usec_t lock_draw_below(Lock *lock, usec_t limit_us) {
        assert(limit_us > 0);
        return draw(lock) % limit_us;
}
