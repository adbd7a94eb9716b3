/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lookups, with a resolver and a clock of the test's own: getaddrinfo() and clock_gettime() are wrapped. */

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "cleanup.h"
#include "lookup.h"

#define HOST "dynamodb.test"
#define SOON_US (20 * USEC_PER_MSEC)
#define LONG_US (10 * USEC_PER_SEC)

/* The resolver: what it says, and whether it says anything yet. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const char *const *known; /* addresses; NULL: it fails with `error` */
static int error;
static bool hangs;
static unsigned asked, threads, threads_max;

static usec_t shift_us; /* of the clock that lookups go by */

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __real_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
        int r = __real_clock_gettime(clock, ret);

        ret->tv_sec += (time_t) (shift_us / USEC_PER_SEC);
        return r;
}

static int find(struct addrinfo **ret) {
        const struct addrinfo numeric = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
        struct addrinfo **end = ret;

        if (!known)
                return error;
        for (size_t i = 0; known[i]; i++) {
                if (__real_getaddrinfo(known[i], NULL, &numeric, end) != 0)
                        return EAI_FAIL;
                while (*end)
                        end = &(*end)->ai_next;
        }
        return 0;
}

int __wrap_getaddrinfo(const char *host _unused_, const char *service _unused_, const struct addrinfo *hints _unused_,
                       struct addrinfo **ret) {
        int r;

        pthread_mutex_lock(&mutex);
        asked++;
        threads_max = MAX(threads_max, ++threads);
        while (hangs)
                pthread_cond_wait(&changed, &mutex);
        r = find(ret);
        threads--;
        pthread_mutex_unlock(&mutex);
        return r;
}

static void resolver_says(const char *const *addresses, int failure, bool nothing_yet) {
        pthread_mutex_lock(&mutex);
        known = addresses;
        error = failure;
        hangs = nothing_yet;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
}

static void addresses_are(const char *const *addresses) {
        resolver_says(addresses, 0, false);
}

static void it_fails(int failure) {
        resolver_says(NULL, failure, false);
}

static void it_hangs(void) {
        resolver_says(NULL, EAI_AGAIN, true);
}

/* One loop and one resolver a case. */
typedef struct Bench {
        sd_event *event;
        Lookups *lookups;
        char addresses[LOOKUP_TEXT_SIZE], error[LOOKUP_ERROR_MAX];
        unsigned answers;
} Bench;

static void set_up(Bench *bench) {
        *bench = (Bench) { 0 };
        shift_us = 0;
        asked = threads_max = 0;
        CHECK_EQ(sd_event_new(&bench->event), 0);
        CHECK_EQ(lookups_new(bench->event, &bench->lookups), 0);
}

/* Also waits for the threads: each has written its result or ended. */
static void tear_down(Bench *bench) {
        char status[4096];
        ssize_t n;

        lookups_free(bench->lookups);
        sd_event_unref(bench->event);
        it_fails(EAI_AGAIN);
        do {
                _cleanup_fclose_ FILE *file = fopen("/proc/self/status", "re");

                n = file ? (ssize_t) fread(status, 1, sizeof(status) - 1, file) : 0;
                status[n] = '\0';
        } while (n > 0 && !strstr(status, "Threads:\t1\n"));
}

static void on_answer(const char *addresses, const char *why_not, void *userdata) {
        Bench *bench = userdata;

        snprintf(bench->addresses, sizeof(bench->addresses), "%s", addresses ?: "none");
        snprintf(bench->error, sizeof(bench->error), "%s", why_not);
        bench->answers++;
}

/* Asks and waits for the answer; returns it. */
static const char *ask(Bench *bench, usec_t timeout_us) {
        LookupQuery *query = NULL;
        unsigned before = bench->answers;

        CHECK_EQ(lookup_ask(bench->lookups, HOST, timeout_us, on_answer, bench, &query), 0);
        CHECK_EQ(bench->answers, before); /* never from inside */
        while (bench->answers == before)
                CHECK(sd_event_run(bench->event, LONG_US) > 0);
        lookup_query_free(query);
        return bench->addresses;
}

/* Turns the loop until the thread's answer has been taken. */
static void take_late_answer(Bench *bench) {
        CHECK(sd_event_run(bench->event, LONG_US) > 0);
}

