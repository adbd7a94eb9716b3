/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests/mixed/run: one host with cloudlock, but for its units. The shipped core, and the shipped store talking to a
 * real one, in a time that the caller makes up. Standard input carries one command a line, each of them after the
 * answer to the one before:
 *
 *     begin CLOCKS HOLDER HOST BOOT GAP LEASE RENEW POLL SEED [STOP_BOOT STOP_RAW KILL_BOOT KILL_RAW FENCE]
 *                               cloudlockd starts, with the lease file that it finds; the journal is kept within a boot
 *     end CLOCKS                cloudlockd is killed
 *     units CLOCKS ASKED GUARD TARGET TARGETS_DOWN JOB POPULATED ONESHOT BUDGET
 *     answer CLOCKS             waits for what the store says to the request under way, and feeds it
 *     tick, table, stop, resume, clock-jump, guard-started, guard-failed CLOCKS
 *
 * CLOCKS are BOOTTIME, MONOTONIC, RAW and REALTIME in µs; what is a time is in µs. Answered by one line for each action
 * (read, write, lease with its five numbers, revoke, start-guard, stop-units, look, exit), and a last one:
 *
 *     . STATE DEADLINE RELEASED REASON
 *
 * Arguments: endpoint, region, table, label; the keys come by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "cleanup.h"
#include "lock-internal.h"
#include "store-event.h"
#include "store.h"

#define LINE_SIZE 4096
#define WORDS_MAX 24
#define N_CLOCKS 4u
#define ATTEMPT_US (60 * USEC_PER_SEC) /* of real time; the caller ends attempts by its own */

typedef struct Peer {
        sd_event *event;
        Store *store;
        Lock lock;
        bool begun;
        LockNow now, sent;
        LockVersion journal[LOCK_JOURNAL_MAX];
        size_t n_journal;
        char boot[RECORD_ID_SIZE];
        LockEvent answer;
        bool answered, wanted; /* it is there; it has been asked for */
} Peer;

typedef struct Words {
        char *list[WORDS_MAX];
        size_t n;
} Words;

static int number(const Words *words, size_t i, uint64_t *ret) {
        char *end;

        if (i >= words->n)
                return -EINVAL;
        errno = 0;
        *ret = strtoull(words->list[i], &end, 10);
        return errno != 0 || *end ? -EINVAL : 0;
}

static int numbers(const Words *words, size_t from, uint64_t *ret, size_t n) {
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                r = number(words, from + i, &ret[i]);
        return r;
}

static int feed(Peer *peer, const LockEvent *event);

static int feed_answer(Peer *peer) {
        peer->answered = peer->wanted = false;
        return feed(peer, &peer->answer);
}

static void take_answer(Peer *peer, const StoreAnswer *answer, bool write) {
        int r;

        peer->answer = store_event(answer, write, &peer->sent);
        peer->answered = true;
        if (!peer->wanted)
                return;
        r = feed_answer(peer);
        if (r < 0)
                sd_event_exit(peer->event, r);
}

static void on_read(const StoreAnswer *answer, void *userdata) {
        take_answer(userdata, answer, false);
}

static void on_written(const StoreAnswer *answer, void *userdata) {
        take_answer(userdata, answer, true);
}

static int send_read(Peer *peer) {
        peer->sent = peer->now;
        return store_read(peer->store, ATTEMPT_US, on_read, peer);
}

static int send_write(Peer *peer, const LockWrite *write) {
        const char *expected[LOCK_EXPECTED_MAX];
        StoreWrite request = {
                .record = &write->record,
                .create = write->create,
                .expected = expected,
                .n_expected = write->n_expected,
        };

        for (size_t i = 0; i < write->n_expected; i++)
                expected[i] = write->expected[i];
        memcpy(peer->journal, write->journal, sizeof(peer->journal));
        peer->n_journal = write->n_journal;
        peer->sent = peer->now;
        return store_write(peer->store, &request, ATTEMPT_US, on_written, peer);
}

