/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Control sequences of xterm, which all terminals of today know: the second screen and the first, the cursor hidden and
 * shown, to the upper left, the rest of the line, the rest of the screen. https://invisible-island.net/xterm/ctlseqs/ */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

bool screen_is_there(FILE *out) {
        const char *term = getenv("TERM");

        return isatty(fileno(out)) && term && *term && strcmp(term, "dumb") != 0;
}

void screen_enter(FILE *out) {
        fputs(ENTER, out);
        fflush(out);
}

void screen_leave(FILE *out) {
        fputs(LEAVE, out);
        fflush(out);
}

void screen_draw(FILE *out, const char *frame) {
        fputs(HOME, out);
        /* Line by line, so that nothing flickers. */
        while (*frame) {
                size_t length = strcspn(frame, "\n");

                fwrite(frame, 1, length, out);
                fputs(CLEAR_LINE "\r\n", out);
                frame += length + (frame[length] == '\n');
        }
        fputs(CLEAR_BELOW, out);
        fflush(out);
}
