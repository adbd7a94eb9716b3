/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal-text.h"

#include <errno.h>
#include <string.h>

#include "text.h"

void identity_done(Identity *identity) {
        free(identity->endpoint);
        free(identity->region);
        free(identity->table);
        free(identity->label);
        free(identity->holder);
        *identity = (Identity) {};
}

int identity_copy(const Identity *from, Identity *ret) {
        _cleanup_identity_ Identity copy = {
                .endpoint = strdup(from->endpoint), .region = strdup(from->region), .table = strdup(from->table),
                .label = strdup(from->label),       .holder = strdup(from->holder),
        };

        if (!copy.endpoint || !copy.region || !copy.table || !copy.label || !copy.holder)
                return -ENOMEM;
        *ret = copy;
        copy = (Identity) {};
        return 0;
}

bool identity_equal(const Identity *a, const Identity *b) {
        return strcmp(a->endpoint, b->endpoint) == 0 && strcmp(a->region, b->region) == 0 &&
               strcmp(a->table, b->table) == 0 && strcmp(a->label, b->label) == 0 && strcmp(a->holder, b->holder) == 0;
}

void identity_lock_id(const Identity *identity, char ret[LOCK_ID_TEXT_SIZE]) {
        lock_id_format(identity->endpoint, identity->region, identity->table, identity->label, ret);
}

static int take_string(char **field, const char *value) {
        if (*field || !*value)
                return -EBADMSG;
        *field = strdup(value);
        return *field ? 0 : -ENOMEM;
}

static int take_version(Journal *journal, const char *value, bool creates) {
        if (journal->n_versions >= LOCK_JOURNAL_MAX || strlen(value) > RECORD_VERSION_MAX || !*value)
                return -EBADMSG;
        strcpy(journal->versions[journal->n_versions].text, value);
        journal->versions[journal->n_versions++].creates = creates;
        return 0;
}

static int journal_line(Journal *journal, char *line) {
        char *value = strchr(line, '=');
        const struct {
                const char *key;
                char **field;
        } strings[] = {
                { "endpoint", &journal->identity.endpoint }, { "region", &journal->identity.region },
                { "table", &journal->identity.table },       { "label", &journal->identity.label },
                { "holder", &journal->identity.holder },
        };

        if (!value)
                return -EBADMSG;
        *value++ = '\0';
        if (strcmp(line, "version") == 0 || strcmp(line, "creation") == 0)
                return take_version(journal, value, *line == 'c');
        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                if (strcmp(line, strings[i].key) == 0)
                        return take_string(strings[i].field, value);
        return -EBADMSG;
}

static bool identity_complete(const Identity *identity) {
        return identity->endpoint && identity->region && identity->table && identity->label && identity->holder;
}

int journal_parse(char *text, Journal *ret) {
        Journal journal = {};
        char *save = NULL;
        int r = 0;

        for (char *line = strtok_r(text, "\n", &save); line && r >= 0; line = strtok_r(NULL, "\n", &save))
                r = journal_line(&journal, line);
        if (r >= 0 && !identity_complete(&journal.identity))
                r = -EBADMSG;
        if (r < 0) {
                identity_done(&journal.identity);
                return r;
        }
        *ret = journal;
        return 0;
}

void journal_format(const Identity *identity, const LockVersion *versions, size_t n, char buf[static JOURNAL_TEXT_MAX]) {
        *buf = '\0';
        text_append(buf, JOURNAL_TEXT_MAX, "endpoint=%s\nregion=%s\ntable=%s\nlabel=%s\nholder=%s\n", identity->endpoint,
                    identity->region, identity->table, identity->label, identity->holder);
        for (size_t i = 0; i < n; i++)
                text_append(buf, JOURNAL_TEXT_MAX, "%s=%s\n", versions[i].creates ? "creation" : "version", versions[i].text);
}
