/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Schedules: which world, which weather, which faults and when. All of it is settled before the first step, so that a
 * failing one can be shortened by leaving faults out. */

#include "cleanup.h"
#include "sim.h"

#define MINUTES(n) ((n) * USEC_PER_MINUTE)
#define SECONDS(n) ((n) * USEC_PER_SEC)

/* Of each host's clocks against true time: what a holder and an observer each allow for. */
#define DRIFT_PPM_MAX 990

/* splitmix64, https://prng.di.unimi.it/splitmix64.c (public domain description) */
uint64_t draw(uint64_t *random) {
        uint64_t z = *random += 0x9e3779b97f4a7c15;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

usec_t draw_us(uint64_t *random, usec_t from_us, usec_t to_us) {
        return from_us + draw(random) % (to_us - from_us + 1);
}

bool chance(uint64_t *random, unsigned one_in) {
        return one_in > 0 && draw(random) % one_in == 0;
}

static unsigned draw_weather(uint64_t *random, unsigned least) {
        return chance(random, 3) ? 0 : least + (unsigned) (draw(random) % 100);
}

/* One after the other: compilers may take initializers in any order. */
static void draw_all_weather(Weather *weather, uint64_t *random) {
        weather->lost = draw_weather(random, 3);
        weather->slow = draw_weather(random, 3);
        weather->late = draw_weather(random, 20);
        weather->twice = draw_weather(random, 10);
        weather->crash = chance(random, 4) ? 300 : 0;
        weather->call_lost = draw_weather(random, 5);
        weather->bus_slow = draw_weather(random, 10);
        weather->straggler = draw_weather(random, 2);
        weather->asked = chance(random, 4) ? draw_weather(random, 8) : 0;
}

/* Time plans that config_check_times() accepts, and what they are for. */
static void draw_times(Plan *plan, uint64_t *random) {
        static const struct {
                usec_t lease_us, renew_us, poll_us, budget_us;
        } plans[] = {
                { SECONDS(20), SECONDS(4), SECONDS(5), SECONDS(3) },
                { SECONDS(20), SECONDS(2), SECONDS(2), SECONDS(5) },
                { SECONDS(40), SECONDS(5), SECONDS(5), SECONDS(8) },
                { SECONDS(60), SECONDS(10), SECONDS(10), SECONDS(20) },
                { MINUTES(5), SECONDS(60), SECONDS(10), SECONDS(60) },
                { MINUTES(30), MINUTES(2), SECONDS(10), SECONDS(90) }, /* the original's defaults */
        };
        static const usec_t gaps_us[] = { 0, SECONDS(10), SECONDS(60), SECONDS(180) };
        size_t i;

        /* Short ones are the rule: a schedule costs what it lasts. */
        if (plan->n_original > 0)
                i = chance(random, 4) ? 5 : 4;
        else
                i = chance(random, 50) ? 5 : chance(random, 12) ? 4 : draw(random) % 4;
        plan->lease_us = plans[i].lease_us;
        plan->renew_us = plans[i].renew_us;
        plan->poll_us = plans[i].poll_us;
        plan->budget_us = plans[i].budget_us;
        plan->gap_us = i == 5 && chance(random, 2) ? MINUTES(30) : gaps_us[draw(random) % 4];
        if (plan->n_original > 0 && plan->gap_us < MIXED_FLEET_GAP_US_MIN)
                plan->gap_us = MIXED_FLEET_GAP_US_MIN;
}

LockEventType draw_wish(const Plan *plan, uint64_t *random) {
        static const LockEventType wishes[] = {
                LOCK_EVENT_RELEASE, LOCK_EVENT_PAUSE, LOCK_EVENT_RESUME, LOCK_EVENT_KEEP, LOCK_EVENT_UNKEEP, LOCK_EVENT_RENEW,
                LOCK_EVENT_FORCE_UNLOCK,
        };

        return wishes[draw(random) % (ELEMENTSOF(wishes) - !plan->unlocks)];
}

static int64_t draw_amount(FaultKind kind, uint64_t *random, const Plan *plan) {
        static const int64_t walls_s[] = { 15, 25, 38, 45, 70, 3600, 315360000 };
        int64_t sign = chance(random, 2) ? 1 : -1;

        switch ((int) kind) {
        case FAULT_WALL:
                return sign * walls_s[draw(random) % 7] * (int64_t) USEC_PER_SEC;
        case FAULT_DATE:
                return sign * walls_s[draw(random) % 5] * (int64_t) USEC_PER_SEC;
        case FAULT_CLOCKS:
                return (int64_t) plan->lease_us + (int64_t) draw_us(random, MINUTES(2), MINUTES(5));
        case FAULT_SLEW: /* chrony's limit: maxslewrate 83333.333, chrony.conf(5) */
                return sign * (int64_t) (1000 + draw(random) % 82000);
        case FAULT_TIMES:
                return (int64_t) (chance(random, 2) ? plan->lease_us + SECONDS(20) : plan->lease_us * 2);
        case FAULT_SPOILED:
        case FAULT_RUN_FULL:
                return (int64_t) (draw(random) % 4);
        case FAULT_ASKED:
                return draw_wish(plan, random);
        default:
                return 0;
        }
}

static bool kind_fits(const Plan *plan, FaultKind kind) {
        switch ((int) kind) {
        case FAULT_TWIN:
                return plan->twin;
        case FAULT_TIMES: case FAULT_LABEL: case FAULT_NAME: case FAULT_DATE: case FAULT_WALL: case FAULT_CLOCKS:
        case FAULT_SPOILED: case FAULT_UNCLEAR: case FAULT_DELETED: case FAULT_UNLOCKED:
                /* The original goes by wall clocks and checks nothing: beside it these are not promised. */
                return plan->n_original == 0;
        default:
                return true;
        }
}

static usec_t draw_length(const Plan *plan, uint64_t *random) {
        /* Around the lease and its margins is where it gets interesting. */
        switch (draw(random) % 4) {
        case 0:
                return draw_us(random, USEC_PER_MSEC, SECONDS(2));
        case 1:
                return draw_us(random, SECONDS(1), SECONDS(30));
        case 2:
                return draw_us(random, plan->lease_us / 2, plan->lease_us * 3 / 2);
        default:
                return draw_us(random, SECONDS(1), plan->lease_us * 2 < MINUTES(10) ? plan->lease_us * 2 : MINUTES(10));
        }
}

static bool is_edit(FaultKind kind) {
        return kind == FAULT_DELETED || kind == FAULT_UNCLEAR || kind == FAULT_SPOILED || kind == FAULT_UNLOCKED;
}

static bool edits_item(const Plan *plan) {
        for (unsigned i = 0; i < plan->n_faults; i++)
                if (is_edit(plan->faults[i].kind))
                        return true;
        return false;
}

/* After a deletion the creator waits for the longest lease that it has seen, and who takes over from it for its own gap,
 * in the store's time: that hosts agree on the former, and Date is right, is assumed where items are deleted. */
static bool rests_on_times(FaultKind kind) {
        return kind == FAULT_TIMES || kind == FAULT_DATE;
}

static bool has_times(const Plan *plan) {
        for (unsigned i = 0; i < plan->n_faults; i++)
                if (rests_on_times(plan->faults[i].kind))
                        return true;
        return false;
}

static bool pair_fits(const Plan *plan, FaultKind kind) {
        for (unsigned i = 0; i < plan->n_faults; i++) {
                FaultKind other = plan->faults[i].kind;

                if ((is_edit(other) && rests_on_times(kind)) || (rests_on_times(other) && is_edit(kind)))
                        return false;
        }
        return true;
}

static void add_fault(Plan *plan, uint64_t *random, FaultKind kind) {
        Fault *f = &plan->faults[plan->n_faults];

        *f = (Fault) { .kind = kind };
        f->host = (unsigned) (draw(random) % plan->n_hosts);
        f->at_us = draw_us(random, SECONDS(10), plan->faults_until_us);
        f->for_us = draw_length(plan, random);
        f->amount = draw_amount(kind, random, plan);
        if (kind == FAULT_TWIN || kind == FAULT_CLONE)
                f->host = plan->n_hosts - 2;
        if (kind == FAULT_TARGET_UNKILLABLE)
                /* With the store in reach and nothing else wrong the lock has to be kept: alone in its plan. */
                plan->n_faults = 0, plan->weather = (Weather) {}, plan->faults[0] = *f;
        plan->n_faults++;
}

static bool has_kind(const Plan *plan, FaultKind kind) {
        return plan->n_faults > 0 && plan->faults[0].kind == kind;
}

static void draw_faults(Plan *plan, uint64_t *random, FaultKind only) {
        unsigned most = chance(random, 8) ? 40 : 7, wanted = 1 + (unsigned) (draw(random) % most);

        if (only != _FAULT_MAX)
                add_fault(plan, random, only);
        for (unsigned tries = 0; plan->n_faults < wanted && tries < 4 * FAULTS_MAX; tries++) {
                FaultKind kind = (FaultKind) (draw(random) % FAULT_OUTSIDE);

                /* It has a plan for itself, so that it would be the rule. */
                if (kind == FAULT_TARGET_UNKILLABLE && (only != _FAULT_MAX || !chance(random, 4)))
                        continue;
                if (!kind_fits(plan, kind) || !pair_fits(plan, kind))
                        continue;
                add_fault(plan, random, kind);
                if (has_kind(plan, FAULT_TARGET_UNKILLABLE))
                        break;
        }
}

static void sort_faults(Plan *plan) {
        for (unsigned i = 1; i < plan->n_faults; i++)
                for (unsigned k = i; k > 0 && plan->faults[k].at_us < plan->faults[k - 1].at_us; k--) {
                        Fault f = plan->faults[k];

                        plan->faults[k] = plan->faults[k - 1];
                        plan->faults[k - 1] = f;
                }
}

void plan_draw(Plan *plan, uint64_t seed, FaultKind only) {
        uint64_t random = seed * 0x2545f4914f6cdd1d + 1;

        *plan = (Plan) { .seed = seed, .outside = only, .n_hosts = 2, .drift_ppm_max = DRIFT_PPM_MAX };
        if (chance(&random, 3))
                plan->n_hosts += (unsigned) (draw(&random) % (HOSTS_MAX - 1));
        draw_all_weather(&plan->weather, &random);
        /* All answers late, from the network and from PID 1: they meet whatever state there is by then. */
        if (chance(&random, 8))
                plan->weather.lost = 3, plan->weather.slow = plan->weather.bus_slow = 1;
        if (only == _FAULT_MAX && chance(&random, 8))
                plan->n_original = 1 + (unsigned) (draw(&random) % (plan->n_hosts - 1));
        plan->twin = only == _FAULT_MAX && plan->n_original == 0 && plan->n_hosts > 2 && chance(&random, 3);
        plan->hold_on_exit = plan->n_original == 0 && chance(&random, 12);
        if (only == FAULT_CLONE) {
                plan->n_hosts = 3;
                plan->twin = true;
        }
        plan->restarts = chance(&random, 4);
        draw_times(plan, &random);
        plan->faults_until_us = SECONDS(20) + (plan->gap_us < plan->lease_us ? plan->gap_us : plan->lease_us) +
                                plan->lease_us * (1 + draw(&random) % 3);
        draw_faults(plan, &random, only);
        sort_faults(plan);
        plan->unlocks = only == _FAULT_MAX && plan->n_original == 0 && !has_times(plan) && chance(&random, 2);
        plan->gaps_differ = plan->n_original == 0 && !edits_item(plan) && !plan->unlocks && chance(&random, 4);
}

/* Once the faults are over: what still waits for an old lease, its gap and a stand-down, and an unlucky last fault. A
 * release can't be told from a fault while the clocks of rule (b) run. */
usec_t plan_rest_us(const Plan *plan) {
        usec_t lease_us = plan->lease_us * 2 + SECONDS(20);

        return STAND_DOWN_US + 3 * (lease_us + EXPIRE_HEADROOM_US + EXPIRED_MARGIN_US) + 2 * plan->gap_us + MINUTES(15);
}

/* How long two hosts may run at once under what is not promised: cloudlock-safety(7). */
usec_t plan_overlap_us_max(const Plan *plan) {
        usec_t longest_us = 0, lease_us = plan->lease_us;

        for (unsigned i = 0; i < plan->n_faults; i++) {
                if (plan->faults[i].kind == FAULT_TIMES && (usec_t) plan->faults[i].amount > lease_us)
                        lease_us = (usec_t) plan->faults[i].amount;
                if (plan->faults[i].kind == plan->outside && plan->faults[i].for_us > longest_us)
                        longest_us = plan->faults[i].for_us;
        }
        switch ((int) plan->outside) {
        case FAULT_STILL: case FAULT_CLONE: case FAULT_CLOCKS:
                return lease_us; /* what is left of a lease that was granted before */
        case FAULT_DRIFT:
                return lease_us / 50;
        case FAULT_BOTH: case FAULT_STUCK:
                return longest_us + SECONDS(1);
        default: /* a kill away */
                return SECONDS(1);
        }
}

void plan_print(const Plan *plan) {
        printf("seed %llu: %u hosts (%u of them the original program%s), lease %.0f s, gap %.0f s, renewed each %.0f s\n",
               (unsigned long long) plan->seed, plan->n_hosts, plan->n_original, plan->twin ? ", the last one a twin" : "",
               (double) plan->lease_us / 1e6, (double) plan->gap_us / 1e6, (double) plan->renew_us / 1e6);
        printf("weather, one in: lost %u, slow %u, late %u, twice %u, crash %u, call lost %u, bus slow %u, straggler %u, "
               "asked %u\n",
               plan->weather.lost, plan->weather.slow, plan->weather.late, plan->weather.twice, plan->weather.crash,
               plan->weather.call_lost, plan->weather.bus_slow, plan->weather.straggler, plan->weather.asked);
        for (unsigned i = 0; i < plan->n_faults; i++) {
                const Fault *f = &plan->faults[i];

                printf("fault %u: %.3f s host%u %s, for %.3f s (%.3f)\n", i, (double) f->at_us / 1e6, f->host, fault_name(f->kind),
                       (double) f->for_us / 1e6, (double) f->amount / 1e6);
        }
}
