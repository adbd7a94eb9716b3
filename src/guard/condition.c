/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "condition.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "clock.h"
#include "guard-core.h"
#include "run-files.h"

static int refuse(const char *instance, const char *why) {
        fprintf(stderr, "This host may not run it: %s (lock %s).\n", why, instance);
        return CONDITION_NO;
}

int condition_run(const char *instance) {
        Clocks clocks;
        sd_id128_t boot;
        Lease lease;
        int r;

        r = sd_id128_get_boot(&boot);
        if (r < 0)
                return refuse(instance, "the boot has no id");
        r = lease_read(instance, &lease);
        if (r == -ENOENT)
                return refuse(instance, "there is no lease");
        if (r < 0)
                return refuse(instance, "the lease cannot be read");
        /* The clocks after the file, so that the answer is true at a moment after everything that it rests on. */
        r = permit_check(instance);
        clocks = clocks_now();
        if (!lease_is_good(&lease, SD_ID128_TO_STRING(boot),
                           &(GuardNow){ .boot_us = clocks.boot_us, .raw_us = clocks_raw_elapsed_us(&clocks) }))
                return refuse(instance, "the lease is over");
        if (r < 0)
                return refuse(instance, "no guard lets it start");
        return 0;
}
