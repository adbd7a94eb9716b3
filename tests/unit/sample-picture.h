/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A host that holds "validator" and runs it, for the tests of what is shown. The machine booted 1000 s ago. */

#include "control.h"

#define SAMPLE_NOW_BOOT_US (1000 * USEC_PER_SEC)
#define SAMPLE_WALL_MINUS_BOOT_US (UINT64_C(1763928000) * USEC_PER_SEC)

static const ControlTarget sample_targets[] = {
        { "validator.service", "active" },
        { "beacon.service", "activating" },
};

static inline void sample_picture(ControlPicture *ret) {
        *ret = (ControlPicture) {
                .instance = "validator-1",
                .label = "validator",
                .table = "locks",
                .region = "eu-central-1",
                .my_id = "node1",
                .holder_id = "node1#0123abcd",
                .view = {
                        .state = LOCK_RUNNING,
                        .state_since_boot_us = 900 * USEC_PER_SEC,
                        .held = true,
                        .has_record = true,
                        .record = {
                                .holder = "node1#0123abcd",
                                .version = "6e0ad8ea-6f5b-4b9c-9d6e-0d7a0c3a1b52",
                                .expire_time_ms = INT64_C(1763930000000),
                                .start_time_ms = INT64_C(1763928000123),
                                .is_ours_by_shape = true,
                                .lease_ms = 1800000,
                                .host = "00112233445566778899aabbccddeeff",
                                .boot = "ffeeddccbbaa99887766554433221100",
                                .fence = UINT64_C(1763928001123),
                        },
                        .expires_boot_us = 2740 * USEC_PER_SEC,
                        .fence = UINT64_C(1763928001123),
                        .renewed_boot_us = 940 * USEC_PER_SEC,
                        .stop_boot_us = 2600 * USEC_PER_SEC,
                        .kill_boot_us = 2700 * USEC_PER_SEC,
                        .store_answered_boot_us = 940 * USEC_PER_SEC,
                        .skew_known = true,
                        .skew_us = -250000,
                        .next = LOCK_NEXT_RENEW,
                        .next_boot_us = 1060 * USEC_PER_SEC,
                },
                .wall_minus_boot_us = SAMPLE_WALL_MINUS_BOOT_US,
                .gap_us = 30 * USEC_PER_MINUTE,
                .lease_us = 30 * USEC_PER_MINUTE,
                .renew_us = 2 * USEC_PER_MINUTE,
                .poll_us = 10 * USEC_PER_SEC,
                .layers = { .guard_up = true, .guard_watched = true, .watchdog_us = 30 * USEC_PER_SEC,
                            .hardware = "/dev/watchdog0", .hardware_us = 20 * USEC_PER_SEC,
                            .fed_boot_us = 990 * USEC_PER_SEC, .host_clock = "ptp_kvm", .on_stuck = "reboot" },
                .targets = sample_targets,
                .n_targets = 1,
                .status = "running validator.service, fence 1763928001123",
        };
}
