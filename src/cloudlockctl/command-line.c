/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command-line.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

/* getopt's values for the other options without a letter. */
enum {
        WORD_NO_LEGEND = 1 << 20,
        WORD_NO_BLOCK,
        WORD_NO_PAGER,
        WORD_VERSION,
};

static const struct option words[] = {
        { "json", optional_argument, NULL, OPTION_JSON },     { "dry-run", no_argument, NULL, OPTION_DRY_RUN },
        { "policy", no_argument, NULL, OPTION_POLICY },       { "table", no_argument, NULL, OPTION_TABLE },
        { "for", required_argument, NULL, OPTION_FOR },       { "to", required_argument, NULL, OPTION_TO },
        { "holder", required_argument, NULL, OPTION_HOLDER }, { "no-legend", no_argument, NULL, WORD_NO_LEGEND },
        { "no-block", no_argument, NULL, WORD_NO_BLOCK },     { "no-pager", no_argument, NULL, WORD_NO_PAGER },
        { "full", no_argument, NULL, 'l' },                   { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, WORD_VERSION },       { "uid", required_argument, NULL, OPTION_UID },
        { "gid", required_argument, NULL, OPTION_GID },       { "setenv", required_argument, NULL, OPTION_SETENV },
        { "working-directory", required_argument, NULL, OPTION_WORKING_DIRECTORY },
        { NULL },
};

static bool is_bit(int value) {
        return value >= OPTION_JSON && value < WORD_NO_LEGEND;
}

const char *option_name(unsigned bits) {
        for (const struct option *word = words; word->name; word++)
                if (is_bit(word->val) && (bits & (unsigned) word->val))
                        return word->name;
        return NULL;
}

static int read_json_mode(const char *word, JsonMode *ret) {
        if (!word)
                *ret = isatty(STDOUT_FILENO) ? JSON_PRETTY : JSON_SHORT;
        else if (strcmp(word, "short") == 0)
                *ret = JSON_SHORT;
        else if (strcmp(word, "pretty") == 0)
                *ret = JSON_PRETTY;
        else if (strcmp(word, "off") == 0)
                *ret = JSON_OFF;
        else {
                fprintf(stderr, "--json=%s: it is 'short', 'pretty' or 'off'. ", word);
                return -EINVAL;
        }
        return 0;
}

static int read_span(const char *word, usec_t *ret_us) {
        int r = parse_span(word, USEC_PER_SEC, ret_us);

        if (r >= 0 && *ret_us > 0)
                return 0;
        fprintf(stderr, "--for=%s: it is a span of time, as 90s, 10min or 1h 30min, or 'infinity'. ", word);
        return -EINVAL;
}

static int read_successor(const char *word, const char **ret) {
        if (!*word) {
                fputs("--to= is empty: leave it out, and whoever comes first is the successor. ", stderr);
                return -EINVAL;
        }
        *ret = word;
        return 0;
}

static int add_setenv(Options *options, char *word) {
        if (options->n_setenv == SETENV_MAX) {
                fprintf(stderr, "--setenv= is given more than %d times. ", SETENV_MAX);
                return -EINVAL;
        }
        options->setenv[options->n_setenv++] = word;
        return 0;
}

static int take(CommandLine *line, int value) {
        Options *options = &line->options;

        switch (value) {
        case OPTION_JSON: return read_json_mode(optarg, &options->json);
        case OPTION_DRY_RUN: options->dry_run = true; return 0;
        case OPTION_POLICY: options->policy = true; return 0;
        case OPTION_TABLE: options->table = true; return 0;
        case OPTION_FOR: return read_span(optarg, &options->for_us);
        case OPTION_TO: return read_successor(optarg, &options->to);
        case OPTION_HOLDER: options->holder = optarg; return 0;
        case OPTION_UID: options->uid = optarg; return 0;
        case OPTION_GID: options->gid = optarg; return 0;
        case OPTION_WORKING_DIRECTORY: options->working_directory = optarg; return 0;
        case OPTION_SETENV: return add_setenv(options, optarg);
        case WORD_NO_LEGEND: options->no_legend = true; return 0;
        case WORD_NO_BLOCK: options->no_block = true; return 0;
        case WORD_NO_PAGER: return 0;
        case 'l': options->full = true; return 0;
        case 'h': line->help = true; return 0;
        case WORD_VERSION: line->version = true; return 0;
        default: return -EINVAL;
        }
}

int command_line_read(int argc, char **argv, CommandLine *ret) {
        int value;

        *ret = (CommandLine) {};
        while ((value = getopt_long(argc, argv, "hlE:", words, NULL)) >= 0) {
                int r;

                value = value == 'E' ? OPTION_SETENV : value;
                r = take(ret, value);
                if (r < 0)
                        return r;
                if (is_bit(value))
                        ret->given |= (unsigned) value;
        }
        ret->options.dashes = strcmp(argv[optind - 1], "--") == 0;
        return optind;
}
