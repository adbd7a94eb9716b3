/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The product's constants, each with its reason. All times in microseconds unless the name says otherwise. */

#include "time-span.h"

/* What elapsed-time clocks of two machines may differ by: 1/1000, ten times a bad quartz. A holder shortens
 * its lease by it, an observer lengthens its wait. */
#define DRIFT_DIVISOR 1000u

/* From kill_at to the horizon: time to write cgroup.kill again and again until the cgroup is empty. */
#define KILL_MARGIN_US (5 * USEC_PER_SEC)

/* What expire_time lies beyond the lease, for holders of the original program whose clocks run fast: they
 * judge by their own wall clock, which may be off by 40 s before they notice. */
#define EXPIRE_HEADROOM_US (45 * USEC_PER_SEC)

/* How far past expire_time two clocks must agree to be before a record without lease_ms counts as expired:
 * the original kills its program only at expiry, with a clock up to 40 s slow. */
#define EXPIRED_MARGIN_US (60 * USEC_PER_SEC)

/* The Date header counts whole seconds; what it rounds away is taken from the horizon. */
#define DATE_RESOLUTION_US USEC_PER_SEC

#define LEASE_US_MAX (24 * USEC_PER_HOUR)
/* Rule (b) has no drift allowance of its own: what the holder's clocks may be slow by has to fit into what lies between
 * the end of a lease by its record's expire_time and the moment at which the record counts as expired. */
_Static_assert(LEASE_US_MAX / DRIFT_DIVISOR < EXPIRED_MARGIN_US + EXPIRE_HEADROOM_US,
               "an observer would judge a record to be expired within its lease");
#define LEASE_US_MIN (20 * USEC_PER_SEC)

/* The longest gap between taking a lock and starting its target. */
#define GAP_US_MAX (24 * USEC_PER_HOUR)

/* The original's users may mix both programs only at a gap that outlasts its 60 s and 40 s rules. */
#define MIXED_FLEET_GAP_US_MIN (2 * USEC_PER_MINUTE)

#define POLL_US_DEFAULT (10 * USEC_PER_SEC)
#define POLL_US_MIN (USEC_PER_SEC)

/* One request, connect and answer; with leases under 80 s an eighth of the lease, so that two tries fit. */
#define REQUEST_US_MAX (10 * USEC_PER_SEC)
#define REQUEST_LEASE_DIVISOR 8u
#define CONNECT_US_MAX (4 * USEC_PER_SEC)

#define BACKOFF_US_MIN (200 * USEC_PER_MSEC)
#define BACKOFF_US_MAX (20 * USEC_PER_SEC)

/* The original's two thresholds for the wall clock against the server's. */
#define CLOCK_SKEW_WARN_US (20 * USEC_PER_SEC)
#define CLOCK_SKEW_US_DEFAULT (40 * USEC_PER_SEC)

/* After the target failed here, other hosts have this long to take the lock before this one tries again. */
#define STAND_DOWN_US (10 * USEC_PER_MINUTE)

/* How long a lock that was handed over is left to its successor, which looks each POLL_US: everybody counts it on clocks
 * of his own and by this constant, so that no record can make it longer. */
#define HANDOVER_US (2 * USEC_PER_MINUTE)

/* How long a stopped daemon tries to write the release before it leaves the lock to expire. */
#define RELEASE_US_MAX (20 * USEC_PER_SEC)

/* While the target comes or goes, the units are looked at this often besides the signals, which can get lost. */
#define LOOK_BUSY_US (500 * USEC_PER_MSEC)

/* A stop that no snapshot shows yet is asked for again: a call got lost in a storm of daemon-reexec. */
#define STOP_REPEAT_US USEC_PER_SEC

/* The guard needs milliseconds to start; a start job that takes longer is stuck behind something. */
#define GUARD_START_US_MAX (60 * USEC_PER_SEC)

/* A picture of the units that is older does not allow to take the lock. */
#define UNITS_AGE_US_MAX (60 * USEC_PER_SEC)

static inline usec_t request_timeout_us(usec_t lease_us) {
        usec_t part_us = lease_us / REQUEST_LEASE_DIVISOR;

        return part_us < REQUEST_US_MAX ? part_us : REQUEST_US_MAX;
}