static int perform(Peer *peer, const LockAction *action) {
        const LockLease *lease = &action->lease;

        switch (action->type) {
        case LOCK_ACTION_READ:
                puts("read");
                return send_read(peer);
        case LOCK_ACTION_WRITE:
                puts("write");
                return send_write(peer, action->write);
        case LOCK_ACTION_DELETE: /* nobody asks for it here */
                return -EINVAL;
        case LOCK_ACTION_LEASE:
                printf("lease %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", lease->stop_boot_us,
                       lease->stop_raw_us, lease->kill_boot_us, lease->kill_raw_us, lease->fence);
                break;
        case LOCK_ACTION_REVOKE:
                puts("revoke");
                break;
        case LOCK_ACTION_START_GUARD:
                puts("start-guard");
                break;
        case LOCK_ACTION_STOP_UNITS:
                puts("stop-units");
                break;
        case LOCK_ACTION_LOOK:
                puts("look");
                break;
        case LOCK_ACTION_EXIT:
                puts("exit");
                break;
        }
        return 0;
}

static void finish_answer(const Peer *peer) {
        LockView view;

        lock_view(&peer->lock, &view);
        printf(". %s %" PRIu64 " %d %s\n", lock_state_name(view.state), lock_deadline(&peer->lock),
               view.has_record && record_is_released(&view.record), view.reason);
        fflush(stdout);
}

static int feed(Peer *peer, const LockEvent *event) {
        LockActions actions;
        int r = 0;

        lock_step(&peer->lock, &peer->now, event, &actions);
        for (size_t i = 0; i < actions.n && r >= 0; i++)
                r = perform(peer, &actions.list[i]);
        finish_answer(peer);
        return r;
}

static int begin(Peer *peer, const Words *words) {
        enum { HOLDER = 1 + N_CLOCKS, HOST, BOOT, GAP, LEASE, RENEW, POLL, SEED, STOP_BOOT, WITHOUT_LEASE = STOP_BOOT,
               WITH_LEASE = STOP_BOOT + 5 };
        LockParameters parameters = { .max_clock_skew_us = CLOCK_SKEW_US_DEFAULT };
        uint64_t times[SEED - GAP + 1], lease[WITH_LEASE - STOP_BOOT];

        if ((words->n != WITHOUT_LEASE && words->n != WITH_LEASE) || numbers(words, GAP, times, ELEMENTSOF(times)) < 0)
                return -EINVAL;
        snprintf(parameters.holder, sizeof(parameters.holder), "%s", words->list[HOLDER]);
        snprintf(parameters.host, sizeof(parameters.host), "%s", words->list[HOST]);
        snprintf(parameters.boot, sizeof(parameters.boot), "%s", words->list[BOOT]);
        parameters.gap_us = times[0];
        parameters.lease_us = times[LEASE - GAP];
        parameters.renew_us = times[RENEW - GAP];
        parameters.poll_us = times[POLL - GAP];
        parameters.request_us = request_timeout_us(parameters.lease_us);
        for (size_t i = 0; i < ELEMENTSOF(parameters.seed); i++)
                parameters.seed[i] = times[SEED - GAP] + i;
        if (words->n == WITH_LEASE) {
                if (numbers(words, STOP_BOOT, lease, ELEMENTSOF(lease)) < 0)
                        return -EINVAL;
                parameters.lease_on_disk = true;
                parameters.lease = (LockLease) { lease[0], lease[1], lease[2], lease[3], lease[4] };
        }
        /* What is in /run goes with the boot. */
        if (strcmp(peer->boot, parameters.boot) == 0) {
                memcpy(parameters.journal, peer->journal, sizeof(parameters.journal));
                parameters.n_journal = peer->n_journal;
        }
        strcpy(peer->boot, parameters.boot);
        peer->n_journal = parameters.n_journal;
        lock_init(&peer->lock, &parameters, &peer->now);
        peer->begun = true;
        return feed(peer, &(LockEvent) { .type = LOCK_EVENT_TICK });
}

static int end(Peer *peer) {
        store_cancel(peer->store);
        peer->begun = peer->answered = peer->wanted = false;
        puts(".");
        fflush(stdout);
        return 0;
}

