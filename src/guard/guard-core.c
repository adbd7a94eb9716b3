/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard-core.h"

#include <assert.h>
#include <string.h>

#include "cleanup.h"
#include "time-limits.h"

/* How often the lease is read, whatever inotify says. */
#define TICK_US USEC_PER_SEC

/* Close to a deadline a quarter of what remains, so that the watchdog is fed in time; but no busy loop. */
#define TICK_DIVISOR 4
#define TICK_US_MIN (50 * USEC_PER_MSEC)

/* The watchdog bites before the deadline that the guard has to act at: 9/10 of the way. */
#define WATCHDOG_NUMERATOR 9
#define WATCHDOG_DENOMINATOR 10

/* A shorter one would bite guards that are merely waiting for the processor. A guard that stops in the last second
 * before kill_at is dead at most this much later, which is well within KILL_MARGIN_US. */
#define WATCHDOG_US_MIN USEC_PER_SEC

/* StopUnit is repeated until the job is seen: one can get lost while PID 1 re-executes itself. */
#define STOP_REPEAT_US USEC_PER_SEC

/* One shot of cgroup.kill is not enough: the target's ExecStopPost= runs after it, and so may a start that was
 * already past its condition. */
#define KILL_REPEAT_US (50 * USEC_PER_MSEC)

#define LOOK_REPEAT_US (250 * USEC_PER_MSEC)

/* As a stop, so is a reboot asked for again, until there is nobody left to ask. */
#define REBOOT_REPEAT_US USEC_PER_SEC

/* How long the machine may be awake with its targets frozen: logind waits 5 s for others who delay the sleep, and what has to
 * be written out may take longer. Then it does not sleep, or the signal that it has woken was lost. */
#define FROZEN_US_MAX (20 * USEC_PER_SEC)

void guard_init(Guard *guard, const char boot_id[ID128_TEXT_SIZE], bool finishing, bool died, bool reboots) {
        *guard = (Guard){
                .phase = finishing ? GUARD_STOPPING : GUARD_STARTING,
                .reason = finishing ? GUARD_REASON_ASKED : GUARD_REASON_NONE,
                .finishing = finishing,
                .reboots = reboots,
                .frozen = finishing && died, /* before a sleep, perhaps */
        };
        memcpy(guard->boot_id, boot_id, ID128_TEXT_SIZE);
}

static void add(GuardActions *actions, GuardActionType type, usec_t watchdog_us) {
        assert(actions->n < GUARD_ACTIONS_MAX);
        actions->list[actions->n++] = (GuardAction){ .type = type, .watchdog_us = watchdog_us };
}

/* What is left on the clock that has less left. */
static usec_t left_us(usec_t boot_us, usec_t raw_us, const GuardNow *now) {
        return MIN(boot_us > now->boot_us ? boot_us - now->boot_us : 0, raw_us > now->raw_us ? raw_us - now->raw_us : 0);
}

static usec_t left_to_stop_us(const Guard *guard, const GuardNow *now) {
        return left_us(guard->deadline.stop_boot_us, guard->deadline.stop_raw_us, now);
}

static usec_t left_to_kill_us(const Guard *guard, const GuardNow *now) {
        return left_us(guard->deadline.kill_boot_us, guard->deadline.kill_raw_us, now);
}

usec_t guard_left_us(const Guard *guard, const GuardNow *now) {
        if (guard->phase <= GUARD_RUNNING)
                return left_to_stop_us(guard, now);
        return guard->phase == GUARD_STOPPING ? left_to_kill_us(guard, now) : 0;
}

static usec_t watchdog_us(const Guard *guard, const GuardNow *now) {
        usec_t us = guard_left_us(guard, now) / WATCHDOG_DENOMINATOR * WATCHDOG_NUMERATOR;

        return MAX(us, WATCHDOG_US_MIN);
}

bool lease_is_good(const Lease *lease, const char boot_id[ID128_TEXT_SIZE], const GuardNow *now) {
        return strcmp(lease->boot_id, boot_id) == 0 && left_us(lease->stop_boot_us, lease->stop_raw_us, now) > 0;
}

