/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim.h"

static void usage(void) {
        printf("simulator [--seconds N] [--seed N [--trace]] [--table]\n\n"
               "Runs schedules from seed 1 (or from --seed) on until the time is up; one that breaks the promise is printed\n"
               "with its seed. --seed N --trace replays one and prints a line an event. --table shows which state met\n"
               "which event.\n");
}

static double elapsed_s(const struct timespec *since) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double) (now.tv_sec - since->tv_sec) + (double) (now.tv_nsec - since->tv_nsec) / 1e9;
}

static void print_table(const Statistics *statistics) {
        static const char *const events[_LOCK_EVENT_MAX] = { "tick", "read", "unclear", "written", "refused", "failed", "units",
                                                             "started", "not-started", "unwritable", "stop", "jump", "resume", "table" };

        printf("%-14s", "");
        for (unsigned e = 0; e < _LOCK_EVENT_MAX; e++)
                printf(" %11s", events[e]);
        putchar('\n');
        for (unsigned s = 0; s < _LOCK_STATE_MAX; s++) {
                printf("%-14s", lock_state_name(s));
                for (unsigned e = 0; e < _LOCK_EVENT_MAX; e++)
                        printf(" %11" PRIu64, statistics->reached[s][e]);
                putchar('\n');
        }
}

static int one(uint64_t seed, bool trace) {
        static World world;
        Statistics statistics = {};

        world_run(&world, seed, &statistics, trace);
        printf("seed %" PRIu64 ": %s\n", seed, world.violation ? world.violation : "fine");
        return world.violation != NULL;
}

static int many(double seconds, bool table) {
        static World world;
        static Statistics statistics;
        struct timespec begin;
        uint64_t seed = 0, failed = 0;

        clock_gettime(CLOCK_MONOTONIC, &begin);
        do {
                world_run(&world, ++seed, &statistics, false);
                if (world.violation) {
                        printf("FAIL seed %" PRIu64 ": %s (see it: simulator --seed %" PRIu64 " --trace)\n", seed,
                               world.violation, seed);
                        failed++;
                }
        } while (elapsed_s(&begin) < seconds && failed < 10);
        if (table)
                print_table(&statistics);
        printf("%" PRIu64 " schedules, %.0f simulated hours, %" PRIu64 " core steps, %.2f million steps a second; "
               "the target started %" PRIu64 " times, %" PRIu64 " of them on another host\n",
               seed, (double) statistics.simulated_us / 3.6e9, statistics.lock_steps + statistics.guard_steps,
               (double) (statistics.lock_steps + statistics.guard_steps) / elapsed_s(&begin) / 1e6, statistics.starts,
               statistics.takeovers);
        printf("%" PRIu64 " passed, %" PRIu64 " failed\n", seed - failed, failed);
        return failed > 0;
}

int main(int argc, char **argv) {
        double seconds = 10;
        uint64_t seed = 0;
        bool trace = false, table = false;

        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
                        seconds = atof(argv[++i]);
                else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
                        seed = strtoull(argv[++i], NULL, 10);
                else if (strcmp(argv[i], "--trace") == 0)
                        trace = true;
                else if (strcmp(argv[i], "--table") == 0)
                        table = true;
                else
                        return usage(), strcmp(argv[i], "--help") == 0 ? 0 : 2;
        }
        return seed > 0 ? one(seed, trace) : many(seconds, table);
}