static int feed_units(Peer *peer, const Words *words) {
        enum { ASKED, GUARD, TARGET, TARGETS_DOWN, JOB, POPULATED, ONESHOT, BUDGET, N };
        uint64_t n[N];

        if (words->n != 1 + N_CLOCKS + N || numbers(words, 1 + N_CLOCKS, n, N) < 0)
                return -EINVAL;
        return feed(peer, &(LockEvent) { .type = LOCK_EVENT_UNITS, .units = {
                                                 .asked_boot_us = n[ASKED],
                                                 .bound = true,
                                                 .guard = (UnitPhase) n[GUARD],
                                                 .target = (UnitPhase) n[TARGET],
                                                 .targets_down = n[TARGETS_DOWN] != 0,
                                                 .job_pending = n[JOB] != 0,
                                                 .populated = n[POPULATED] != 0,
                                                 .clean_oneshot = n[ONESHOT] != 0,
                                                 .stop_budget_us = n[BUDGET],
                                         } });
}

static int feed_simple(Peer *peer, const char *name) {
        static const struct {
                const char *name;
                LockEventType type;
        } events[] = {
                { "tick", LOCK_EVENT_TICK },
                { "table", LOCK_EVENT_TABLE },
                { "stop", LOCK_EVENT_STOP },
                { "resume", LOCK_EVENT_RESUME },
                { "clock-jump", LOCK_EVENT_CLOCK_JUMP },
                { "guard-started", LOCK_EVENT_GUARD_STARTED },
                { "guard-failed", LOCK_EVENT_GUARD_FAILED },
        };

        for (size_t i = 0; i < ELEMENTSOF(events); i++)
                if (strcmp(name, events[i].name) == 0)
                        return feed(peer, &(LockEvent) { .type = events[i].type });
        return -EINVAL;
}

static int obey(Peer *peer, char *line) {
        Words words = {};
        uint64_t clocks[N_CLOCKS];

        for (char *word; words.n < WORDS_MAX && (word = strsep(&line, " \n")) && *word;)
                words.list[words.n++] = word;
        if (words.n == 0 || numbers(&words, 1, clocks, N_CLOCKS) < 0)
                return -EINVAL;
        peer->now = (LockNow) { clocks[0], clocks[1], clocks[2], clocks[3] };
        if (strcmp(words.list[0], "begin") == 0)
                return begin(peer, &words);
        if (!peer->begun)
                return -ENOTCONN;
        if (strcmp(words.list[0], "end") == 0)
                return end(peer);
        if (strcmp(words.list[0], "units") == 0)
                return feed_units(peer, &words);
        if (strcmp(words.list[0], "answer") != 0)
                return feed_simple(peer, words.list[0]);
        peer->wanted = true;
        return peer->answered ? feed_answer(peer) : 0;
}

static int on_command(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        Peer *peer = userdata;
        char line[LINE_SIZE];
        ssize_t n = read(fd, line, sizeof(line) - 1);
        int r;

        if (n <= 0)
                return sd_event_exit(peer->event, 0);
        line[n] = '\0';
        r = obey(peer, line);
        return r < 0 ? sd_event_exit(peer->event, r) : 0;
}

static void event_unrefp(sd_event **e) {
        sd_event_unref(*e);
}

static int run(char *argv[], Peer *peer) {
        _cleanup_(event_unrefp) sd_event *event = NULL;
        _cleanup_(store_freep) Store *store = NULL;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return r;
        r = store_new(event, &(StoreConfig) {
                                     .endpoint = argv[1],
                                     .region = argv[2],
                                     .table = argv[3],
                                     .label = argv[4],
                                     .aws_key_id = getenv("AWS_ACCESS_KEY_ID"),
                                     .aws_secret = getenv("AWS_SECRET_ACCESS_KEY"),
                             }, &store);
        if (r < 0)
                return r;
        peer->event = event;
        peer->store = store;
        r = sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_command, peer);
        return r < 0 ? r : sd_event_loop(event);
}

int main(int argc, char *argv[]) {
        static Peer peer;
        int r;

        if (argc != 5)
                return EXIT_FAILURE;
        r = run(argv, &peer);
        if (r < 0)
                fprintf(stderr, "lock-peer: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
