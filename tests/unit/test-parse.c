/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "check.h"
#include "file.h"
#include "parse.h"
#include "strv.h"
#include "text.h"

static void test_numbers(void) {
        static const char *const refused[] = { "", " ", "-1", "+1", "1 ", " 1", "0x1", "1.0", "1e3", "\xd9\xa1" };
        uint64_t value;

        CHECK_EQ(parse_u64("0", &value), 0);
        CHECK_EQ(value, 0);
        CHECK_EQ(parse_u64("0042", &value), 0);
        CHECK_EQ(value, 42);
        CHECK_EQ(parse_u64("18446744073709551615", &value), 0);
        CHECK(value == UINT64_MAX);
        value = 42;
        CHECK_EQ(parse_u64("18446744073709551616", &value), -ERANGE);
        CHECK_EQ(parse_u64("100000000000000000000", &value), -ERANGE);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                CHECK_EQ(parse_u64(refused[i], &value), -EINVAL);
        CHECK_EQ(value, 42);
}

static void test_booleans(void) {
        static const char *const yes[] = { "1", "yes", "YES", "y", "true", "t", "on", "On" };
        static const char *const no[] = { "0", "no", "n", "False", "f", "off" };
        static const char *const refused[] = { "", "2", "yess", "ye", " yes", "-" };
        bool value;

        for (size_t i = 0; i < ELEMENTSOF(yes); i++)
                CHECK(parse_bool(yes[i], &value) == 0 && value);
        for (size_t i = 0; i < ELEMENTSOF(no); i++)
                CHECK(parse_bool(no[i], &value) == 0 && !value);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                CHECK_EQ(parse_bool(refused[i], &value), -EINVAL);
}

static void test_instance_names(void) {
        char longest[INSTANCE_NAME_MAX + 2];

        CHECK(instance_name_is_valid("validator"));
        CHECK(instance_name_is_valid("dev-sda1"));
        CHECK(instance_name_is_valid("a\\x2fb"));
        CHECK(!instance_name_is_valid(""));
        CHECK(!instance_name_is_valid("."));
        CHECK(!instance_name_is_valid(".."));
        CHECK(!instance_name_is_valid("a/b"));
        CHECK(!instance_name_is_valid("a b"));
        CHECK(!instance_name_is_valid("a@b"));
        CHECK(!instance_name_is_valid("a\n"));
        memset(longest, 'a', sizeof(longest));
        longest[INSTANCE_NAME_MAX + 1] = '\0';
        CHECK(!instance_name_is_valid(longest));
        longest[INSTANCE_NAME_MAX] = '\0';
        CHECK(instance_name_is_valid(longest));
}

static void test_service_names(void) {
        static const char *const accepted[] = { "a.service", "foo@bar.service", "foo@b@r.service", "x\\x2dy.service" };
        static const char *const refused[] = {
                "", "service", ".service", "a", "a.socket", "a.service ", "a/b.service", "foo@.service", "@foo.service",
                "a.serviceservice", "a b.service", "\xc3\xa4.service",
        };
        char name[300];

        for (size_t i = 0; i < ELEMENTSOF(accepted); i++)
                CHECK(service_name_is_valid(accepted[i]));
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                CHECK(!service_name_is_valid(refused[i]));
        snprintf(name, sizeof(name), "%0247d.service", 0);
        CHECK(service_name_is_valid(name));
        snprintf(name, sizeof(name), "%0248d.service", 0);
        CHECK(!service_name_is_valid(name));
}

static void test_vectors(void) {
        _cleanup_strv_ char **v = NULL;
        _cleanup_free_ char *joined = NULL, *empty = NULL;
        char **none = NULL;

        CHECK_EQ(strv_split(" a, b,,c ", " ,", &v), 0);
        CHECK_EQ(strv_length(v), 3);
        CHECK(strv_contains(v, "b"));
        CHECK(!strv_contains(v, "bc"));
        CHECK_EQ(strv_extend(&v, "d e"), 0);
        joined = strv_join(v, ", ");
        CHECK_STR(joined, "a, b, c, d e");
        CHECK_EQ(strv_split(" , ", " ,", &none), 0);
        CHECK_EQ(strv_length(none), 0);
        CHECK(!strv_contains(none, ""));
        empty = strv_join(none, ",");
        CHECK_STR(empty, "");
        CHECK(strv_free(NULL) == NULL);
}

