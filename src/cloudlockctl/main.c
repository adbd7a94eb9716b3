/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "core-dump.h"
#include "verbs.h"

typedef struct Verb {
        const char *name;
        int n_args_min, n_args_max; /* -1: any number */
        bool takes_json, takes_dry_run, takes_policy;
        int (*run)(const Options *options, char *const *args);
} Verb;

static const Verb verbs[] = {
        { "status", 0, -1, .takes_json = true, .run = verb_status },
        { "bind", 1, 1, .takes_dry_run = true, .run = verb_bind },
        { "unbind", 1, 1, .takes_dry_run = true, .run = verb_unbind },
        { "init", 1, 1, .takes_dry_run = true, .run = verb_init },
        { "check", 1, 1, .takes_json = true, .takes_policy = true, .run = verb_check },
};

static const char help_text[] =
        "cloudlockctl [OPTIONS...] COMMAND ...\n"
        "\n"
        "Look at and set up the locks that let a unit run on one host only.\n"
        "\n"
        "Commands:\n"
        "  status [INSTANCE...]  Show the locks of this host, or these\n"
        "  bind INSTANCE         Let the instance's target units run under the lock only\n"
        "  unbind INSTANCE       Let them run without it again\n"
        "  init INSTANCE         Create the table that the instance's lock is to be in\n"
        "  check INSTANCE        Look for whatever could keep the lock from working\n"
        "\n"
        "Options:\n"
        "     --json             With status and check: print JSON\n"
        "     --policy           With check: print the least IAM policy for the lock\n"
        "     --dry-run          With bind, unbind and init: only say what would be done\n"
        "     --no-pager         Accepted as systemctl's; there never is a pager\n"
        "  -h --help             Show this help\n"
        "     --version          Show the version\n"
        "\n"
        "See the cloudlockctl(1) man page for details.\n";

static const Verb *find_verb(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (strcmp(verbs[i].name, name) == 0)
                        return &verbs[i];
        return NULL;
}

static int usage_error(const char *format, ...) _printf_(1, 2);

static int usage_error(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputs(" Try --help.\n", stderr);
        return EXIT_USAGE;
}

static int run_verb(const Options *options, int n_args, char *const *args) {
        const char *name = n_args > 0 ? args[0] : "status";
        const Verb *verb = find_verb(name);
        int n = n_args > 0 ? n_args - 1 : 0;

        if (!verb)
                return usage_error("Unknown command '%s'.", name);
        if (n < verb->n_args_min)
                return usage_error("'%s' needs the name of an instance.", name);
        if (verb->n_args_max >= 0 && n > verb->n_args_max)
                return usage_error("'%s' takes one instance at a time.", name);
        if (options->json && !verb->takes_json)
                return usage_error("'%s' knows no --json.", name);
        if (options->dry_run && !verb->takes_dry_run)
                return usage_error("'%s' knows no --dry-run.", name);
        if (options->policy && !verb->takes_policy)
                return usage_error("'%s' knows no --policy.", name);
        return verb->run(options, n_args > 0 ? args + 1 : args);
}

int main(int argc, char **argv) {
        enum { OPTION_JSON = 256, OPTION_DRY_RUN, OPTION_POLICY, OPTION_NO_PAGER, OPTION_VERSION };
        static const struct option long_options[] = {
                { "json", no_argument, NULL, OPTION_JSON },         { "dry-run", no_argument, NULL, OPTION_DRY_RUN },
                { "policy", no_argument, NULL, OPTION_POLICY },     { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
                { "help", no_argument, NULL, 'h' },                 { "version", no_argument, NULL, OPTION_VERSION },
                { NULL },
        };
        Options options = {};
        int option;

        setlocale(LC_CTYPE, "");
        while ((option = getopt_long(argc, argv, "h", long_options, NULL)) >= 0)
                switch (option) {
                case OPTION_JSON:
                        options.json = true;
                        break;
                case OPTION_DRY_RUN:
                        options.dry_run = true;
                        break;
                case OPTION_POLICY:
                        options.policy = true;
                        break;
                case OPTION_NO_PAGER:
                        break;
                case 'h':
                        fputs(help_text, stdout);
                        return EXIT_DONE;
                case OPTION_VERSION:
                        puts("cloudlock " PACKAGE_VERSION);
                        return EXIT_DONE;
                default:
                        fputs("Try --help.\n", stderr);
                        return EXIT_USAGE;
                }
        if (core_dump_forbid() < 0)
                return EXIT_FAILED;
        return run_verb(&options, argc - optind, argv + optind);
}
