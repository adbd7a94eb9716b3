/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the bytes of an answer to what the core makes of it: codec, event, step. Whatever is wrong with an answer, it
 * takes no lock, gives none back and starts nothing; and what is refused or throttled is asked again in time. */

#include "dynamodb.h"
#include "hostile-answers.h"
#include "lock-bench.h"
#include "store-event.h"

#define ROUNDS 8 /* of the same answer; all before any lease here is over */
#define SEEDS 64
#define ATTEMPTS_MAX 1000 /* more than fit into any lease here */

static const DynamoDBContext context = { .region = "eu-central-1", .table = "locks", .label = "validator" };

static const char throttled[] = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ThrottlingException\"}";
static const char denied[] = "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\"}";

/* Records in the language of the table that no holder can have meant. */
#define TIMES(expire, start, lease) \
        ITEM(LABEL ",\"holder\":{\"S\":\"peer#22222222\"},\"version\":{\"S\":\"v\"},\"host\":{\"S\":\"h\"}," \
                   "\"boot\":{\"S\":\"b\"},\"fence\":{\"N\":\"1\"},\"expire_time\":{\"N\":\"" expire "\"}," \
                   "\"start_time\":{\"N\":\"" start "\"},\"lease_ms\":{\"N\":\"" lease "\"}")
#define ABSURD(name, expire, start, lease) \
        { name, 200, TIMES(expire, start, lease), sizeof(TIMES(expire, start, lease)) - 1, NULL, STORE_OK, "" }

static const HostileAnswer absurd_records[] = {
        ABSURD("expires before the epoch", "-1", "1763928001000", "600000"),
        ABSURD("begins before the epoch", "1763929801000", "-1", "600000"),
        ABSURD("expires at the end of time", "9223372036854775807", "1763928001000", "600000"),
        ABSURD("begins at the end of time", "1763929801000", "9223372036854775807", "600000"),
        ABSURD("expires before all time", "-9223372036854775807", "1763928001000", "600000"),
        ABSURD("no lease", "1763929801000", "1763928001000", "0"),
        ABSURD("a lease below zero", "1763929801000", "1763928001000", "-600000"),
        ABSURD("a lease of ages", "1763929801000", "1763928001000", "9223372036854775807"),
        ABSURD("a lease too short", "1763929801000", "1763928001000", "19999"),
        ABSURD("a lease too long", "1763929801000", "1763928001000", "86400001"),
};

/* The answer to whatever request is under way, as the daemon would pass it on. */
static void answer_with(int status, const char *body, size_t size, const char *crc32) {
        bool write = lock.request == REQUEST_WRITE;
        HttpAnswer http = { .status = status, .date_s = answer().date_s, .crc32 = crc32, .body = body,
                            .body_size = size };
        StoreAnswer parsed;

        if (write)
                dynamodb_write_answer(&context, &http, &parsed);
        else
                dynamodb_read_answer(&context, &http, &parsed);
        step(store_event(&parsed, write, &now));
}

static void refuse_with(const char *body) {
        answer_with(400, body, strlen(body), NULL);
}

/* When something is asked next. */
static usec_t next_request_us(void) {
        if (lock.retry_boot_us > now.boot_us)
                return lock.retry_boot_us;
        return lock.own == OWN_HELD ? lock.renew_boot_us : lock.poll_boot_us;
}

static void come_to_start(void) {
        set_up();
}

static void come_to_stand_by(void) {
        Record r;

        set_up();
        r = peer_record();
        read_record(&r);
        jump_to(lock.poll_boot_us);
        units_quiet_now();
}

static void come_to_acquire(void) {
        Record r;

        set_up();
        r = peer_record();
        r.expire_time_ms = 0;
        read_record(&r);
}

static void come_to_renew_in_the_gap(void) {
        come_to_wait();
        jump_to(lock.renew_boot_us);
        units_quiet_now();
}

static void come_to_renew(void) {
        come_to_run();
        jump_to(lock.renew_boot_us);
        units_running();
}

static void come_to_look_while_it_runs(void) {
        come_to_run();
        step((LockEvent) { .type = LOCK_EVENT_CLOCK_JUMP });
}

typedef struct Moment {
        const char *name;
        void (*come)(void);
        Request request;
        bool held, runs;
} Moment;

static const Moment moments[] = {
        { "starting up", come_to_start, REQUEST_READ, false, false },
        { "standby", come_to_stand_by, REQUEST_READ, false, false },
        { "acquiring", come_to_acquire, REQUEST_WRITE, false, false },
        { "waiting", come_to_renew_in_the_gap, REQUEST_WRITE, true, false },
        { "running", come_to_renew, REQUEST_WRITE, true, true },
        { "running, looking", come_to_look_while_it_runs, REQUEST_READ, true, true },
};