static void test_text(void) {
        char buf[8] = "", full[4] = "abc", unterminated[2] = { 'x', 'y' };

        text_append(buf, sizeof(buf), "%s", "abc");
        text_append(buf, sizeof(buf), "%d", 42);
        CHECK_STR(buf, "abc42");
        text_append(buf, sizeof(buf), "%s", "defgh");
        CHECK_STR(buf, "abc42de");
        text_append(buf, sizeof(buf), "x");
        CHECK_STR(buf, "abc42de");
        text_append(full, sizeof(full), "x");
        CHECK_STR(full, "abc");
        text_append(unterminated, sizeof(unterminated), "z");
        CHECK(unterminated[0] == 'x' && unterminated[1] == 'y');
        text_append(buf, 0, "x");
        CHECK_STR(buf, "abc42de");
}

/* The vectors of draft-eastlake-fnv. */
static void test_hash(void) {
        CHECK(fnv1a(FNV_START, "", 0) == UINT64_C(0xcbf29ce484222325));
        CHECK(fnv1a(FNV_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
        CHECK(fnv1a(FNV_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
        CHECK(fnv1a(fnv1a(FNV_START, "foo", 3), "bar", 3) == UINT64_C(0x85944171f73967e8));
}

static void test_secret_free(void) {
        CHECK(secret_free(NULL) == NULL);
        CHECK(secret_free(strdup("s3cret")) == NULL);
}

static void test_files(void) {
        char directory[] = "/tmp/cloudlock-test-XXXXXX", path[64], other[64];
        _cleanup_free_ char *data = NULL, *untouched = NULL;
        size_t size = 0;

        CHECK(mkdtemp(directory) != NULL);
        snprintf(path, sizeof(path), "%s/file", directory);
        snprintf(other, sizeof(other), "%s/other", directory);
        CHECK_EQ(read_small_file(path, 16, &untouched, NULL), -ENOENT);
        CHECK_EQ(write_file_atomic(path, "old", 3), 0);
        CHECK_EQ(write_file_atomic(path, "a\0b", 3), 0);
        CHECK_EQ(read_small_file(path, 3, &data, &size), 0);
        CHECK_EQ(size, 3);
        CHECK(data && memcmp(data, "a\0b", 4) == 0);
        CHECK_EQ(read_small_file(path, 2, &untouched, NULL), -EFBIG);
        CHECK_EQ(symlink(path, other), 0);
        CHECK_EQ(read_small_file(other, 16, &untouched, NULL), -ELOOP);
        CHECK_EQ(unlink(other), 0);
        CHECK_EQ(mkfifo(other, 0600), 0);
        CHECK_EQ(read_small_file(other, 16, &untouched, NULL), -ENOTTY);
        CHECK_EQ(read_small_file(directory, 16, &untouched, NULL), -ENOTTY);
        CHECK(untouched == NULL);
        CHECK_EQ(unlink(other), 0);
        CHECK_EQ(unlink(path), 0);
        /* Nothing else may have been left behind. */
        CHECK_EQ(rmdir(directory), 0);
        CHECK_EQ(write_file_atomic(path, "x", 1), -ENOENT);
}

static const Case cases[] = {
        { "decimal numbers", test_numbers },
        { "booleans", test_booleans },
        { "instance names", test_instance_names },
        { "service names", test_service_names },
        { "vectors of strings", test_vectors },
        { "text is cut, never overrun", test_text },
        { "FNV-1a's published vectors", test_hash },
        { "secrets are freed", test_secret_free },
        { "small files: links, FIFOs, size, replacement", test_files },
};

int main(void) {
        return RUN_CASES(cases);
}
