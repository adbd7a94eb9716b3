/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A schedule: which world, which weather, which faults and when. It is drawn from its seed alone, before anything happens. */

#include <stdbool.h>
#include <stdint.h>

#include "time-span.h"

#define FAULTS_MAX 64

typedef enum FaultKind {
        /* the network, of one host */
        FAULT_CUT,
        FAULT_CUT_REQUESTS,
        FAULT_CUT_ANSWERS,
        FAULT_SLOW,
        /* the store */
        FAULT_STORE_DOWN,
        FAULT_THROTTLED,
        FAULT_FAILS_AFTER, /* 500 once the write was applied */
        FAULT_DATE,
        FAULT_DELETED,
        FAULT_SPOILED, /* absurd times, written by hand */
        FAULT_UNCLEAR, /* no lock record at all */
        FAULT_TABLE_REFUSED,
        /* clocks */
        FAULT_WALL,
        FAULT_SLEW,
        /* the machine */
        FAULT_POWER,
        FAULT_REBOOT,
        FAULT_TWIN, /* cut off, and restarted elsewhere with the same machine id and disks */
        /* the programs */
        FAULT_DAEMON_KILLED,
        FAULT_DAEMON_STOPPED,
        FAULT_GUARD_KILLED,
        FAULT_GUARD_STOPPED,
        FAULT_GUARD_FAILS, /* its next start */
        FAULT_PID1_STOPPED,
        FAULT_RELOAD,
        FAULT_RUN_FULL,
        /* the target */
        FAULT_TARGET_FAILS,
        FAULT_TARGET_ENDS, /* a oneshot that succeeded */
        FAULT_TARGET_STUBBORN,
        FAULT_TARGET_UNKILLABLE,
        FAULT_TARGET_BY_HAND,
        FAULT_LATE_EXEC, /* PID 1 hangs between condition and program, past the lease */
        /* operators */
        FAULT_UNBOUND,
        FAULT_UNITS_REFUSED,
        FAULT_STOP,
        FAULT_RESTART,
        FAULT_ASKED, /* for one of the operations, force-unlock excepted */
        FAULT_UNLOCKED,
        FAULT_TIMES,
        FAULT_LABEL,
        FAULT_NAME,
        /* outside the assumptions: measured, not promised */
        FAULT_STILL, /* every clock stands still: a paused virtual machine */
        FAULT_SUSPEND,
        FAULT_DRIFT,
        FAULT_CLONE, /* of the running machine: same ids, same boot, same disks */
        FAULT_BOTH,  /* guard and PID 1 */
        FAULT_STUCK, /* unkillable and cut off */
        FAULT_CLOCKS, /* the store's Date and the host's wall clock are wrong by the same */
        _FAULT_MAX,
        FAULT_OUTSIDE = FAULT_STILL,
} FaultKind;

typedef struct Fault {
        FaultKind kind;
        unsigned host;
        usec_t at_us, for_us;
        int64_t amount; /* what it means depends on the kind */
} Fault;

/* How often something goes wrong by chance: one in so many; 0: never. */
typedef struct Weather {
        unsigned lost, slow, late, twice, crash, call_lost, bus_slow, straggler, asked;
} Weather;

typedef struct Plan {
        uint64_t seed;
        unsigned n_hosts, n_original; /* the first n_original of them follow the original program */
        bool twin;                    /* the last host is the machine of the one before it, restarted elsewhere */
        bool hold_on_exit, restarts; /* the target's Restart= */
        bool gaps_differ;            /* every other host has none */
        bool unlocks;                /* force-unlock is one of the operations that are asked for by chance */
        usec_t lease_us, gap_us, renew_us, poll_us, budget_us;
        FaultKind outside; /* what is measured; _FAULT_MAX: nothing, the promise is judged */
        int64_t drift_ppm_max;
        Weather weather;
        usec_t faults_until_us;
        unsigned n_faults;
        Fault faults[FAULTS_MAX];
} Plan;

/* `only`: nothing but this fault outside the assumptions, now and then. */
void plan_draw(Plan *plan, uint64_t seed, FaultKind only);
void plan_print(const Plan *plan);
usec_t plan_rest_us(const Plan *plan);
usec_t plan_overlap_us_max(const Plan *plan);
uint64_t draw(uint64_t *random);
usec_t draw_us(uint64_t *random, usec_t from_us, usec_t to_us);
bool chance(uint64_t *random, unsigned one_in);
