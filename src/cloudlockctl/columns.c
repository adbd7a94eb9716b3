/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "columns.h"

#include <stdint.h>
#include <string.h>

#include "show.h"

/* Less than this on a line is harder to read than a line that is too long. */
#define WRAP_COLUMNS_MIN 20

static bool begins_character(unsigned char byte) {
        return (byte & 0xc0) != 0x80;
}

size_t columns_of(const char *text) {
        size_t n = 0;

        for (; *text; text++)
                n += begins_character((unsigned char) *text);
        return n;
}

/* How many bytes the first `columns` columns of `text` take. */
static size_t bytes_of(const char *text, size_t columns) {
        const char *p = text;

        for (; *p; p++)
                if (begins_character((unsigned char) *p) && columns-- == 0)
                        break;
        return (size_t) (p - text);
}

void columns_put(FILE *out, const char *text, size_t width, bool utf8) {
        const char *ellipsis = utf8 ? "…" : "...";
        size_t ellipsis_width = utf8 ? 1 : 3;

        if (columns_of(text) <= width) {
                show_safely(out, text);
                return;
        }
        if (width < ellipsis_width)
                return;
        show_safely_n(out, text, bytes_of(text, width - ellipsis_width));
        fputs(ellipsis, out);
}

/* Where a line of at most `width` columns ends: behind its last word that fits, or in the middle of a long one. */
static size_t line_end(const char *text, size_t width) {
        size_t end = bytes_of(text, width), blank = end;

        if (!text[end])
                return end;
        while (blank > 0 && text[blank] != ' ')
                blank--;
        return blank > 0 ? blank : end;
}

void columns_wrap(FILE *out, const char *text, size_t indent, size_t width) {
        size_t room = width >= indent + WRAP_COLUMNS_MIN ? width - indent : SIZE_MAX;

        for (;;) {
                size_t end = line_end(text, room);

                show_safely_n(out, text, end);
                fputc('\n', out);
                text += end;
                text += strspn(text, " ");
                if (!*text)
                        return;
                fprintf(out, "%*s", (int) indent, "");
        }
}
