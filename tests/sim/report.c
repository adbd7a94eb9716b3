/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was reached, in tables for people, and what should have been. */

#include <inttypes.h>

#include "cleanup.h"
#include "sim.h"

static const char *const event_texts[_LOCK_EVENT_MAX] = {
        [LOCK_EVENT_TICK] = "tick", [LOCK_EVENT_READ] = "read", [LOCK_EVENT_READ_UNCLEAR] = "unclear",
        [LOCK_EVENT_WRITTEN] = "written", [LOCK_EVENT_CONDITION_FAILED] = "refused", [LOCK_EVENT_REQUEST_FAILED] = "failed",
        [LOCK_EVENT_UNITS] = "units", [LOCK_EVENT_GUARD_STARTED] = "started", [LOCK_EVENT_GUARD_FAILED] = "not-started",
        [LOCK_EVENT_LEASE_UNWRITABLE] = "unwritable", [LOCK_EVENT_STOP] = "stop", [LOCK_EVENT_CLOCK_JUMP] = "jump",
        [LOCK_EVENT_TABLE] = "table", [LOCK_EVENT_RELEASE] = "release", [LOCK_EVENT_PAUSE] = "pause",
        [LOCK_EVENT_RESUME] = "resume", [LOCK_EVENT_KEEP] = "keep", [LOCK_EVENT_UNKEEP] = "unkeep",
        [LOCK_EVENT_RENEW] = "renew", [LOCK_EVENT_FORCE_UNLOCK] = "unlock",
};

static const char *const guard_event_texts[] = {
        [GUARD_EVENT_LEASE] = "lease", [GUARD_EVENT_UNITS] = "units", [GUARD_EVENT_CHANGED] = "changed",
        [GUARD_EVENT_TERM] = "term", [GUARD_EVENT_SLEEP] = "sleep", [GUARD_EVENT_WAKE] = "wake",
};

const char *lock_event_name(LockEventType type) {
        return event_texts[type];
}

void report_table(const Statistics *statistics) {
        printf("%-14s", "");
        for (unsigned e = 0; e < _LOCK_EVENT_MAX; e++)
                printf(" %11s", event_texts[e]);
        putchar('\n');
        for (unsigned s = 0; s < _LOCK_STATE_MAX; s++) {
                printf("%-14s", lock_state_name((LockState) s));
                for (unsigned e = 0; e < _LOCK_EVENT_MAX; e++)
                        printf(" %11" PRIu64, statistics->reached[s][e]);
                putchar('\n');
        }
        for (unsigned p = 0; p < GUARD_DONE; p++) {
                printf("guard %-10s", guard_phase_name((GuardPhase) p));
                for (unsigned e = 0; e <= GUARD_EVENT_TERM; e++)
                        printf("  %s %" PRIu64, guard_event_texts[e], statistics->guard_reached[p][e]);
                putchar('\n');
        }
        for (unsigned f = 0; f < FAULT_OUTSIDE; f++)
                printf("%10" PRIu64 " times: %s\n", statistics->faults[f], fault_name((FaultKind) f));
}

void report_sums(const Statistics *s, double seconds) {
        uint64_t steps = s->lock_steps + s->guard_steps;

        printf("%" PRIu64 " schedules of %.0f s to %.1f h, %.0f simulated hours (%.1f a second)\n", s->schedules,
               (double) s->shortest_us / 1e6, (double) s->longest_us / 3.6e9, (double) s->simulated_us / 3.6e9,
               (double) s->simulated_us / 3.6e9 / seconds);
        printf("%" PRIu64 " core steps, %.2f million a second; %" PRIu64 " writes; the target started %" PRIu64 " times, %" PRIu64
               " of them on another host\n", steps, (double) steps / seconds / 1e6, s->writes, s->starts, s->takeovers);
        printf("once the faults were over, one host ran the target for good after %.0f s at most\n", (double) s->rest_us_max / 1e6);
}

void statistics_add(Statistics *to, const Statistics *from) {
        const Statistics before = *to;
        uint64_t *sum = (uint64_t *) to;
        const uint64_t *part = (const uint64_t *) from;

        _Static_assert(sizeof(Statistics) % sizeof(uint64_t) == 0, "counters only");
        for (size_t i = 0; i < sizeof(Statistics) / sizeof(uint64_t); i++)
                sum[i] += part[i];
        to->shortest_us = before.shortest_us == 0 || from->shortest_us < before.shortest_us ? from->shortest_us : before.shortest_us;
        to->longest_us = MAX(from->longest_us, before.longest_us);
        to->rest_us_max = MAX(from->rest_us_max, before.rest_us_max);
        to->overlap_us_max = MAX(from->overlap_us_max, before.overlap_us_max);
}

/* Pairs that can't be. Nothing is written or deleted before the first look, nor while what was lost is being ended; a lease
 * file is only written while there is a permit; who has stopped hears nothing. */
static bool can_be(unsigned state, unsigned event) {
        bool answer = event == LOCK_EVENT_WRITTEN || event == LOCK_EVENT_CONDITION_FAILED;
        bool unwritable = event == LOCK_EVENT_LEASE_UNWRITABLE;

        switch (state) {
        case LOCK_STOPPED:
                return false;
        case LOCK_STARTING_UP:
                return !answer;
        case LOCK_LOST:
                return !answer && !unwritable;
        case LOCK_STANDBY: case LOCK_ACQUIRING: case LOCK_WAITING: case LOCK_RELEASING: case LOCK_STANDING_DOWN:
        case LOCK_REFUSING: case LOCK_FAULT:
                return !unwritable;
        default:
                return true;
        }
}

bool report_unreached(const Statistics *statistics) {
        bool good = true;

        for (unsigned s = 0; s < _LOCK_STATE_MAX; s++)
                for (unsigned e = 0; e < _LOCK_EVENT_MAX; e++)
                        if ((statistics->reached[s][e] > 0) != can_be(s, e)) {
                                printf("FAIL %s met %s %" PRIu64 " times\n", lock_state_name((LockState) s), event_texts[e],
                                       statistics->reached[s][e]);
                                good = false;
                        }
        for (unsigned p = 0; p < GUARD_DONE; p++)
                for (unsigned e = 0; e <= GUARD_EVENT_TERM; e++)
                        if (statistics->guard_reached[p][e] == 0) {
                                printf("FAIL the guard, %s, never met %s\n", guard_phase_name((GuardPhase) p), guard_event_texts[e]);
                                good = false;
                        }
        return good;
}
