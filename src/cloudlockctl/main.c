/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command-line.h"
#include "core-dump.h"
#include "run-end.h"
#include "text.h"

typedef struct Verb {
        const char *name;
        int n_args_min, n_args_max; /* -1: any number */
        unsigned takes;             /* OptionBits */
        int (*run)(const Options *options, char *const *args);
} Verb;

static const Verb verbs[] = {
        { "status", 0, -1, OPTION_JSON, verb_status },
        { "watch", 0, -1, OPTION_JSON, verb_watch },
        { "list", 0, 1, OPTION_JSON | OPTION_TABLE, verb_list },
        { "history", 0, -1, OPTION_JSON, verb_history },
        { "release", 1, 1, OPTION_FOR, verb_release },
        { "handover", 1, 1, OPTION_TO, verb_handover },
        { "renew", 1, 1, 0, verb_renew },
        { "pause", 1, 1, 0, verb_pause },
        { "resume", 1, 1, 0, verb_resume },
        { "keep", 1, 1, 0, verb_keep },
        { "unkeep", 1, 1, 0, verb_unkeep },
        { "force-unlock", 1, 1, OPTION_HOLDER, verb_force_unlock },
        { "metrics", 1, 1, 0, verb_metrics },
        { "run", 1, -1, OPTION_UID | OPTION_GID | OPTION_WORKING_DIRECTORY | OPTION_SETENV, verb_run },
        { "bind", 1, 1, OPTION_DRY_RUN, verb_bind },
        { "unbind", 1, 1, OPTION_DRY_RUN, verb_unbind },
        { "init", 1, 1, OPTION_DRY_RUN, verb_init },
        { "check", 1, 1, OPTION_JSON | OPTION_POLICY, verb_check },
};

static const char help_text[] =
        "cloudlockctl [OPTIONS...] COMMAND ...\n"
        "\n"
        "Look at, operate and set up the locks that let a unit run on one host only.\n"
        "\n"
        "Look:\n"
        "  status [INSTANCE...]   Show the locks of this host, or these\n"
        "  watch [INSTANCE...]    Show them live\n"
        "  list [INSTANCE]        List the instances here, or with --table all locks in a table\n"
        "  history [INSTANCE...]  Show who held them when\n"
        "  metrics INSTANCE       Print metrics in OpenMetrics' format\n"
        "\n"
        "Operate:\n"
        "  release INSTANCE       Stop the target, release the lock, stand down for a while\n"
        "  handover INSTANCE      Release it for another host; take it back if none does\n"
        "  pause INSTANCE         Stay standby until 'resume', also after a restart\n"
        "  resume INSTANCE        End a pause or a stand-down\n"
        "  keep INSTANCE          Keep the lock while the target is maintained\n"
        "  unkeep INSTANCE        End that\n"
        "  renew INSTANCE         Renew the lock now\n"
        "  force-unlock INSTANCE  Delete the record of a holder that is gone for certain\n"
        "\n"
        "Run a command in place of a unit:\n"
        "  run INSTANCE -- COMMAND...  Run it once while this host holds the lock\n"
        "\n"
        "Set up:\n"
        "  init INSTANCE          Create the table that the instance's lock is to be in\n"
        "  bind INSTANCE          Let the target units run under the lock only\n"
        "  unbind INSTANCE        Let them run without it again\n"
        "  check INSTANCE         Look for whatever could keep the lock from working\n"
        "\n"
        "Options:\n"
        "     --table             With list: all locks in the instance's table\n"
        "     --for=TIME          With release: stand down for so long, or 'infinity'\n"
        "     --to=HOST           With handover: only this host may take the lock\n"
        "     --holder=HOLDER     With force-unlock: the holder, as it was shown\n"
        "     --uid=USER          With run: as this user\n"
        "     --gid=GROUP         With run: as this group\n"
        "     --working-directory=PATH\n"
        "                         With run: in this directory, and not the caller's\n"
        "  -E --setenv=NAME[=VALUE]\n"
        "                         With run: with this variable\n"
        "     --no-block          Do not wait until what was asked for is done\n"
        "     --json[=FORMAT]     Print JSON: 'short', or 'pretty' as on a terminal\n"
        "     --policy            With check: print the least IAM policy for the lock\n"
        "     --dry-run           With bind, unbind, init: only say what would be done\n"
        "     --no-legend         Print no headings and sums\n"
        "  -l --full              Do not shorten what is too long for the terminal\n"
        "     --no-pager          Accepted as systemctl's; there never is a pager\n"
        "  -h --help              Show this help\n"
        "     --version           Show the version\n"
        "\n"
        "See the cloudlockctl(1) man page for details.\n";

static const Verb *find_verb(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (strcmp(verbs[i].name, name) == 0)
                        return &verbs[i];
        return NULL;
}

/* Of run any other status may be the command's own. */
static int usage_status(const char *name) {
        return text_is(name, "run") ? EXIT_RUN_FAILED : EXIT_USAGE;
}

static int usage_error(const char *name, const char *format, ...) _printf_(2, 3);

static int usage_error(const char *name, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputs(" Try --help.\n", stderr);
        return usage_status(name);
}

/* The verb as a person reads it, of a line that could not be read. */
static const char *first_word(char *const *argv) {
        do
                argv++;
        while (*argv && **argv == '-');
        return *argv;
}

static int run_verb(const CommandLine *line, int n_args, char *const *args) {
        const char *name = n_args > 0 ? args[0] : "status", *stranger;
        const Verb *verb = find_verb(name);
        int n = n_args > 0 ? n_args - 1 : 0;

        if (!verb)
                return usage_error(name, "Unknown command '%s'.", name);
        if (n < verb->n_args_min)
                return usage_error(name, "'%s' needs the name of an instance.", name);
        if (verb->n_args_max >= 0 && n > verb->n_args_max)
                return usage_error(name, "'%s' takes one instance at a time.", name);
        stranger = option_name(line->given & ~verb->takes);
        if (stranger)
                return usage_error(name, "'%s' knows no --%s.", name, stranger);
        return verb->run(&line->options, n_args > 0 ? args + 1 : args);
}

static int run_line(int argc, char **argv) {
        CommandLine line;
        int n, r;

        n = command_line_read(argc, argv, &line);
        if (n < 0) {
                fputs("Try --help.\n", stderr);
                return usage_status(first_word(argv));
        }
        if (line.help) {
                fputs(help_text, stdout);
                return EXIT_DONE;
        }
        if (line.version) {
                puts("cloudlock " PACKAGE_VERSION);
                return EXIT_DONE;
        }
        r = core_dump_forbid();
        if (r < 0) {
                fprintf(stderr, "Forbidding core dumps, which could hold AWS keys, failed: %s\n", strerror(-r));
                return text_is(argv[n], "run") ? EXIT_RUN_FAILED : EXIT_FAILED;
        }
        return run_verb(&line, argc - n, argv + n);
}

/* What could not be written was not said: who reads a file of it must hear so. */
static int finish_output(int status) {
        int r = fflush(stdout) == 0 ? 0 : -errno;

        if (r == 0 && !ferror(stdout))
                return status;
        fprintf(stderr, "Not all of the output could be written: %s\n", r < 0 ? strerror(-r) : "an earlier write failed");
        return status == EXIT_DONE ? EXIT_FAILED : status;
}

int main(int argc, char **argv) {
        setlocale(LC_CTYPE, "");
        return finish_output(run_line(argc, argv));
}
