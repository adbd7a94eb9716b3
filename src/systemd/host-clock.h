/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The clocks by which a virtual machine's host shows that time went on while the machine stood still. Looked for once; what
 * they show is judged in standstill.h.
 *
 * - vmclock (include/uapi/linux/vmclock-abi.h of Linux): a page with a marker that changes when the machine was moved or
 *   loaded from a snapshot. It says nothing of a pause alone, so that it goes with one of the others.
 * - a PTP clock of KVM's or Hyper-V's host: the host's time, by clock_gettime().
 * - the real-time clock, which the host keeps for the machine, in whole seconds. */

#include <stdbool.h>

#include "standstill.h"

#define HOST_CLOCK_NAME_MAX 32

/* Where they are; NULL: not looked for. */
typedef struct HostClockPaths {
        const char *vmclock;
        const char *ptp[2];
        const char *rtc;
} HostClockPaths;

/* The real ones. PTP clocks by the names that udev gives them, whatever their number is; units/cloudlock.rules lets user
 * cloudlock read all of them, and cloudlock@.service names them once more. */
#define HOST_CLOCK_PATHS                                                      \
        (HostClockPaths) {                                                    \
                .vmclock = "/dev/vmclock0",                                   \
                .ptp = { "/dev/ptp_kvm", "/dev/ptp_hyperv" },                 \
                .rtc = "/sys/class/rtc/rtc0/since_epoch",                     \
        }

typedef struct HostClock {
        const volatile void *vmclock; /* its page; NULL: none */
        int ptp_fd;                   /* < 0: none */
        const char *rtc;              /* the path, borrowed; NULL: none, or not needed */
        char name[HOST_CLOCK_NAME_MAX]; /* "vmclock0, ptp_kvm"; empty: none of them */
} HostClock;

/* Opens what there is of them and can be read; what can't be is not there. */
void host_clock_open(const HostClockPaths *paths, HostClock *ret);
void host_clock_done(HostClock *clock);
#define _cleanup_host_clock_ _cleanup_(host_clock_done)

static inline bool host_clock_exists(const HostClock *clock) {
        return clock->name[0] != '\0';
}

/* Whether one of them goes on in a pause; vmclock alone does not. */
static inline bool host_clock_tells_pauses(const HostClock *clock) {
        return clock->ptp_fd >= 0 || clock->rtc;
}

/* What can't be read this time is not in the look. */
void host_clock_look(const HostClock *clock, HostLook *ret);
