/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as the file of a lock's history: what is accepted says the same when it is written and read again. */

#include "fuzz.h"
#include "history.h"

static void check_same(const History *a, const History *b) {
        require(a->n == b->n && a->n <= HISTORY_MAX);
        for (size_t i = 0; i < a->n; i++) {
                const HistoryChange *one = history_get(a, i), *other = history_get(b, i);

                require(memchr(one->holder, '\0', sizeof(one->holder)) && memchr(one->host, '\0', sizeof(one->host)));
                require(one->since_us == other->since_us && one->until_us == other->until_us && one->how == other->how);
                require(strcmp(one->host, other->host) == 0 && strcmp(one->holder, other->holder) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_text(data, size);
        static History history, again;
        char written[HISTORY_TEXT_MAX];

        if (history_parse(text, &history) < 0)
                return 0;
        history_format(&history, written);
        require(strlen(written) < sizeof(written) - 1);
        require(history_parse(written, &again) == 0);
        check_same(&history, &again);
        return 0;
}
