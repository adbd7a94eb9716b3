/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cloudlockctl prints of the JSON on stdin, for a terminal of the test's and at a time of the test's: frames-probe
 * status|watch|list|history|table|check WIDTH plain|colour|ascii. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "findings-show.h"
#include "list.h"
#include "tenures.h"
#include "watch-frame.h"

#define INPUT_SIZE_MAX (64 * 1024)
#define ROWS_MAX 16
#define NOTES_MAX 32

static size_t read_rows(json_object *input, LockRow rows[ROWS_MAX]) {
        json_object *locks = answer_array(input, "locks");
        size_t n = MIN(json_object_array_length(locks), (size_t) ROWS_MAX);

        for (size_t i = 0; i < n; i++) {
                json_object *lock = json_object_array_get_idx(locks, i);

                rows[i] = (LockRow) { answer_text(lock, "instance"), answer_text(lock, "state") ? lock : NULL,
                                      answer_flag(lock, "awaited") };
        }
        return n;
}

static size_t read_notes(json_object *input, WatchNote notes[NOTES_MAX]) {
        json_object *list = answer_array(input, "notes");
        size_t n = MIN(json_object_array_length(list), (size_t) NOTES_MAX);

        for (size_t i = 0; i < n; i++) {
                json_object *note = json_object_array_get_idx(list, i);

                notes[i] = (WatchNote) { answer_usec(note, "at"), answer_text(note, "instance"), answer_text(note, "text") };
        }
        return n;
}

static int put_table(json_object *input, const ShowStyle *style, usec_t now_us) {
        _cleanup_(scan_page_freep) ScanPage *page = NULL;
        json_object *scan = NULL;

        json_object_object_get_ex(input, "scan", &scan);
        if (scan_read(scan, &page) < 0)
                return -1;
        return list_table_put(stdout, style, &(TableRows) { (const ScanPage *[]) { page }, 1, "locks",
                                                            (int64_t) (now_us / USEC_PER_SEC) }, true);
}

static int put_check(json_object *input, const ShowStyle *style) {
        _cleanup_(findings_done) Findings findings = {};
        json_object *list = answer_array(input, "findings");

        for (size_t i = 0, n = json_object_array_length(list); i < n; i++) {
                json_object *finding = json_object_array_get_idx(list, i);
                const char *remedy = answer_text(finding, "remedy");
                int64_t level = 0;

                answer_int(finding, "level", &level);
                findings_add(&findings, (FindingLevel) level, answer_text(finding, "check"), "%s", answer_text(finding, "text"));
                if (remedy)
                        findings_remedy(&findings, "%s", remedy);
        }
        findings_show(stdout, style, &findings);
        return findings.error;
}

static int put(const char *what, json_object *input, const ShowStyle *style) {
        usec_t now_us = answer_usec(input, "now");
        LockRow rows[ROWS_MAX];
        WatchNote notes[NOTES_MAX];

        if (strcmp(what, "list") == 0)
                return list_put(stdout, style, rows, read_rows(input, rows), now_us, true);
        if (strcmp(what, "history") == 0)
                return tenures_put(stdout, style, answer_array(input, "changes"), now_us, true);
        if (strcmp(what, "table") == 0)
                return put_table(input, style, now_us);
        if (strcmp(what, "check") == 0)
                return put_check(input, style);
        if (strcmp(what, "watch") == 0)
                return watch_frame(stdout, style, &(WatchPicture) {
                                                          .host = answer_text(input, "host"),
                                                          .rows = rows,
                                                          .n_rows = read_rows(input, rows),
                                                          .notes = notes,
                                                          .n_notes = read_notes(input, notes),
                                                          .now_us = now_us,
                                                          .lines_max = 18,
                                                  });
        for (size_t i = 0, n = read_rows(input, rows); i < n; i++) {
                if (rows[i].is_awaited)
                        continue;
                if (i > 0)
                        putchar('\n');
                if (rows[i].status)
                        show_status(stdout, style, rows[i].status, now_us);
                else
                        show_not_running(stdout, style, rows[i].instance);
        }
        return 0;
}

int main(int argc, char **argv) {
        _cleanup_json_ json_object *input = NULL;
        static char text[INPUT_SIZE_MAX];
        ShowStyle style;

        if (argc != 4 || fread(text, 1, sizeof(text) - 1, stdin) == 0)
                return 2;
        input = json_tokener_parse(text);
        style = (ShowStyle) {
                .width = (unsigned) atoi(argv[2]),
                .color = strcmp(argv[3], "colour") == 0,
                .utf8 = strcmp(argv[3], "ascii") != 0,
        };
        return input && put(argv[1], input, &style) >= 0 ? 0 : 1;
}
