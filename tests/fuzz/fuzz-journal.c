/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a journal: what is accepted names a lock and versions whole, and says the same when it is written and read
 * again. */

#include "fuzz.h"
#include "journal-text.h"

/* What is written again is never longer than what was read, but for a newline. */
#define SIZE_MAX_READ (JOURNAL_TEXT_MAX - 2)

static void check_same(const Journal *a, const Journal *b) {
        require(identity_equal(&a->identity, &b->identity) && a->n_versions == b->n_versions);
        for (size_t i = 0; i < a->n_versions; i++)
                require(strcmp(a->versions[i].text, b->versions[i].text) == 0 && a->versions[i].creates == b->versions[i].creates);
}

static void check_journal(const Journal *journal) {
        const char *const names[] = { journal->identity.endpoint, journal->identity.region, journal->identity.table,
                                      journal->identity.label, journal->identity.holder };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                require(*names[i] && !strchr(names[i], '\n'));
        require(journal->n_versions <= LOCK_JOURNAL_MAX);
        for (size_t i = 0; i < journal->n_versions; i++)
                require(*journal->versions[i].text && !strchr(journal->versions[i].text, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = size <= SIZE_MAX_READ ? fuzz_text(data, size) : NULL;
        Journal journal, again;
        char written[JOURNAL_TEXT_MAX];

        if (!text || journal_parse(text, &journal) < 0)
                return 0;
        check_journal(&journal);
        journal_format(&journal.identity, journal.versions, journal.n_versions, written);
        require(journal_parse(written, &again) == 0);
        check_same(&journal, &again);
        identity_done(&journal.identity);
        identity_done(&again.identity);
        return 0;
}