/* What the last step did: no write but the one that was open, no start, no longer lease. */
static void check_nothing_granted(const Moment *m, const char *version, const LockLease *lease) {
        const LockAction *write = find(LOCK_ACTION_WRITE), *granted = find(LOCK_ACTION_LEASE);

        CHECK(!find(LOCK_ACTION_START_GUARD));
        CHECK(!granted || granted->lease.stop_boot_us <= lease->stop_boot_us);
        CHECK(!granted || granted->lease.kill_boot_us <= lease->kill_boot_us);
        CHECK(m->held || lock.own != OWN_HELD);
        if (!write)
                return;
        CHECK(write->write->record.expire_time_ms != 0);
        CHECK(m->held || (m->request == REQUEST_WRITE && strcmp(write->write->record.version, version) == 0));
}

static void try_at(const Moment *m, const HostileAnswer *h) {
        unsigned before = check_failures;
        char version[RECORD_VERSION_MAX + 1];
        LockLease lease;

        m->come();
        CHECK_EQ(lock.request, m->request);
        strcpy(version, lock.write.record.version);
        lease = lock.lease;
        for (int i = 0; i < ROUNDS; i++) {
                if (lock.request != REQUEST_NONE)
                        answer_with(h->status, h->body, h->size, h->crc32);
                check_nothing_granted(m, version, &lease);
                /* What is no record, or no sound one, is lost: only that, and never what is merely no answer. */
                CHECK(h->outcome != STORE_RETRY || !find(LOCK_ACTION_REVOKE));
                CHECK(h->outcome != STORE_RETRY || !find(LOCK_ACTION_STOP_UNITS));
                CHECK(h->outcome != STORE_RETRY || !m->runs || lock.state == LOCK_RUNNING);
                jump_to(next_request_us());
                if (m->runs && lock.permit == PERMIT_GOOD)
                        units_running();
                else
                        units_quiet_now();
                check_nothing_granted(m, version, &lease);
        }
        if (check_failures > before)
                printf("  of %s, %s\n", m->name, h->name);
}

static void test_hostile_answers(void) {
        for (size_t m = 0; m < ELEMENTSOF(moments); m++)
                for (size_t i = 0; i < ELEMENTSOF(hostile_answers); i++)
                        try_at(&moments[m], &hostile_answers[i]);
}

static void test_absurd_records(void) {
        for (size_t m = 0; m < ELEMENTSOF(moments); m++)
                for (size_t i = 0; i < ELEMENTSOF(absurd_records); i++)
                        try_at(&moments[m], &absurd_records[i]);
        for (size_t i = 0; i < ELEMENTSOF(absurd_records); i++) {
                come_to_stand_by();
                answer_with(200, absurd_records[i].body, absurd_records[i].size, NULL);
                CHECK_EQ(lock.state, LOCK_FAULT);
        }
}

/* The tests above can fail: sound answers to the same requests do take, renew and start. */
static void test_sound_answers(void) {
        come_to_start();
        answer_with(200, "{}", 2, NULL);
        CHECK(find(LOCK_ACTION_WRITE));
        come_to_acquire();
        answer_with(200, "{}", 2, NULL);
        CHECK_EQ(lock.own, OWN_HELD);
        come_to_renew();
        answer_with(200, "{}", 2, NULL);
        CHECK(find(LOCK_ACTION_LEASE));
        come_to_look_while_it_runs();
        answer_with(200, "{}", 2, NULL);
        CHECK_EQ(lock.state, LOCK_LOST);
}

static void set_seed(uint64_t seed) {
        lock.random[0] = seed;
        lock.random[1] = seed * UINT64_C(0x9e3779b97f4a7c15);
}

/* Drawn from the whole width, which doubles up to a limit. */
static void test_full_jitter(void) {
        for (unsigned failures = 1; failures <= 10; failures++) {
                usec_t width_us = MIN(BACKOFF_US_MIN << (failures - 1), BACKOFF_US_MAX);
                unsigned low = 0, high = 0;

                for (unsigned seed = 1; seed <= SEEDS; seed++) {
                        usec_t wait_us = 0;

                        come_to_renew();
                        set_seed(seed);
                        for (unsigned i = 0; i < failures; i++) {
                                refuse_with(throttled);
                                wait_us = lock.retry_boot_us - now.boot_us;
                                tick_at(lock.retry_boot_us);
                        }
                        CHECK(wait_us >= BACKOFF_US_MIN / 2 && wait_us <= BACKOFF_US_MIN / 2 + width_us);
                        low += wait_us < BACKOFF_US_MIN / 2 + width_us / 4;
                        high += wait_us > BACKOFF_US_MIN / 2 + width_us - width_us / 4;
                }
                CHECK(low > SEEDS / 8 && high > SEEDS / 8);
        }
}

