/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

#define FAILURES_MAX 10

typedef struct Options {
        double seconds;
        uint64_t from, schedules, seed;
        unsigned jobs, depth;
        bool trace, table, outside, reached;
} Options;

static World world;

static double now_s(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* A failing schedule, shortened, and what happens in it. */
static void show_failure(const Plan *failing) {
        Plan plan = *failing;
        Statistics statistics = {};

        shorten(&plan, world.violation);
        printf("shortened from %u faults to %u:\n", failing->n_faults, plan.n_faults);
        plan_print(&plan);
        world_run(&world, &plan, &statistics, true);
}

static void show_seed(uint64_t seed) {
        Statistics statistics = {};
        Plan plan;

        plan_draw(&plan, seed, _FAULT_MAX);
        world_run(&world, &plan, &statistics, false);
        show_failure(&plan);
}

static int one(const Options *options) {
        Statistics statistics = {};
        Plan plan;

        plan_draw(&plan, options->seed, _FAULT_MAX);
        plan_print(&plan);
        world_run(&world, &plan, &statistics, options->trace);
        printf("seed %" PRIu64 ": %s%s%s, after %.6f s; digest %016" PRIx64 "\n", options->seed,
               invariant_name(world.violation), world.violation ? ": " : " violated",
               world.violation ? world.violation_text : "", (double) world.now_us / 1e6, world.digest);
        if (!world.violation)
                return 0;
        show_failure(&plan);
        return 1;
}

static bool try_seed(uint64_t seed, Statistics *statistics) {
        Plan plan;

        plan_draw(&plan, seed, _FAULT_MAX);
        world_run(&world, &plan, statistics, false);
        if (!world.violation)
                return true;
        printf("FAIL seed %" PRIu64 ": %s: %s (see it: simulator --seed %" PRIu64 " --trace)\n", seed,
               invariant_name(world.violation), world.violation_text, seed);
        fflush(stdout);
        return false;
}

typedef struct Result {
        uint64_t failures, first_seed; /* of those that failed */
        Statistics statistics;
} Result;

/* One job's share of the seeds. */
static void share(const Options *options, unsigned job, Result *result) {
        uint64_t seed = options->from + job, last = options->from + options->schedules;
        double end_s = now_s() + options->seconds;

        for (unsigned n = 0; result->failures < FAILURES_MAX; seed += options->jobs, n++) {
                if (options->schedules > 0 ? seed >= last : n % 8 == 0 && now_s() >= end_s)
                        break;
                if (!try_seed(seed, &result->statistics) && result->failures++ == 0)
                        result->first_seed = seed;
        }
}

static bool read_whole(int fd, void *to, size_t size) {
        for (size_t done = 0; done < size;) {
                ssize_t n = read(fd, (char *) to + done, size - done);

                if (n <= 0)
                        return false;
                done += (size_t) n;
        }
        return true;
}

static int start_job(const Options *options, unsigned job) {
        static Result result;
        int fds[2];

        if (pipe(fds) < 0)
                abort();
        fflush(stdout);
        if (fork() != 0) {
                close(fds[1]);
                return fds[0];
        }
        share(options, job, &result);
        /* A pipe takes less than the whole at once; the parent reads along. */
        for (size_t done = 0; done < sizeof(result);) {
                ssize_t n = write(fds[1], (char *) &result + done, sizeof(result) - done);

                if (n <= 0)
                        break;
                done += (size_t) n;
        }
        exit(0); /* and not _exit(): what counts coverage writes its counts at the end */
}

static int many(const Options *options) {
        static Statistics sum;
        static Result part;
        uint64_t failures = 0, first_seed = 0;
        double begin_s = now_s();
        int fds[64];

        for (unsigned i = 0; i < options->jobs; i++)
                fds[i] = start_job(options, i);
        for (unsigned i = 0; i < options->jobs; i++) {
                if (!read_whole(fds[i], &part, sizeof(part)))
                        printf("FAIL job %u ended before its time\n", i), failures++;
                else
                        statistics_add(&sum, &part.statistics), failures += part.failures;
                if (first_seed == 0)
                        first_seed = part.first_seed;
                close(fds[i]);
        }
        while (wait(NULL) > 0)
                ;
        if (first_seed > 0)
                show_seed(first_seed);
        if (options->table)
                report_table(&sum);
        if (options->reached && !report_unreached(&sum))
                failures++;
        report_sums(&sum, now_s() - begin_s);
        printf("%" PRIu64 " schedules went well, %" PRIu64 " failed\n", sum.schedules > failures ?
               sum.schedules - failures : 0, failures);
        return failures > 0;
}

/* Faults outside the assumptions: nothing is promised, so how long two hosts run at once is measured. */
static int outside(const Options *options) {
        uint64_t too_long = 0;

        for (unsigned kind = FAULT_OUTSIDE; kind < _FAULT_MAX; kind++) {
                static Statistics statistics;
                double end_s = now_s() + options->seconds / (_FAULT_MAX - FAULT_OUTSIDE);
                Plan plan;

                statistics = (Statistics) {};
                for (uint64_t seed = options->from; now_s() < end_s; seed++) {
                        plan_draw(&plan, seed, (FaultKind) kind);
                        world_run(&world, &plan, &statistics, false);
                }
                printf("%-45s %8" PRIu64 " schedules, %7" PRIu64 " overlaps, the longest %.3f s%s\n",
                       fault_name((FaultKind) kind), statistics.schedules, statistics.overlaps, (double) statistics.overlap_us_max / 1e6,
                       statistics.overlaps_too_long > 0 ? ", BEYOND ITS BOUND" : "");
                too_long += statistics.overlaps_too_long;
        }
        printf("%u passed, %" PRIu64 " failed\n", _FAULT_MAX - FAULT_OUTSIDE, too_long);
        return too_long > 0;
}

static int all_orders(const Options *options) {
        static Statistics statistics;

        return explore(options->depth, &statistics) ? 0 : 1;
}

static void usage(void) {
        printf("simulator [--seconds N | --schedules N] [--from SEED] [--jobs N] [--table] [--reached]\n"
               "simulator --seed N [--trace]\n"
               "simulator --outside [--seconds N]\n"
               "simulator --explore DEPTH\n\n"
               "Runs schedules from seed 1 (or --from) on; one that breaks an invariant is printed with its seed, and the first\n"
               "of them shortened, one line an event. --seed replays one, with --trace every event of it. --table shows which\n"
               "state met which event; --reached fails when a pair that can be reached was not. --outside measures how long\n"
               "two hosts run at once under faults outside the assumptions. --explore tries every order of events.\n");
}

static bool parse(int argc, char **argv, Options *options) {
        for (int i = 1; i < argc; i++) {
                const char *value = i + 1 < argc ? argv[i + 1] : NULL;

                if (strcmp(argv[i], "--trace") == 0)
                        options->trace = true;
                else if (strcmp(argv[i], "--table") == 0)
                        options->table = true;
                else if (strcmp(argv[i], "--reached") == 0)
                        options->reached = true;
                else if (strcmp(argv[i], "--outside") == 0)
                        options->outside = true;
                else if (!value)
                        return false;
                else if (strcmp(argv[i], "--seconds") == 0)
                        options->seconds = atof(argv[++i]);
                else if (strcmp(argv[i], "--schedules") == 0)
                        options->schedules = strtoull(argv[++i], NULL, 10);
                else if (strcmp(argv[i], "--from") == 0)
                        options->from = strtoull(argv[++i], NULL, 10);
                else if (strcmp(argv[i], "--seed") == 0)
                        options->seed = strtoull(argv[++i], NULL, 10);
                else if (strcmp(argv[i], "--jobs") == 0)
                        options->jobs = (unsigned) strtoul(argv[++i], NULL, 10);
                else if (strcmp(argv[i], "--explore") == 0)
                        options->depth = (unsigned) strtoul(argv[++i], NULL, 10);
                else
                        return false;
        }
        return options->jobs >= 1 && options->jobs <= 64;
}

int main(int argc, char **argv) {
        Options options = { .seconds = 10, .from = 1, .jobs = 1 };

        if (!parse(argc, argv, &options))
                return usage(), 2;
        if (options.seed > 0)
                return one(&options);
        if (options.depth > 0)
                return all_orders(&options);
        return options.outside ? outside(&options) : many(&options);
}
