/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A daemon that may answer anything to cloudlockctl: what is shown of it holds nothing that a terminal would obey, and a
 * frame for a terminal fits it. */

#include <ctype.h>

#include "answer.h"
#include "columns.h"
#include "fuzz.h"
#include "message.h"
#include "tenures.h"
#include "watch-frame.h"

#define NOW_US UINT64_C(1763928000000000)
#define WIDTH 80
#define LINES 24
#define STATE_WIDTH_MAX 30 /* the column is not cut; the longest state, with a remark, is shorter */

static const ShowStyle style = { .utf8 = true, .width = WIDTH };

static void check_text(const char *text, size_t size) {
        require(strlen(text) == size);
        for (; *text; text++)
                require(*text == '\n' || !iscntrl((unsigned char) *text));
}

static void check_status(json_object *status) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        require(out);
        show_status(out, &style, status, NOW_US);
        require(fclose(out) == 0);
        check_text(text, size);
}

static void check_tenures(json_object *answer) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        require(out && (!answer_array(answer, "changes") ||
                        tenures_put(out, &style, answer_array(answer, "changes"), NOW_US, true) == 0));
        require(fclose(out) == 0);
        check_text(text, size);
}

static void check_frame(json_object *status) {
        const LockRow rows[] = { { .instance = "a", .status = status }, { .instance = "b", .status = status } };
        const WatchPicture picture = { .host = "node1", .rows = rows, .n_rows = ELEMENTSOF(rows), .now_us = NOW_US,
                                       .lines_max = LINES };
        _cleanup_free_ char *text = NULL;
        size_t size, n = 0;
        bool fits;
        FILE *out = open_memstream(&text, &size);

        require(out && watch_frame(out, &style, &picture) == 0 && fclose(out) == 0);
        check_text(text, size);
        fits = columns_of(answer_text(status, "state") ?: "") <= STATE_WIDTH_MAX;
        for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest; n++)
                require(!fits || columns_of(line) <= WIDTH);
        require(n <= LINES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_reply_ VarlinkReply reply = {};

        if (varlink_parse_reply(text, &reply) < 0)
                return 0;
        require(reply.error || reply.parameters);
        if (!reply.parameters)
                return 0;
        check_status(reply.parameters);
        check_tenures(reply.parameters);
        check_frame(reply.parameters);
        return 0;
}
