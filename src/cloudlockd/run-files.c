/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "file.h"
#include "text.h"

#define RUN_PATH_MAX 256
#define JOURNAL_SIZE_MAX 8192

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

static const char *run_path(char buf[RUN_PATH_MAX], const char *instance, const char *name) {
        snprintf(buf, RUN_PATH_MAX, RUN_DIRECTORY "/%s/%s", instance, name);
        return buf;
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

int journal_read(const char *instance, Journal *ret) {
        _cleanup_free_ char *data = NULL;
        char path[RUN_PATH_MAX], *save = NULL;
        Journal journal = {};
        int r = read_small_file(run_path(path, instance, "journal"), JOURNAL_SIZE_MAX, &data, NULL);

        if (r < 0)
                return r;
        for (char *line = strtok_r(data, "\n", &save); line && r >= 0; line = strtok_r(NULL, "\n", &save))
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

int journal_write(const char *instance, const Identity *identity, const LockWrite *write) {
        char path[RUN_PATH_MAX], text[JOURNAL_SIZE_MAX] = "";

        text_append(text, sizeof(text), "endpoint=%s\nregion=%s\ntable=%s\nlabel=%s\nholder=%s\n", identity->endpoint,
                    identity->region, identity->table, identity->label, identity->holder);
        for (size_t i = 0; i < write->n_journal; i++)
                text_append(text, sizeof(text), "%s=%s\n", write->journal[i].creates ? "creation" : "version", write->journal[i].text);
        return write_file_atomic(run_path(path, instance, "journal"), text, strlen(text));
}

static int remove_file(const char *instance, const char *name) {
        char path[RUN_PATH_MAX];

        return unlink(run_path(path, instance, name)) < 0 && errno != ENOENT ? -errno : 0;
}

int journal_remove(const char *instance) {
        return remove_file(instance, "journal");
}

int lease_file_read(const char *instance, Lease *ret) {
        _cleanup_free_ char *data = NULL;
        char path[RUN_PATH_MAX];
        size_t size;
        int r = read_small_file(run_path(path, instance, "lease"), LEASE_TEXT_MAX, &data, &size);

        return r < 0 ? r : lease_parse(data, size, ret);
}

int lease_file_write(const char *instance, const Lease *lease) {
        char path[RUN_PATH_MAX], text[LEASE_TEXT_MAX];
        size_t size;
        int r = lease_format(lease, text, sizeof(text), &size);

        return r < 0 ? r : write_file_atomic(run_path(path, instance, "lease"), text, size);
}

int lease_file_remove(const char *instance) {
        return remove_file(instance, "lease");
}

static int take_flock(const char *path, int *ret_fd) {
        _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int flock_instance(const char *instance, int *ret_fd) {
        char path[RUN_PATH_MAX];

        return take_flock(run_path(path, instance, "flock"), ret_fd);
}

/* Beside the instances' directories; an instance's name has no '#'. */
int flock_lock(const char *lock_id, int *ret_fd) {
        char path[RUN_PATH_MAX];

        snprintf(path, sizeof(path), RUN_DIRECTORY "/#%s", lock_id);
        return take_flock(path, ret_fd);
}

bool has_control_socket(const char *instance) {
        char path[RUN_PATH_MAX];

        return access(run_path(path, instance, "control"), F_OK) == 0;
}
