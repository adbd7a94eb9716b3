/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The guard's whole decision, pure: what was read of the lease, what PID 1 and the cgroups show, and the time go in;
 * actions come out. No clock, no I/O, no allocation, no logging. The simulator drives the same object file.
 *
 *     step(guard, now, event) -> actions, to be carried out in order
 *     deadline(guard, now)    -> when it wants the next GUARD_EVENT_LEASE
 */

#include <stdbool.h>
#include <stddef.h>

#include "lease-text.h"
#include "time-span.h"

#define GUARD_ACTIONS_MAX 8
#define GUARD_STATUS_MAX 256

/* Elapsed time, counted twice; a deadline has passed when either clock says so. */
typedef struct GuardNow {
        usec_t boot_us; /* CLOCK_BOOTTIME */
        usec_t raw_us;  /* CLOCK_MONOTONIC_RAW plus the time suspended */
        usec_t mono_us; /* CLOCK_MONOTONIC: how long the machine was awake; no deadline of a lease is on it */
} GuardNow;

typedef enum GuardPhase {
        GUARD_STARTING, /* nothing may run yet: are the targets bound? */
        GUARD_RUNNING,  /* the targets may run */
        GUARD_STOPPING, /* they are asked to stop, and may take until kill_at */
        GUARD_KILLING,  /* nothing may run any more */
        GUARD_DONE,     /* nothing is left (or, from STARTING, was ever started) */
} GuardPhase;

/* Why it left STARTING or RUNNING, or why it kills. */
typedef enum GuardReason {
        GUARD_REASON_NONE,
        GUARD_REASON_STOP_DUE,      /* stop_at has passed: no renewal, or a stop in order */
        GUARD_REASON_KILL_DUE,      /* kill_at has passed */
        GUARD_REASON_ASKED,         /* SIGTERM, or a guard that died before */
        GUARD_REASON_UNBOUND,       /* the targets are not bound, or no longer */
        GUARD_REASON_LEASE_MISSING, /* taken away: the lock is lost */
        GUARD_REASON_LEASE_BROKEN,  /* not a lease */
        GUARD_REASON_LEASE_FOREIGN, /* of another boot or another lock */
} GuardReason;

typedef enum GuardRead {
        GUARD_READ_LEASE,
        GUARD_READ_MISSING,
        GUARD_READ_BROKEN,
        GUARD_READ_FAILED, /* could not be looked at (no memory, say): the deadlines that are known stand */
} GuardRead;

typedef struct GuardUnits {
        usec_t asked_boot_us;   /* before the first question was put */
        bool down;              /* every target is inactive or failed */
        bool start_job_pending; /* a target has a job that may start it */
        bool stop_job_pending;  /* whatever is not down has a stop job or is deactivating */
        bool populated;         /* a process is left, or that could not be found out */
        bool bound;
} GuardUnits;

typedef enum GuardEventType {
        GUARD_EVENT_LEASE,   /* read, lease and populated; this is the tick as well */
        GUARD_EVENT_UNITS,   /* a snapshot that was asked for: units */
        GUARD_EVENT_CHANGED, /* a unit of ours changed, or PID 1 reloaded */
        GUARD_EVENT_TERM,    /* SIGTERM */
        GUARD_EVENT_SLEEP,   /* the machine is about to be suspended, and waits for us */
        GUARD_EVENT_WAKE,    /* it is awake again, or stays so */
} GuardEventType;

typedef struct GuardEvent {
        GuardEventType type;
        GuardRead read;
        Lease lease;
        bool populated; /* while it kills: a process is left at this moment, or that could not be found out */
        GuardUnits units;
} GuardEvent;

typedef enum GuardActionType {
        GUARD_ACTION_PERMIT,   /* let the targets' conditions pass, and tell PID 1 READY=1, WATCHDOG_USEC=usec */
        GUARD_ACTION_FORBID,   /* let them pass no more */
        GUARD_ACTION_WATCHDOG, /* WATCHDOG_USEC=usec, WATCHDOG=1 */
        GUARD_ACTION_STOP,     /* StopUnit on guard and targets */
        GUARD_ACTION_KILL,     /* cgroup.kill, everywhere */
        GUARD_ACTION_STUCK,    /* once: tell that what is left can't be killed */
        GUARD_ACTION_REBOOT,   /* the machine, at once */
        GUARD_ACTION_FREEZE,   /* the targets' and the extra cgroups */
        GUARD_ACTION_THAW,
        GUARD_ACTION_LET_SLEEP, /* what is to be done before is done */
        GUARD_ACTION_LOOK,     /* take a snapshot */
        GUARD_ACTION_EXIT,
} GuardActionType;

typedef struct GuardAction {
        GuardActionType type;
        usec_t watchdog_us;
} GuardAction;

typedef struct GuardActions {
        GuardAction list[GUARD_ACTIONS_MAX];
        size_t n;
} GuardActions;

/* Plain data: copying it copies the guard. Its fields are guard-core.c's own; others use the functions below. */
typedef struct Guard {
        GuardPhase phase;
        GuardReason reason;
        bool finishing; /* it began as --finish */
        bool reboots;   /* the machine, when it is stuck */
        bool stuck;     /* something was left that a kill did not end in time */
        char boot_id[ID128_TEXT_SIZE];
        bool has_lease;
        Lease file;     /* as it was read last: only a file that differs is a new lease */
        Lease deadline; /* what holds: clamped to the longest lease from when it was read */
        bool permitted;
        usec_t forbidden_boot_us; /* since when nothing can pass a condition */
        bool stop_seen;
        bool frozen; /* for a sleep that has not begun, or is not over */
        usec_t thaw_mono_us; /* while frozen: at the latest then */
        usec_t stuck_boot_us, stuck_raw_us; /* while it kills: what is left then can't be killed */
        usec_t next_tick_boot_us, next_ping_boot_us, next_stop_boot_us, next_kill_boot_us, next_look_boot_us;
        usec_t next_reboot_boot_us;
} Guard;

/* `finishing`: ends what a guard that is gone has left, so it begins in STOPPING; `died`: and that did not end by itself, so
 * that it may have left them frozen. `reboots`: cloudlock_on_stuck=reboot. */
void guard_init(Guard *guard, const char boot_id[ID128_TEXT_SIZE], bool finishing, bool died, bool reboots);

/* The first event is a GUARD_EVENT_LEASE. `actions` begins empty. */
void guard_step(Guard *guard, const GuardNow *now, const GuardEvent *event, GuardActions *actions);

/* On CLOCK_BOOTTIME, later than `now`; USEC_INFINITY once it is done. */
usec_t guard_deadline(const Guard *guard, const GuardNow *now);

/* What is left until the next of the two deadlines, stop_at while it runs and kill_at while it stops, on the clock that
 * has less left. */
usec_t guard_left_us(const Guard *guard, const GuardNow *now);

/* Whether a lease is good at this moment: of this boot, its stop_at ahead on both clocks. */
bool lease_is_good(const Lease *lease, const char boot_id[ID128_TEXT_SIZE], const GuardNow *now);

/* guard-text.c: for people. */
const char *guard_phase_name(GuardPhase phase);
const char *guard_reason_text(GuardReason reason);

/* The sentence of STATUS=. Returns `buf`. */
char *guard_status(const Guard *guard, const GuardNow *now, char *buf, size_t size);
