/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "condition.h"

#include <errno.h>
#include <stdio.h>

#include "clock.h"
#include "guard-core.h"
#include "run-files.h"

static int refuse(const char *instance, const char *why) {
        fprintf(stderr, "This host may not run it: %s (lock %s).\n", why, instance);
        return CONDITION_NO;
}

int condition_run(const char *instance) {
        char boot_id[ID128_TEXT_SIZE];
        Clocks clocks;
        Lease lease;
        int r;

        r = lease_read(instance, &lease);
        if (r == -ENOENT)
                return refuse(instance, "there is no lease");
        if (r < 0)
                return refuse(instance, "the lease cannot be read");
        if (permit_check(instance, boot_id) < 0)
                return refuse(instance, "no guard lets it start");
        /* The clocks come last, so that the answer is true after everything that it rests on was read. */
        clocks = clocks_now();
        if (!lease_is_good(&lease, boot_id, &(GuardNow){ .boot_us = clocks.boot_us, .raw_us = clocks_raw_elapsed_us(&clocks) }))
                return refuse(instance, "the lease is over");
        return 0;
}