/* From kill_at on the margin lasts to the horizon, the end of the lease. What is killed for another reason, or late, has as
 * long to die: the kernel may need a while to take a large process apart. */
static void time_to_die(Guard *guard, const GuardNow *now) {
        guard->stuck_boot_us = usec_add(now->boot_us, KILL_MARGIN_US);
        guard->stuck_raw_us = usec_add(now->raw_us, KILL_MARGIN_US);
}

/* Leaves a phase, once, for a later one. */
static void enter(Guard *guard, GuardPhase phase, GuardReason reason, const GuardNow *now, GuardActions *actions) {
        assert(phase > guard->phase && phase >= GUARD_STOPPING);
        guard->phase = phase;
        if (reason != GUARD_REASON_NONE)
                guard->reason = reason;
        if (guard->permitted) {
                guard->permitted = false;
                add(actions, GUARD_ACTION_FORBID, 0);
        }
        if (guard->forbidden_boot_us == 0)
                guard->forbidden_boot_us = now->boot_us;
        guard->stop_seen = false;
        guard->next_ping_boot_us = guard->next_kill_boot_us = guard->next_look_boot_us = now->boot_us;
        if (phase == GUARD_KILLING)
                time_to_die(guard, now);
        if (phase == GUARD_DONE)
                add(actions, GUARD_ACTION_EXIT, 0);
}

/* The lease does not hold: kill what runs; what was not started yet, is not. */
static void lose(Guard *guard, GuardReason reason, const GuardNow *now, GuardActions *actions) {
        if (guard->phase == GUARD_STARTING)
                enter(guard, GUARD_DONE, reason, now, actions);
        else if (guard->phase < GUARD_KILLING)
                enter(guard, GUARD_KILLING, reason, now, actions);
}

/* Of two of the same boot and lock. */
static bool same_lease(const Lease *a, const Lease *b) {
        return a->stop_boot_us == b->stop_boot_us && a->stop_raw_us == b->stop_raw_us && a->kill_boot_us == b->kill_boot_us &&
               a->kill_raw_us == b->kill_raw_us && a->fence == b->fence && strcmp(a->holder, b->holder) == 0;
}

/* The newest file counts, be it later or earlier; but the longest lease counts from when the file was new, or an absurd
 * one would be carried along for ever. */
static void take_lease(Guard *guard, const Lease *lease, const GuardNow *now) {
        usec_t boot_max_us = usec_add(now->boot_us, LEASE_US_MAX), raw_max_us = usec_add(now->raw_us, LEASE_US_MAX);

        if (guard->has_lease && same_lease(&guard->file, lease))
                return;
        guard->has_lease = true;
        guard->file = guard->deadline = *lease;
        guard->deadline.stop_boot_us = MIN(lease->stop_boot_us, boot_max_us);
        guard->deadline.kill_boot_us = MIN(lease->kill_boot_us, boot_max_us);
        guard->deadline.stop_raw_us = MIN(lease->stop_raw_us, raw_max_us);
        guard->deadline.kill_raw_us = MIN(lease->kill_raw_us, raw_max_us);
}

static void on_lease(Guard *guard, const GuardNow *now, const GuardEvent *event, GuardActions *actions) {
        switch (event->read) {
        case GUARD_READ_LEASE:
                /* Which lock it is for is learned once: the guard cannot know what cloudlockd's environment says. */
                if (strcmp(event->lease.boot_id, guard->boot_id) != 0 ||
                    (guard->has_lease && strcmp(event->lease.lock_id, guard->file.lock_id) != 0))
                        lose(guard, GUARD_REASON_LEASE_FOREIGN, now, actions);
                else if (guard->phase < GUARD_KILLING)
                        take_lease(guard, &event->lease, now);
                break;
        case GUARD_READ_MISSING:
                lose(guard, GUARD_REASON_LEASE_MISSING, now, actions);
                break;
        case GUARD_READ_BROKEN:
                lose(guard, GUARD_REASON_LEASE_BROKEN, now, actions);
                break;
        case GUARD_READ_FAILED:
                if (!guard->has_lease)
                        lose(guard, GUARD_REASON_LEASE_BROKEN, now, actions);
                break;
        }
}

