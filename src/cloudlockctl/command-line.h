/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of cloudlockctl, apart from the verbs that take them. */

#include "verbs.h"

/* Those that not every verb takes; beyond the letters, so that getopt_long(3) tells both apart. */
typedef enum OptionBits {
        OPTION_JSON = 1 << 8,
        OPTION_DRY_RUN = 1 << 9,
        OPTION_POLICY = 1 << 10,
        OPTION_TABLE = 1 << 11,
        OPTION_FOR = 1 << 12,
        OPTION_TO = 1 << 13,
        OPTION_HOLDER = 1 << 14,
        OPTION_UID = 1 << 15,
        OPTION_GID = 1 << 16,
        OPTION_WORKING_DIRECTORY = 1 << 17,
        OPTION_SETENV = 1 << 18,
} OptionBits;

typedef struct CommandLine {
        Options options;
        unsigned given; /* OptionBits */
        bool help, version;
} CommandLine;

/* Options may stand anywhere: the other words are moved behind them, as getopt_long(3) does. Says on stderr what it does
 * not understand. The number of the first word that is no option, or -EINVAL. */
int command_line_read(int argc, char **argv, CommandLine *ret);

/* The name of one of these OptionBits, without its dashes; NULL: there is none. */
const char *option_name(unsigned bits);
