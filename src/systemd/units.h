/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The guard's and the targets' units as PID 1 and the cgroups show them, asked asynchronously over sd-bus, so that a
 * PID 1 that hangs blocks nobody; and the two verbs that cloudlock needs. Used by cloudlockd (system bus) and by the
 * guard (/run/systemd/private). org.freedesktop.systemd1(5). */

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "manager.h"
#include "time-span.h"

#define UNITS_TEXT_MAX 320

typedef enum UnitsPhase {
        UNITS_INACTIVE,
        UNITS_ACTIVATING, /* auto-restart included */
        UNITS_ACTIVE,
        UNITS_DEACTIVATING,
        UNITS_FAILED,
} UnitsPhase;

/* One snapshot. */
typedef struct UnitsSnapshot {
        usec_t asked_boot_us;  /* CLOCK_BOOTTIME just before the first question */
        UnitsPhase guard;
        bool guard_watched;    /* PID 1 ends the guard when it hangs */
        UnitsPhase target;     /* of several: failed if any is, else the most alive one */
        bool targets_down;     /* every target is inactive or failed; says more than `target` when there are several */
        bool job_pending;      /* guard or any target has a job queued or running */
        bool start_job_pending; /* a target has a job queued or running that may start it */
        bool stop_job_pending; /* every unit that is not inactive has a stop job or is deactivating */
        bool populated;        /* a process in any of the targets' or extra cgroups, or one could not be looked at */
        bool clean_oneshot;    /* every target: Type=oneshot, inactive, Result=success */
        bool bound;
        usec_t stop_budget_us; /* USEC_INFINITY: the units set no limit */
        char refusal[UNITS_TEXT_MAX]; /* why not bound or not gateable; empty: fine */
        const ManagerFacts *manager; /* NULL: not asked this time, or it did not answer; borrowed for the time of the call */
} UnitsSnapshot;

typedef struct Units Units;

typedef struct UnitsHandlers {
        /* A snapshot that was asked for is complete. error < 0: PID 1 did not answer (in time). */
        void (*snapshot)(int error, const UnitsSnapshot *snapshot, void *userdata);
        /* A unit of ours changed, a job of ours ended, or PID 1 reloaded: a new snapshot is worth taking. */
        void (*changed)(void *userdata);
        /* The guard's start job ended; `result` as in JobRemoved ("done", "failed", "dependency", "timeout", …), or
         * PID 1's sentence when it did not take the job ("Access denied", …). */
        void (*guard_started)(const char *result, void *userdata);
        void *userdata;
} UnitsHandlers;

/* `bus` is attached to an event loop by the caller and is referenced; NULL: there is none yet. Handlers must not free
 * the Units. 0 or a negative errno. */
int units_new(sd_bus *bus, const char *instance, char *const *targets, char *const *extra_cgroups,
              const UnitsHandlers *handlers, Units **ret);
Units *units_free(Units *units);

static inline void units_freep(Units **u) {
        units_free(*u);
}

/* The connection was lost (NULL) or is there again. What is under way ends without its handler being called; what is
 * known of the cgroups stays. 0 or a negative errno. */
int units_set_bus(Units *units, sd_bus *bus);

/* From now on a snapshot tells of PID 1's manager, too, unless the last one that did began less than this before it (0: each one
 * does) and there was no reload since. */
void units_tell_manager(Units *units, usec_t age_us_max);

/* Begins a snapshot; one that is under way is not disturbed, and another one follows it. */
int units_look(Units *units);

/* The ActiveState of a target, by its place in the configuration, as the last complete answer had it; "unknown" before. A
 * literal. */
const char *units_active_state(const Units *units, size_t target);

/* StartUnit(guard, "replace"); the outcome arrives by guard_started. */
int units_start_guard(Units *units);

/* StopUnit on guard and every target by name, "replace-irreversibly": measured: with "replace" a start by hand
 * cancels the stop. Answers are not waited for; repeat until a snapshot shows it. */
int units_stop(Units *units);

/* Reboots the machine at once: StartUnit("cloudlock-stuck.service", "replace-irreversibly"). The answer is not waited for;
 * repeat for as long as there is a reason. 0 or a negative errno. */
int units_reboot(Units *units);

/* The rest asks PID 1 nothing. */

/* The cgroups in which a target was seen or is to be expected; before the first snapshot those of units_expect_cgroups()
 * alone. Borrowed until the next snapshot; NULL: none. */
char *const *units_cgroups(const Units *units);

/* As if they had been seen in an earlier life. Copies them. 0 or -ENOMEM. */
int units_expect_cgroups(Units *units, char *const *cgroups);

/* SIGKILL to all that is in a cgroup where a target is, was or will be, and in the extra cgroups. `freeze` freezes them as
 * well, so that what a PID 1 that hung starts there later waits for the next call to kill it. 0, or the first negative
 * errno, the others being killed all the same. */
int units_kill(Units *units, bool freeze);

/* Freezes (thaws) the targets' cgroups; what is asked for is done when a process would next run, and not waited for. 0 or the
 * first negative errno. */
int units_freeze(Units *units, bool freeze);

/* Whether any process is left there, or one of the cgroups could not be looked at. */
bool units_are_populated(const Units *units);

/* Freezes (thaws) the extra cgroups: a container engine may put a container back. 0 or the first negative errno. */
int units_freeze_extra(Units *units, bool freeze);
