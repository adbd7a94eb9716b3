/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For test-store.py: the store, worked by lines of standard input, one command each:
 *
 *     read MS | create VERSION MS | update VERSION EXPECTED,… MS     one request; MS is its timeout
 *     hand-over VERSION EXPECTED,… MS                                the same, with the successor "node2"
 *     delete VERSION HOLDER MS                                       "-": could not be read
 *     supersede MS                                                   two reads at once: one answer is to come
 *     cancel MS                                                      both at once, dropped after 50 ms: no answer is to come
 *     look MS                                                        at the table; the outcome is the verdict
 *     both MS                                                        a look and a read beside it: two answers are to come
 *     last MS                                                        a read whose handler frees the store, and the end
 *     last-look MS                                                   a look whose handler does
 *
 * Arguments: endpoint, region, table, label, and a profile's ca_bundle if wanted. An answer is a line: outcome, Date, 1 if
 * there is a record, its version, holder and fence, the longest time in ms that the loop stood still, the error; separated
 * by tabs. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "cleanup.h"
#include "store.h"
#include "strv.h"

#define COMMAND_MAX 1024
#define WORDS_MAX 4
#define CANCEL_AFTER_US (50 * USEC_PER_MSEC)
#define BEAT_US (5 * USEC_PER_MSEC)

typedef struct Probe {
        sd_event *event;
        Store *store;
        sd_event_source *beat;
        usec_t beat_us, still_us_max;
        bool last;
} Probe;

static const char *const outcomes[] = {
        [STORE_OK] = "ok",       [STORE_CONDITION_FAILED] = "condition-failed", [STORE_UNCLEAR] = "unclear",
        [STORE_RETRY] = "retry", [STORE_PERSON] = "person",
};

static const char *const verdicts[] = {
        [TABLE_FINE] = "ok",
        [TABLE_REFUSED] = "refused",
        [TABLE_NOT_ALLOWED] = "not-allowed",
        [TABLE_RETRY] = "retry",
};

