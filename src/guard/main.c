/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "condition.h"
#include "guard.h"
#include "parse.h"

enum { OPTION_VERSION = 0x100, OPTION_FINISH, OPTION_CONDITION };

static int help(void) {
        puts("cloudlock-guard [OPTION] INSTANCE\n"
             "\n"
             "Lets the targets of a lock run while this host's lease lasts, and ends them when it ends.\n"
             "\n"
             "  (no option)     guard the targets; run by cloudlock-guard@INSTANCE.service\n"
             "  --condition     may a target start now? ExecCondition= of the targets\n"
             "  --finish        end what a guard that died has left; ExecStopPost= of the guard\n"
             "  -h, --help      show this help\n"
             "  --version       show the version\n"
             "\n"
             "See cloudlock-guard(8).");
        return GUARD_EXIT_OK;
}

static int usage(const char *problem) {
        fprintf(stderr, "cloudlock-guard: %s; see cloudlock-guard --help.\n", problem);
        return GUARD_EXIT_USAGE;
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, OPTION_VERSION },
                { "finish", no_argument, NULL, OPTION_FINISH },
                { "condition", no_argument, NULL, OPTION_CONDITION },
                {},
        };
        int mode = 0, c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        return help();
                case OPTION_VERSION:
                        puts("cloudlock-guard " PACKAGE_VERSION);
                        return GUARD_EXIT_OK;
                case OPTION_FINISH:
                case OPTION_CONDITION:
                        if (mode)
                                return usage("--finish and --condition exclude each other");
                        mode = c;
                        break;
                default:
                        return GUARD_EXIT_USAGE;
                }
        if (argc - optind != 1)
                return usage("expected one INSTANCE");
        if (!instance_name_is_valid(argv[optind]))
                return usage("this is not the name of an instance");
        return mode == OPTION_CONDITION ? condition_run(argv[optind]) : guard_run(argv[optind], mode == OPTION_FINISH);
}
