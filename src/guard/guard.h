/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The loop around guard-core: clocks, the lease file, PID 1's private socket, cgroups, the watchdog. */

#include <stdbool.h>

/* Exit statuses; cloudlock-guard(8) says what they mean. */
enum {
        GUARD_EXIT_OK = 0,
        GUARD_EXIT_FAILURE = 1,
        GUARD_EXIT_USAGE = 2,
        GUARD_EXIT_NO_LEASE = 3,
        GUARD_EXIT_UNBOUND = 4,
        GUARD_EXIT_CONFIG = 78, /* EX_CONFIG: systemd shows it as CONFIG */
};

/* Guards the instance's targets until nothing of them is left; `finishing`: began after another guard's death. */
int guard_run(const char *instance, bool finishing);
