/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whole lives of a guard in guard-world.h: how they begin and what happens in them. */

#include <sys/mman.h>

#include "guard-world.h"
#include "run-files.h"

/* The test's memory is not the guard's. */
int __wrap_mlockall(int flags);

int __wrap_mlockall(_unused_ int flags) {
        return 0;
}

#define WAKE_US (10 * USEC_PER_MSEC)

/* The guard is woken more often than it asked for, so that a test of what is tried again at its next tick is a quick one;
 * whatever is due by the clock is so no earlier. */
int __real_sd_event_source_set_time(sd_event_source *s, uint64_t us);
int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t us);

int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t us) {
        return __real_sd_event_source_set_time(s, MIN(us, clocks_now().boot_us + WAKE_US));
}

/* A guard leaves its signals blocked, and one may have come too late for it. */
static inline void restore_signals(void) {
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        while (sigtimedwait(&mask, NULL, &(struct timespec) {}) > 0)
                ;
        sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static inline void set_up(void) {
        set_up_files();
        world = (World) {};
}

static inline void ask_to_stop(void) {
        kill(getpid(), SIGTERM);
}

static inline void take_the_lease_away(void) {
        unlink(LEASE_FILE);
}

static inline void leave_a_permit(void) {
        char *targets[] = { (char *) "x.service", NULL }, *cgroups[] = { (char *) "/system.slice/x.service", NULL };

        close(permit_take(INSTANCE, boot_id(), &(Settings) { .targets = targets }, cgroups));
}