static void begin_stop(Guard *guard, GuardReason reason, const GuardNow *now, GuardActions *actions) {
        if (guard->phase == GUARD_STARTING)
                enter(guard, GUARD_DONE, reason, now, actions);
        else if (guard->phase == GUARD_RUNNING)
                enter(guard, GUARD_STOPPING, reason, now, actions);
}

static void on_units(Guard *guard, const GuardNow *now, const GuardUnits *units, GuardActions *actions) {
        guard->stop_seen = units->stop_job_pending;
        switch (guard->phase) {
        case GUARD_STARTING:
                if (!units->bound) {
                        /* Half bound: what made the guard start made a target start, too, once the guard has failed. */
                        enter(guard, units->start_job_pending ? GUARD_STOPPING : GUARD_DONE, GUARD_REASON_UNBOUND, now, actions);
                        break;
                }
                guard->permitted = true;
                guard->phase = GUARD_RUNNING;
                guard->next_ping_boot_us = now->boot_us;
                /* The watchdog with it: a guard that is stopped right after must not be watched by its unit's own. */
                add(actions, GUARD_ACTION_PERMIT, watchdog_us(guard, now));
                break;
        case GUARD_RUNNING:
                if (!units->bound)
                        begin_stop(guard, GUARD_REASON_UNBOUND, now, actions);
                break;
        case GUARD_STOPPING:
        case GUARD_KILLING:
                /* What was asked before the last start became impossible proves nothing. */
                if (units->asked_boot_us >= guard->forbidden_boot_us && units->down && !units->start_job_pending && !units->populated)
                        enter(guard, GUARD_DONE, GUARD_REASON_NONE, now, actions);
                break;
        case GUARD_DONE: /* unreachable: guard_step() takes nothing more by then */
                break;
        }
}

static void check_time(Guard *guard, const GuardNow *now, GuardActions *actions) {
        if (!guard->has_lease)
                return;
        if (guard->phase <= GUARD_RUNNING && left_to_stop_us(guard, now) == 0)
                begin_stop(guard, GUARD_REASON_STOP_DUE, now, actions);
        if (guard->phase == GUARD_STOPPING && left_to_kill_us(guard, now) == 0)
                enter(guard, GUARD_KILLING, GUARD_REASON_KILL_DUE, now, actions);
}

/* What runs into a sleep runs on after it, if the lease is over by then until the guard gets its turn. A stop that falls due
 * waits for the thaw, and what is to be killed is killed as it is. */
static void freeze(Guard *guard, const GuardNow *now, GuardActions *actions) {
        if (guard->phase == GUARD_RUNNING || guard->phase == GUARD_STOPPING) {
                guard->frozen = true;
                guard->thaw_mono_us = usec_add(now->mono_us, FROZEN_US_MAX);
                add(actions, GUARD_ACTION_FREEZE, 0);
        }
        add(actions, GUARD_ACTION_LET_SLEEP, 0);
}

/* After the deadlines were looked at. */
static void check_frozen(Guard *guard, const GuardNow *now, GuardActions *actions) {
        if (!guard->frozen)
                return;
        if (guard->phase <= GUARD_STOPPING && now->mono_us < guard->thaw_mono_us)
                return;
        guard->frozen = false;
        if (guard->phase <= GUARD_STOPPING)
                add(actions, GUARD_ACTION_THAW, 0);
}

static bool is_due(usec_t *next_boot_us, usec_t repeat_us, const GuardNow *now) {
        if (now->boot_us < *next_boot_us)
                return false;
        *next_boot_us = usec_add(now->boot_us, repeat_us);
        return true;
}

/* What is left has had SIGKILL again and again: it sleeps uninterruptibly, in the kernel. What came after they were empty is
 * something else, and has its own time to die. */
