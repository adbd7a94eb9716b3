/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "check.h"
#include "cleanup.h"
#include "lease-text.h"

#define BOOT "boot_id=0123456789abcdef0123456789abcdef\n"
#define LOCK "lock=00000000deadbeef\n"
#define STOP "stop_boottime_us=1000\nstop_raw_us=2000\n"
#define KILL "kill_boottime_us=3000\nkill_raw_us=4000\n"
#define REST "fence=1763928001123\nholder=node1#89abcdef\n"
#define GOOD BOOT LOCK STOP KILL REST

static int parse(const char *text, Lease *ret) {
        return lease_parse(text, strlen(text), ret);
}

static void test_round_trip(void) {
        char text[LEASE_TEXT_MAX], again[LEASE_TEXT_MAX];
        size_t size, size_again;
        Lease lease = {}, parsed = {};

        CHECK_EQ(parse(GOOD, &lease), 0);
        CHECK_STR(lease.boot_id, "0123456789abcdef0123456789abcdef");
        CHECK_STR(lease.lock_id, "00000000deadbeef");
        CHECK_STR(lease.holder, "node1#89abcdef");
        CHECK_EQ(lease.stop_boot_us, 1000);
        CHECK_EQ(lease.stop_raw_us, 2000);
        CHECK_EQ(lease.kill_boot_us, 3000);
        CHECK_EQ(lease.kill_raw_us, 4000);
        CHECK(lease.fence == UINT64_C(1763928001123));
        CHECK_EQ(lease_format(&lease, text, sizeof(text), &size), 0);
        CHECK_STR(text, GOOD);
        CHECK_EQ(lease_parse(text, size, &parsed), 0);
        CHECK_EQ(lease_format(&parsed, again, sizeof(again), &size_again), 0);
        CHECK_STR(again, text);
}

static void test_longest(void) {
        char text[LEASE_TEXT_MAX], holder[LEASE_HOLDER_MAX + 2];
        size_t size;
        Lease lease;

        memset(holder, 'h', sizeof(holder));
        holder[LEASE_HOLDER_MAX] = '\0';
        snprintf(text, sizeof(text), "%sfence=18446744073709551615\nholder=%s\n", BOOT LOCK STOP KILL, holder);
        CHECK_EQ(parse(text, &lease), 0);
        CHECK_EQ(strlen(lease.holder), LEASE_HOLDER_MAX);
        CHECK_EQ(lease_format(&lease, text, sizeof(text), &size), 0);
        CHECK_EQ(lease_format(&lease, text, size, &size), -ENOBUFS);
        holder[LEASE_HOLDER_MAX] = 'h';
        holder[LEASE_HOLDER_MAX + 1] = '\0';
        snprintf(text, sizeof(text), "%sfence=1\nholder=%s\n", BOOT LOCK STOP KILL, holder);
        CHECK_EQ(parse(text, &lease), -EBADMSG);
}

/* Every one of these means "kill now" to the guard, so none may pass. */
static void test_refused(void) {
        static const char *const texts[] = {
                "",
                "\n",
                "not a lease",
                LOCK STOP KILL REST,
                BOOT STOP KILL REST,
                BOOT LOCK KILL REST,
                BOOT LOCK STOP REST,
                BOOT LOCK STOP KILL "fence=1\n",
                BOOT LOCK STOP KILL "holder=x\n",
                GOOD "fence=1\n",
                GOOD "\n",
                GOOD "color=red\n",
                BOOT LOCK STOP KILL "fence=1\nholder=cut off",
                BOOT LOCK STOP KILL "fence=1\nholder=\n",
                BOOT LOCK STOP KILL "fence=-1\nholder=x\n",
                BOOT LOCK STOP KILL "fence=\nholder=x\n",
                BOOT LOCK STOP KILL "fence=18446744073709551616\nholder=x\n",
                BOOT LOCK STOP KILL "fence =1\nholder=x\n",
                BOOT LOCK STOP "kill_boottime_us=999\nkill_raw_us=4000\n" REST,
                BOOT LOCK STOP "kill_boottime_us=3000\nkill_raw_us=1999\n" REST,
                "boot_id=0123456789ABCDEF0123456789abcdef\n" LOCK STOP KILL REST,
                "boot_id=0123456789abcdef0123456789abcde\n" LOCK STOP KILL REST,
                "boot_id=0123456789abcdef0123456789abcdef0\n" LOCK STOP KILL REST,
                BOOT "lock=00000000deadbee\n" STOP KILL REST,
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                Lease lease = { .fence = 42 };

                if (parse(texts[i], &lease) != -EBADMSG)
                        printf("  text %zu passed\n", i), check_failures++;
                CHECK_EQ(lease.fence, 42);
        }
}

/* A file that a crash or a full disk cut anywhere is no lease. */
static void test_cut_anywhere(void) {
        Lease lease;

        for (size_t size = 0; size < strlen(GOOD); size++)
                CHECK_EQ(lease_parse(GOOD, size, &lease), -EBADMSG);
}

static void test_bytes(void) {
        static char large[LEASE_TEXT_MAX + 1];
        Lease lease;

        CHECK_EQ(lease_parse(GOOD "\0", sizeof(GOOD), &lease), -EBADMSG);
        memset(large, '\n', sizeof(large));
        CHECK_EQ(lease_parse(large, sizeof(large), &lease), -EBADMSG);
        CHECK_EQ(lease_parse(large, LEASE_TEXT_MAX, &lease), -EBADMSG);
}

static void test_kill_at_stop(void) {
        Lease lease;

        CHECK_EQ(parse(BOOT LOCK STOP "kill_boottime_us=1000\nkill_raw_us=2000\n" REST, &lease), 0);
}

static void test_lock_id(void) {
        char id[LOCK_ID_TEXT_SIZE], other[LOCK_ID_TEXT_SIZE];

        lock_id_format("https://dynamodb.eu-central-1.amazonaws.com", "eu-central-1", "locks", "validator", id);
        CHECK_EQ(strlen(id), 16);
        CHECK_EQ(strspn(id, "0123456789abcdef"), 16);
        lock_id_format("https://dynamodb.eu-central-1.amazonaws.com", "eu-central-1", "locks", "validator2", other);
        CHECK(strcmp(id, other) != 0);
        /* Where one name ends and the next begins counts. */
        lock_id_format("e", "r", "ab", "c", id);
        lock_id_format("e", "r", "a", "bc", other);
        CHECK(strcmp(id, other) != 0);
}

static const Case cases[] = {
        { "a lease survives being written and read", test_round_trip },
        { "the longest lease fits", test_longest },
        { "what is no lease", test_refused },
        { "a lease cut anywhere is none", test_cut_anywhere },
        { "NUL bytes and size", test_bytes },
        { "kill may come at the moment of stop", test_kill_at_stop },
        { "a lock's id", test_lock_id },
};

int main(void) {
        return RUN_CASES(cases);
}
