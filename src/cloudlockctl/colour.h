/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a terminal is like: whether it takes colours, and how wide it is. */

#include <stdbool.h>
#include <stdio.h>

#define ANSI_GREEN "\033[0;1;32m"
#define ANSI_YELLOW "\033[0;1;33m"
#define ANSI_RED "\033[0;1;31m"
#define ANSI_GREY "\033[0;90m"
#define ANSI_NORMAL "\033[0m"

/* What is taken where nothing says how wide it is, and the bounds within which it is believed. */
#define TERMINAL_COLUMNS 80
#define TERMINAL_COLUMNS_MIN 20
#define TERMINAL_COLUMNS_MAX 1000

/* Of the environment; NULL: not set. */
typedef struct ColourWishes {
        const char *systemd_colors; /* SYSTEMD_COLORS: systemd(1) */
        const char *no_color;       /* NO_COLOR: https://no-color.org */
        const char *term;           /* TERM */
} ColourWishes;

/* SYSTEMD_COLORS outweighs the others, as it does for systemctl; one that is no word of its counts as not set. Pure. */
bool colour_is_wanted(const ColourWishes *wishes, bool is_terminal);

/* The same for what is written to `out` by this process. */
bool colour_for(FILE *out);

/* COLUMNS if that is a width, else what the terminal behind `out` says, else TERMINAL_COLUMNS. */
unsigned terminal_columns(FILE *out);

/* How many lines a terminal has; 0: nobody knows. */
unsigned terminal_lines(FILE *out);
