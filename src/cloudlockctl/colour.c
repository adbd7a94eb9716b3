/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "colour.h"

#include <string.h>
#include <sys/ioctl.h>

#include "cleanup.h"
#include "parse.h"

/* How many colours there are doesn't matter: three of the sixteen are used. */
static bool is_word_of(const char *value, const char *const words[3]) {
        for (size_t i = 0; i < 3; i++)
                if (strcmp(value, words[i]) == 0)
                        return true;
        return false;
}

bool colour_is_wanted(const ColourWishes *wishes, bool is_terminal) {
        static const char *const always[] = { "16", "256", "24bit" };
        static const char *const automatic[] = { "auto-16", "auto-256", "auto-24bit" };
        bool wanted;

        if (wishes->systemd_colors) {
                if (is_word_of(wishes->systemd_colors, always))
                        return true;
                if (is_word_of(wishes->systemd_colors, automatic))
                        return is_terminal;
                if (parse_bool(wishes->systemd_colors, &wanted) >= 0)
                        return wanted;
        }
        if (wishes->no_color && *wishes->no_color)
                return false;
        return is_terminal && (!wishes->term || strcmp(wishes->term, "dumb") != 0);
}

bool colour_for(FILE *out) {
        const ColourWishes wishes = {
                .systemd_colors = getenv("SYSTEMD_COLORS"), .no_color = getenv("NO_COLOR"), .term = getenv("TERM"),
        };

        return colour_is_wanted(&wishes, isatty(fileno(out)));
}

static unsigned if_sane(uint64_t columns, unsigned otherwise) {
        return columns >= TERMINAL_COLUMNS_MIN && columns <= TERMINAL_COLUMNS_MAX ? (unsigned) columns : otherwise;
}

unsigned terminal_columns(FILE *out) {
        const char *columns = getenv("COLUMNS");
        struct winsize size;
        uint64_t given;

        if (columns && parse_u64(columns, &given) >= 0 && if_sane(given, 0) > 0)
                return (unsigned) given;
        if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0)
                return TERMINAL_COLUMNS;
        return if_sane(size.ws_col, TERMINAL_COLUMNS);
}

unsigned terminal_lines(FILE *out) {
        struct winsize size;

        return ioctl(fileno(out), TIOCGWINSZ, &size) < 0 ? 0 : size.ws_row;
}