static usec_t now_us(void) {
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

/* Whatever keeps the loop from turning makes this late. */
static int on_beat(sd_event_source *source, uint64_t usec _unused_, void *userdata) {
        Probe *probe = userdata;
        usec_t t_us = now_us();

        probe->still_us_max = MAX(probe->still_us_max, usec_sub(t_us, probe->beat_us));
        probe->beat_us = t_us;
        sd_event_source_set_time(source, t_us + BEAT_US);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void print_answer(Probe *probe, const char *outcome, const StoreAnswer *answer) {
        const Record *record = &answer->record;

        printf("%s\t%" PRIi64 "\t%d\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\n", outcome, answer->date_s, answer->has_record,
               record->version, record->holder, record->fence, probe->still_us_max / USEC_PER_MSEC, answer->error);
        probe->still_us_max = 0;
        if (probe->last) {
                probe->store = store_free(probe->store);
                sd_event_exit(probe->event, 0);
        }
}

static void on_answer(const StoreAnswer *answer, void *userdata) {
        print_answer(userdata, outcomes[answer->outcome], answer);
}

static void on_looked(const TableAnswer *answer, void *userdata) {
        StoreAnswer as_answer = { 0 };

        snprintf(as_answer.error, sizeof(as_answer.error), "%s", answer->error);
        print_answer(userdata, verdicts[answer->verdict], &as_answer);
}

static int on_cancel(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Probe *probe = userdata;

        store_cancel(probe->store);
        store_look_cancel(probe->store);
        printf("cancelled\n");
        return 0;
}

static int write_record(Probe *probe, const char *version, const char *expected, const char *successor, usec_t timeout_us) {
        _cleanup_strv_ char **versions = NULL;
        Record record = {
                .holder = "node1#0badcafe",
                .expire_time_ms = INT64_C(1763929846000),
                .start_time_ms = INT64_C(1763928001000),
                .is_ours_by_shape = true,
                .lease_ms = 1800000,
                .host = "0123456789abcdef0123456789abcdef",
                .boot = "fedcba9876543210fedcba9876543210",
                .fence = INT64_C(1763928001123),
        };
        StoreWrite write = { .record = &record, .create = !expected };

        snprintf(record.version, sizeof(record.version), "%s", version);
        snprintf(record.successor, sizeof(record.successor), "%s", successor);
        if (expected) {
                if (strv_split(expected, ",", &versions) < 0)
                        return -ENOMEM;
                write.expected = (const char *const *) versions;
                write.n_expected = strv_length(versions);
        }
        return store_write(probe->store, &write, timeout_us, on_answer, probe);
}

static int delete_record(Probe *probe, const char *version, const char *holder, usec_t timeout_us) {
        StoreDelete delete = {
                .version = strcmp(version, "-") == 0 ? "" : version,
                .holder = strcmp(holder, "-") == 0 ? "" : holder,
        };

        return store_delete(probe->store, &delete, timeout_us, on_answer, probe);
}

static int obey(Probe *probe, char *line) {
        char *words[WORDS_MAX];
        size_t n = 0;
        usec_t timeout_us;
        int r;

        for (char *word; n < WORDS_MAX && (word = strsep(&line, " \n")) && *word;)
                words[n++] = word;
        if (n < 2)
                return -EINVAL;
        timeout_us = strtoull(words[n - 1], NULL, 10) * USEC_PER_MSEC;
        if (strcmp(words[0], "create") == 0 && n == 3)
                return write_record(probe, words[1], NULL, "", timeout_us);
        if (strcmp(words[0], "update") == 0 && n == 4)
                return write_record(probe, words[1], words[2], "", timeout_us);
        if (strcmp(words[0], "hand-over") == 0 && n == 4)
                return write_record(probe, words[1], words[2], "node2", timeout_us);
        if (strcmp(words[0], "delete") == 0 && n == 4)
                return delete_record(probe, words[1], words[2], timeout_us);

        probe->last = strncmp(words[0], "last", strlen("last")) == 0;
        if (strcmp(words[0], "look") == 0 || strcmp(words[0], "last-look") == 0)
                return store_look_at_table(probe->store, timeout_us, on_looked, probe);
        r = store_read(probe->store, timeout_us, on_answer, probe);
        if (r >= 0 && strcmp(words[0], "supersede") == 0)
                r = store_read(probe->store, timeout_us, on_answer, probe);
        if (r >= 0 && (strcmp(words[0], "both") == 0 || strcmp(words[0], "cancel") == 0))
                r = store_look_at_table(probe->store, timeout_us, on_looked, probe);
        if (r >= 0 && strcmp(words[0], "cancel") == 0)
                r = sd_event_add_time_relative(probe->event, NULL, CLOCK_MONOTONIC, CANCEL_AFTER_US, 1, on_cancel, probe);
        return r;
}

/* Commands come one at a time, each after the answer to the one before. */
static int on_command(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        Probe *probe = userdata;
        char line[COMMAND_MAX];
        ssize_t n = read(fd, line, sizeof(line) - 1);
        int r;

        if (n <= 0)
                return sd_event_exit(probe->event, 0);
        line[n] = '\0';
        r = obey(probe, line);
        if (r < 0)
                printf("errno\t%s\n", strerror(-r));
        return 0;
}

static void event_unrefp(sd_event **e) {
        sd_event_unref(*e);
}

static int run(char *argv[]) {
        _cleanup_(event_unrefp) sd_event *event = NULL;
        Probe probe = { 0 };
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return r;
        probe.event = event;
        probe.beat_us = now_us();
        r = store_new(event, &(StoreConfig) {
                                     .endpoint = argv[1],
                                     .region = argv[2],
                                     .table = argv[3],
                                     .label = argv[4],
                                     .environment = environ,
                                     .ca_bundle = argv[5],
                             }, &probe.store);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_command, &probe);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &probe.beat, CLOCK_MONOTONIC, BEAT_US, 1, on_beat, &probe);
        if (r >= 0)
                r = sd_event_loop(event);
        sd_event_source_disable_unref(probe.beat);
        store_free(probe.store);
        return r;
}

int main(int argc, char *argv[]) {
        int r;

        if (argc != 5 && argc != 6)
                return EXIT_FAILURE;
        setvbuf(stdout, NULL, _IOLBF, 0); /* each answer when it comes */
        r = run(argv);
        if (r < 0)
                fprintf(stderr, "store-probe: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
