/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The target of the tests: it appends a line every 20 ms to a file that all hosts share, so that
 * a judge outside can tell whether two of them ever ran at the same time.
 *
 *   beat [--lease=FILE] [--ignore-term] [--child] [--exit-after=SECONDS] [--status=N] BEATS-FILE
 *
 * A line: CLOCK_MONOTONIC ns, host, pid, start of this process in ns, fence, "main" or "child".
 * The clock is one for all hosts of the rig, for they share a kernel.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)
#define BEAT_NS (20 * UINT64_C(1000000))

typedef struct Options {
        const char *lease;
        const char *beats;
        bool ignore_term;
        bool child;
        uint64_t exit_after_ns; /* 0: never */
        int status;
} Options;

static uint64_t now_ns(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t) now.tv_sec * NS_PER_S + (uint64_t) now.tv_nsec;
}

static void sleep_until(uint64_t when_ns) {
        struct timespec when = {
                .tv_sec = (time_t) (when_ns / NS_PER_S),
                .tv_nsec = (long) (when_ns % NS_PER_S),
        };

        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR)
                ;
}

/* The fence of the lease this process was started under; 0 where there is none. */
static uint64_t read_fence(const char *path) {
        uint64_t fence = 0;
        char line[512];
        FILE *file;

        if (!path)
                return 0;
        file = fopen(path, "re");
        if (!file)
                return 0;
        while (fgets(line, sizeof(line), file))
                if (sscanf(line, "fence=%" SCNu64, &fence) == 1)
                        break;
        fclose(file);
        return fence;
}

static int beat(const Options *options, const char *kind, uint64_t fence) {
        uint64_t start = now_ns(), next = start;
        char host[65] = "", line[256];
        int fd;

        gethostname(host, sizeof(host) - 1);
        fd = open(options->beats, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (fd < 0) {
                fprintf(stderr, "beat: %s: %s\n", options->beats, strerror(errno));
                return 111;
        }
        for (;;) {
                uint64_t now = now_ns();
                int length;

                if (options->exit_after_ns != 0 && now - start >= options->exit_after_ns)
                        return options->status;
                length = snprintf(line, sizeof(line), "%" PRIu64 " %s %d %" PRIu64 " %" PRIu64 " %s\n",
                                  now, host, (int) getpid(), start, fence, kind);
                if (write(fd, line, (size_t) length) != length)
                        return 112;
                /* After a pause go on from now: a burst of late beats would hide it. */
                next = next + BEAT_NS > now ? next + BEAT_NS : now + BEAT_NS;
                sleep_until(next);
        }
}

static bool parse(int argc, char **argv, Options *ret) {
        static const struct option known[] = {
                { "lease",       required_argument, NULL, 'l' },
                { "ignore-term", no_argument,       NULL, 'i' },
                { "child",       no_argument,       NULL, 'c' },
                { "exit-after",  required_argument, NULL, 'e' },
                { "status",      required_argument, NULL, 's' },
                {},
        };
        Options options = {};
        int option;

        while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0)
                switch (option) {
                case 'l': options.lease = optarg; break;
                case 'i': options.ignore_term = true; break;
                case 'c': options.child = true; break;
                case 'e': options.exit_after_ns = (uint64_t) (atof(optarg) * (double) NS_PER_S); break;
                case 's': options.status = atoi(optarg); break;
                default: return false;
                }
        if (optind + 1 != argc)
                return false;
        options.beats = argv[optind];
        *ret = options;
        return true;
}

int main(int argc, char **argv) {
        Options options;
        uint64_t fence;

        if (!parse(argc, argv, &options)) {
                fputs("usage: beat [--lease=FILE] [--ignore-term] [--child] [--exit-after=SECONDS] "
                      "[--status=N] BEATS-FILE\n", stderr);
                return 2;
        }
        if (options.ignore_term)
                signal(SIGTERM, SIG_IGN);
        fence = read_fence(options.lease);
        if (options.child && fork() == 0)
                return beat(&options, "child", fence);
        return beat(&options, "main", fence);
}
