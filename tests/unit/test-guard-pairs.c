/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A guard's life in which two of its calls fail: whichever they are, what it let start is over once it and the --finish that
 * systemd runs after it have ended, and whoever does not end well says why. Usage: test-guard-pairs [SEED [PAIRS]]; PAIRS: so
 * many of each life, drawn from the seed, or "all". Needs root. */

#include <sys/wait.h>

#include "guard-life.h"

#define SEED_DEFAULT 1
#define PAIRS_DEFAULT 120
/* Most of a life is waiting for the guard's next round. */
#define WORKERS 12

typedef struct Life {
        const char *name;
        void (*on_ready)(void);
        bool finishing, stubborn;
} Life;

static const Life lives[] = {
        { "asked to stop", ask_to_stop, false, false },
        { "a lost lease", take_the_lease_away, false, true },
        { "--finish", NULL, true, false },
};

static void begin(const Life *life) {
        set_up();
        world.on_ready = life->on_ready;
        world.stubborn = life->stubborn;
        world.target = life->finishing;
        if (life->finishing)
                leave_a_permit();
}

/* As systemd does after a guard that has ended in any way; that one meets no failure. */
static void finish_after_it(void) {
        fault_at(0);
        restore_signals();
        CHECK_EQ(guard_run(INSTANCE, true), GUARD_EXIT_OK);
}

/* Whether both calls were made, and failed. */
static bool fail_both(const Life *life, unsigned nth, unsigned then) {
        unsigned files, failures = check_failures;
        bool hit, told;
        int status;

        begin(life);
        files = open_files();
        fault_at_both(nth, then);
        status = guard_run(INSTANCE, life->finishing);
        hit = fault_was_hit();
        told = world.told[0] != '\0';
        CHECK(status == GUARD_EXIT_OK || told);
        CHECK(status == GUARD_EXIT_OK || !world.target || life->finishing);
        finish_after_it();
        CHECK(!world.target);
        CHECK(!world.started || world.ready);
        CHECK_EQ(condition_run(INSTANCE), CONDITION_NO);
        restore_signals();
        hang_up();
        CHECK_EQ(open_files(), files);
        if (check_failures > failures)
                printf("  %s: call %u failed, and then call %u; the guard ended with %d\n", life->name, nth, then, status);
        return hit;
}

static unsigned count_calls(const Life *life) {
        unsigned n;

        begin(life);
        guard_run(INSTANCE, life->finishing);
        n = fault_calls();
        finish_after_it();
        hang_up();
        return n;
}

/* Of all pairs each WORKERS-th one; or some of those that there are. */
static unsigned try_share(const Life *life, unsigned n_calls, unsigned pairs, unsigned worker) {
        unsigned n_hit = 0;

        if (pairs == 0)
                for (unsigned i = worker; i < n_calls * n_calls; i += WORKERS)
                        n_hit += fail_both(life, 1 + i / n_calls, 1 + i % n_calls);
        else
                for (unsigned i = worker; i < pairs; i += WORKERS) {
                        unsigned nth = 1 + (unsigned) random() % n_calls;

                        n_hit += fail_both(life, nth, 1 + (unsigned) random() % (n_calls - nth + 1));
                }
        return n_hit;
}

/* In a process of its own, and so with a /run of its own; what it has counted goes to the parent. */
static pid_t begin_worker(unsigned seed, unsigned pairs, unsigned worker, int to_fd) {
        unsigned counts[ELEMENTSOF(lives)];
        pid_t pid = fork();

        if (pid != 0)
                return pid;
        if (make_run() < 0)
                _exit(1);
        listen_as_pid1();
        srandom(seed * WORKERS + worker);
        for (size_t i = 0; i < ELEMENTSOF(lives); i++)
                counts[i] = try_share(lives + i, count_calls(lives + i), pairs, worker);
        fflush(stdout);
        _exit(write(to_fd, counts, sizeof(counts)) != sizeof(counts) || check_failures > 0);
}

static unsigned seed = SEED_DEFAULT, pairs = PAIRS_DEFAULT;

static void two_failures_end_the_target(void) {
        unsigned counts[ELEMENTSOF(lives)], totals[ELEMENTSOF(lives)] = {};
        int fds[2], status;

        CHECK_EQ(pipe(fds), 0);
        fflush(stdout);
        for (unsigned i = 0; i < WORKERS; i++)
                CHECK(begin_worker(seed, pairs, i, fds[1]) > 0);
        close(fds[1]);
        while (read(fds[0], counts, sizeof(counts)) == sizeof(counts))
                for (size_t i = 0; i < ELEMENTSOF(lives); i++)
                        totals[i] += counts[i];
        close(fds[0]);
        for (unsigned i = 0; i < WORKERS; i++)
                CHECK(wait(&status) > 0 && status == 0);
        for (size_t i = 0; i < ELEMENTSOF(lives); i++) {
                printf("  %s: %u pairs failed\n", lives[i].name, totals[i]);
                CHECK(totals[i] > 0); /* how many calls a life has to fail depends on how long it takes, so on the machine */
        }
}

static const Case cases[] = {
        { "two failures end the target", two_failures_end_the_target },
};

int main(int argc, char **argv) {
        seed = argc > 1 ? (unsigned) atoi(argv[1]) : SEED_DEFAULT;
        if (argc > 2)
                pairs = strcmp(argv[2], "all") == 0 ? 0 : (unsigned) atoi(argv[2]);
        return RUN_CASES(cases);
}