/* Refused until the last moment, it is asked often still; the first good answer renews, unnoticed by the target. */
static void refuse_until_the_last_moment(const char *body, usec_t wait_us_max) {
        usec_t begin_us = now.boot_us, stop_us = lock.lease.stop_boot_us;
        unsigned attempts = 0;

        for (; now.boot_us + wait_us_max < stop_us && attempts < ATTEMPTS_MAX; attempts++) {
                usec_t before_us = now.boot_us;

                CHECK_EQ(lock.request, REQUEST_WRITE);
                refuse_with(body);
                CHECK_EQ(lock.state, LOCK_RUNNING);
                CHECK(lock_deadline(&lock) <= lock.retry_boot_us);
                jump_to(lock.retry_boot_us);
                CHECK(now.boot_us - before_us <= wait_us_max);
                units_running();
        }
        CHECK(attempts >= (stop_us - begin_us) / wait_us_max - 1);
        CHECK(now.boot_us < stop_us);
        answer_with(200, "{}", 2, NULL);
        CHECK(lease_written().stop_boot_us > stop_us);
        CHECK_EQ(lock.state, LOCK_RUNNING);
        CHECK(!find(LOCK_ACTION_STOP_UNITS) && !find(LOCK_ACTION_START_GUARD));
}

static void test_renewed_ahead_of_the_deadline(void) {
        static const char *const bodies[] = { throttled, denied };

        for (size_t i = 0; i < ELEMENTSOF(bodies); i++)
                for (unsigned seed = 1; seed <= SEEDS; seed++) {
                        come_to_renew();
                        set_seed(seed);
                        refuse_until_the_last_moment(bodies[i], BACKOFF_US_MAX + BACKOFF_US_MIN / 2);
                        /* with a short lease at shorter intervals: never longer than between renewals */
                        come_to_renew();
                        set_seed(seed);
                        lock.p.renew_us = 3 * SEC;
                        lock.p.request_us = 2500 * USEC_PER_MSEC;
                        refuse_until_the_last_moment(bodies[i], 3 * SEC + BACKOFF_US_MIN / 2);
                }
}

/* A right that is given back is noticed within seconds, by who waits and by who holds. */
static void test_person_is_asked_again(void) {
        come_to_stand_by();
        for (int i = 0; i < 100; i++) {
                refuse_with(denied);
                CHECK(lock.retry_boot_us <= now.boot_us + BACKOFF_US_MAX + BACKOFF_US_MIN / 2);
                jump_to(lock.retry_boot_us);
                units_quiet_now();
                CHECK_EQ(lock.request, REQUEST_READ);
                lock.seen = now; /* that the peer's lease runs out meanwhile is another matter */
        }
        answer_with(200, "{}", 2, NULL);
        CHECK(find(LOCK_ACTION_WRITE));
}

/* 20 minutes off: AWS refuses the signature first, and the next answer, to a request that is signed with its time, tells
 * the core. It stays away from the lock, says why, and goes on when the clock is set. */
static void test_clock_twenty_minutes_off(void) {
        static const char *const messages[] = { "Signature expired: 1 is now earlier than 2 - 5 min.",
                                                "Signature not yet current: 2 is still later than 1 + 15 min." };
        static const char *const reasons[] = { "the clock is 20min slow (limit 40s): set it",
                                               "the clock is 19min 59s fast (limit 40s): set it" };

        for (size_t i = 0; i < ELEMENTSOF(messages); i++) {
                char body[256];
                LockView view;

                snprintf(body, sizeof(body), "{\"__type\":\"com.amazon.coral.service#InvalidSignatureException\","
                         "\"message\":\"%s\"}", messages[i]);
                set_up();
                wall_off_us = (i == 0 ? -1200 : 1200) * (int64_t) SEC;
                refuse_with(body);
                CHECK(!find(LOCK_ACTION_WRITE) && lock.own != OWN_HELD);
                jump_to(lock.retry_boot_us);
                units_quiet_now();
                CHECK_EQ(lock.request, REQUEST_READ);
                answer_with(200, "{}", 2, NULL);
                CHECK(!find(LOCK_ACTION_WRITE));
                CHECK_EQ(lock.state, LOCK_REFUSING);
                lock_view(&lock, &view);
                CHECK_STR(view.reason, reasons[i]);

                wall_off_us = 0;
                jump_to(lock.poll_boot_us);
                units_quiet_now();
                answer_with(200, "{}", 2, NULL);
                CHECK(find(LOCK_ACTION_WRITE));
        }
        wall_off_us = 0;
}

int main(void) {
        static const Case cases[] = {
                { "hostile answers take, give back and start nothing", test_hostile_answers },
                { "nor do absurd records", test_absurd_records },
                { "sound answers do", test_sound_answers },
                { "backoff has full jitter", test_full_jitter },
                { "refused renewals succeed ahead of the deadline", test_renewed_ahead_of_the_deadline },
                { "what needs a person is asked again", test_person_is_asked_again },
                { "a clock 20 minutes off", test_clock_twenty_minutes_off },
        };

        return RUN_CASES(cases);
}
