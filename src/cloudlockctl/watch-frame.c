/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch-frame.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "columns.h"

/* As many as fit beside a handful of locks. */
#define NOTES_SHOWN_MAX 10

/* Title, blank, heading; the cursor has a line, too. And behind the rows a blank and the heading of the notes. */
#define LINES_BESIDE_ROWS 4
#define LINES_BESIDE (LINES_BESIDE_ROWS + 2)

static const GridColumn columns[] = {
        { "INSTANCE", .may_shrink = true }, { "STATE" }, { "HOLDER", .may_shrink = true }, { "LEFT", .is_right = true },
        { "NEXT", .may_shrink = true },
};

static void put_title(FILE *out, const ShowStyle *style, const WatchPicture *picture) {
        char title[512], stamp[SPAN_TEXT_MAX];
        size_t used;

        format_timestamp(stamp, sizeof(stamp), picture->now_us);
        snprintf(title, sizeof(title), "Locks on %s", picture->host);
        used = columns_of(title) + columns_of(stamp);
        if (used < style->width) {
                show_safely(out, title);
                fprintf(out, "%*s%s\n", (int) (style->width - used), "", stamp);
        } else {
                columns_put(out, title, style->width, style->utf8);
                fputc('\n', out);
        }
}

/* One line less where it is needed to say how many more there are. */
static size_t rows_shown(const WatchPicture *picture) {
        size_t room = usec_sub(picture->lines_max, LINES_BESIDE_ROWS);

        return picture->lines_max == 0 || picture->n_rows <= room ? picture->n_rows : usec_sub(room, 1);
}

static int put_rows(FILE *out, const ShowStyle *style, const WatchPicture *picture) {
        _cleanup_grid_ Grid *grid = NULL;
        size_t shown = rows_shown(picture);
        char more[128];
        int r = grid_new(columns, ELEMENTSOF(columns), &grid);

        for (size_t i = 0; i < shown && r >= 0; i++) {
                LockCells cells;

                lock_row_read(&picture->rows[i], style, picture->now_us, &cells);
                r = grid_add(grid, picture->rows[i].instance, "");
                if (r >= 0)
                        r = grid_add(grid, cells.state, cells.colour);
                if (r >= 0)
                        r = grid_add(grid, cells.holder, "");
                if (r >= 0)
                        r = grid_add(grid, cells.left, "");
                if (r >= 0)
                        r = grid_add(grid, cells.next, "");
        }
        if (r < 0)
                return r;
        grid_put(grid, out, style, true);
        if (shown == picture->n_rows)
                return 0;
        snprintf(more, sizeof(more), "and %zu more, see 'cloudlockctl list'", picture->n_rows - shown);
        columns_put(out, more, style->width, style->utf8);
        fputc('\n', out);
        return 0;
}

static char *format_clock(char buf[SPAN_TEXT_MAX], usec_t at_us) {
        time_t seconds = (time_t) (at_us / USEC_PER_SEC);
        struct tm tm;

        if (!gmtime_r(&seconds, &tm) || strftime(buf, SPAN_TEXT_MAX, "%H:%M:%S", &tm) == 0)
                snprintf(buf, SPAN_TEXT_MAX, "n/a");
        return buf;
}

static void put_notes(FILE *out, const ShowStyle *style, const WatchPicture *picture) {
        size_t room = NOTES_SHOWN_MAX, shown;

        if (picture->lines_max > 0)
                room = MIN(room, usec_sub(picture->lines_max, picture->n_rows + LINES_BESIDE));
        shown = MIN(room, picture->n_notes);
        if (shown == 0)
                return;
        fputs("\nLast changes, the newest first\n", out);
        for (size_t i = 0; i < shown; i++) {
                const WatchNote *note = &picture->notes[picture->n_notes - 1 - i];
                char line[1024], clock[SPAN_TEXT_MAX];

                snprintf(line, sizeof(line), "%s %s: %s", format_clock(clock, note->at_us), note->instance, note->text);
                columns_put(out, line, style->width, style->utf8);
                fputc('\n', out);
        }
}

int watch_frame(FILE *out, const ShowStyle *style, const WatchPicture *picture) {
        int r;

        put_title(out, style, picture);
        fputc('\n', out);
        r = put_rows(out, style, picture);
        if (r >= 0)
                put_notes(out, style, picture);
        return r;
}

void watch_line(FILE *out, const WatchNote *note) {
        char stamp[SPAN_TEXT_MAX];

        fprintf(out, "%s %s: ", format_timestamp(stamp, sizeof(stamp), note->at_us), note->instance);
        show_safely(out, note->text);
        fputc('\n', out);
}