static const char *const two[] = { "2001:db8::1", "192.0.2.1", NULL };
static const char *const other[] = { "192.0.2.9", NULL };
static const char *const three[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3", NULL };

static void test_found_and_fresh(void) {
        Bench bench;

        set_up(&bench);
        addresses_are(two);
        CHECK_STR(ask(&bench, LONG_US), "[2001:db8::1],192.0.2.1");
        addresses_are(other);
        shift_us = 59 * USEC_PER_SEC;
        CHECK_STR(ask(&bench, LONG_US), "[2001:db8::1],192.0.2.1");
        CHECK_EQ(asked, 1);
        shift_us = 61 * USEC_PER_SEC;
        CHECK_STR(ask(&bench, LONG_US), "192.0.2.9");
        CHECK_EQ(asked, 2);
        tear_down(&bench);
}

static void test_failure_is_asked_again(void) {
        Bench bench;

        set_up(&bench);
        it_fails(EAI_NONAME);
        CHECK_STR(ask(&bench, LONG_US), "none");
        CHECK_STR(bench.error, "looking up its name failed: Name or service not known");
        addresses_are(other);
        CHECK_STR(ask(&bench, LONG_US), "192.0.2.9");
        tear_down(&bench);
}

static void test_one_thread_whose_late_answer_counts(void) {
        Bench bench;

        set_up(&bench);
        it_hangs();
        for (int i = 0; i < 5; i++) {
                CHECK_STR(ask(&bench, SOON_US), "none");
                CHECK(strncmp(bench.error, "no nameserver has answered for ", strlen("no nameserver has answered for ")) == 0);
        }
        shift_us = 12 * USEC_PER_SEC;
        CHECK_STR(ask(&bench, SOON_US), "none");
        CHECK_STR(bench.error, "no nameserver has answered for 12s");
        addresses_are(two);
        take_late_answer(&bench);
        CHECK_STR(ask(&bench, SOON_US), "[2001:db8::1],192.0.2.1");
        CHECK_EQ(asked, 1);
        CHECK_EQ(threads_max, 1);
        tear_down(&bench);
}

static void test_older_addresses_serve_on(void) {
        Bench bench;

        set_up(&bench);
        addresses_are(two);
        ask(&bench, LONG_US);
        shift_us = USEC_PER_HOUR;
        it_fails(EAI_AGAIN);
        CHECK_STR(ask(&bench, LONG_US), "[2001:db8::1],192.0.2.1");
        CHECK_EQ(asked, 2);
        it_hangs();
        CHECK_STR(ask(&bench, SOON_US), "[2001:db8::1],192.0.2.1"); /* at its end */
        shift_us += 2 * USEC_PER_SEC;
        CHECK_STR(ask(&bench, LONG_US), "[2001:db8::1],192.0.2.1"); /* at once: it has had its second */
        addresses_are(other);
        take_late_answer(&bench);
        CHECK_EQ(asked, 3);
        CHECK_STR(ask(&bench, LONG_US), "192.0.2.9");
        tear_down(&bench);
}

static void test_order(void) {
        Bench bench;

        set_up(&bench);
        addresses_are(three);
        CHECK_STR(ask(&bench, LONG_US), "192.0.2.1,192.0.2.2,192.0.2.3");
        lookup_was_bad(bench.lookups, HOST);
        CHECK_STR(ask(&bench, LONG_US), "192.0.2.3,192.0.2.1,192.0.2.2");
        lookup_was_good(bench.lookups, HOST, "192.0.2.2");
        CHECK_STR(ask(&bench, LONG_US), "192.0.2.2,192.0.2.3,192.0.2.1");
        shift_us = USEC_PER_HOUR;
        CHECK_STR(ask(&bench, LONG_US), "192.0.2.2,192.0.2.1,192.0.2.3");
        lookup_was_bad(bench.lookups, HOST);
        shift_us *= 2;
        CHECK_STR(ask(&bench, LONG_US), "192.0.2.1,192.0.2.2,192.0.2.3");
        addresses_are(two);
        lookup_was_good(bench.lookups, HOST, "2001:db8::1");
        shift_us *= 2;
        CHECK_STR(ask(&bench, LONG_US), "[2001:db8::1],192.0.2.1");
        tear_down(&bench);
}

static void test_dropped(void) {
        Bench bench;
        LookupQuery *query = NULL, *second = NULL;

        set_up(&bench);
        it_hangs();
        CHECK_EQ(lookup_ask(bench.lookups, HOST, SOON_US, on_answer, &bench, &query), 0);
        CHECK_EQ(lookup_ask(bench.lookups, HOST, LONG_US, on_answer, &bench, &second), 0);
        lookup_query_free(query);
        addresses_are(other);
        while (bench.answers == 0)
                CHECK(sd_event_run(bench.event, LONG_US) > 0);
        lookup_query_free(second);
        CHECK_EQ(bench.answers, 1);
        it_hangs();
        shift_us = USEC_PER_HOUR;
        CHECK_EQ(lookup_ask(bench.lookups, HOST, LONG_US, on_answer, &bench, &query), 0);
        lookup_query_free(query);
        tear_down(&bench); /* while the thread looks: it ends by itself */
}

static const Case cases[] = {
        { "found and fresh", test_found_and_fresh },
        { "a failure is asked again", test_failure_is_asked_again },
        { "one thread whose late answer counts", test_one_thread_whose_late_answer_counts },
        { "older addresses serve on", test_older_addresses_serve_on },
        { "order", test_order },
        { "dropped", test_dropped },
};

int main(void) {
        return RUN_CASES(cases);
}