static void check_stuck(Guard *guard, const GuardNow *now, bool populated, GuardActions *actions) {
        if (guard->phase == GUARD_KILLING && !populated)
                time_to_die(guard, now);
        if (guard->phase != GUARD_KILLING || left_us(guard->stuck_boot_us, guard->stuck_raw_us, now) > 0)
                return;
        if (!guard->stuck)
                add(actions, GUARD_ACTION_STUCK, 0);
        guard->stuck = true;
        if (guard->reboots && is_due(&guard->next_reboot_boot_us, REBOOT_REPEAT_US, now))
                add(actions, GUARD_ACTION_REBOOT, 0);
}

static usec_t tick_us(usec_t until_us) {
        usec_t us = MIN(until_us / TICK_DIVISOR, TICK_US);

        return MAX(us, TICK_US_MIN);
}

static void ping(Guard *guard, const GuardNow *now, GuardActions *actions) {
        usec_t bites_us = watchdog_us(guard, now);

        if (is_due(&guard->next_ping_boot_us, MIN(bites_us / TICK_DIVISOR, TICK_US), now))
                add(actions, GUARD_ACTION_WATCHDOG, bites_us);
}

/* What a phase does again and again while it lasts. */
static void repeat(Guard *guard, const GuardNow *now, GuardActions *actions) {
        if (guard->phase == GUARD_DONE)
                return;
        if (guard->phase == GUARD_KILLING && is_due(&guard->next_kill_boot_us, KILL_REPEAT_US, now))
                add(actions, GUARD_ACTION_KILL, 0);
        if (guard->phase >= GUARD_STOPPING && !guard->frozen && !guard->stop_seen &&
            is_due(&guard->next_stop_boot_us, STOP_REPEAT_US, now))
                add(actions, GUARD_ACTION_STOP, 0);
        if (guard->phase != GUARD_RUNNING && is_due(&guard->next_look_boot_us, LOOK_REPEAT_US, now))
                add(actions, GUARD_ACTION_LOOK, 0);
        if (guard->phase != GUARD_STARTING)
                ping(guard, now, actions);
}

void guard_step(Guard *guard, const GuardNow *now, const GuardEvent *event, GuardActions *actions) {
        actions->n = 0;
        if (guard->phase == GUARD_DONE)
                return;
        if (guard->forbidden_boot_us == 0 && guard->finishing)
                guard->forbidden_boot_us = now->boot_us;
        switch (event->type) {
        case GUARD_EVENT_LEASE:
                on_lease(guard, now, event, actions);
                break;
        case GUARD_EVENT_UNITS:
                on_units(guard, now, &event->units, actions);
                break;
        case GUARD_EVENT_CHANGED:
                if (guard->phase == GUARD_RUNNING)
                        add(actions, GUARD_ACTION_LOOK, 0);
                guard->next_look_boot_us = MIN(guard->next_look_boot_us, now->boot_us);
                break;
        case GUARD_EVENT_TERM:
                begin_stop(guard, GUARD_REASON_ASKED, now, actions);
                break;
        case GUARD_EVENT_SLEEP:
                freeze(guard, now, actions);
                break;
        case GUARD_EVENT_WAKE:
                guard->thaw_mono_us = now->mono_us;
                break;
        }
        check_time(guard, now, actions);
        check_frozen(guard, now, actions);
        if (event->type == GUARD_EVENT_LEASE)
                check_stuck(guard, now, event->populated, actions);
        repeat(guard, now, actions);
        if (event->type == GUARD_EVENT_LEASE)
                guard->next_tick_boot_us = usec_add(now->boot_us, guard->phase == GUARD_STARTING ? LOOK_REPEAT_US :
                                                                                   tick_us(guard_left_us(guard, now)));
}

usec_t guard_deadline(const Guard *guard, const GuardNow *now) {
        usec_t at_us = guard->next_tick_boot_us;

        if (guard->phase == GUARD_DONE)
                return USEC_INFINITY;
        /* A renewal makes the next tick later, but the watchdog is still set to the old pace. */
        if (guard->phase != GUARD_STARTING)
                at_us = MIN(at_us, guard->next_ping_boot_us);
        if (guard->has_lease && guard->phase <= GUARD_STOPPING)
                at_us = MIN(at_us, usec_add(now->boot_us, guard_left_us(guard, now)));
        return MAX(at_us, now->boot_us + 1);
}
