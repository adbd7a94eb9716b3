/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clocks of a host, with files in their places. */
#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "cleanup.h"
#include "host-clock.h"

#define PAGE 4096
#define MAGIC 0x4b4c4356u
#define MARKER_AT 16
#define SEQ_AT 12

static char folder[] = "/tmp/test-host-clock-XXXXXX", vmclock_path[64], rtc_path[64];

static void put(const char *path, const void *bytes, size_t size, off_t at) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        CHECK(fd >= 0);
        CHECK_EQ(pwrite(fd, bytes, size, at), size);
}

static void put_u32(uint32_t value, off_t at) {
        uint32_t bytes = htole32(value);

        put(vmclock_path, &bytes, sizeof(bytes), at);
}

static void put_u64(uint64_t value, off_t at) {
        uint64_t bytes = htole64(value);

        put(vmclock_path, &bytes, sizeof(bytes), at);
}

static void put_vmclock(uint32_t magic, uint32_t size, uint16_t version, off_t length) {
        uint16_t bytes = htole16(version);

        unlink(vmclock_path);
        put_u32(magic, 0);
        put_u32(size, 4);
        put(vmclock_path, &bytes, sizeof(bytes), 8);
        put_u64(5, MARKER_AT);
        CHECK_EQ(truncate(vmclock_path, length), 0);
}

static void put_rtc(const char *text) {
        unlink(rtc_path);
        put(rtc_path, text, strlen(text), 0);
}

static HostClock open_all(void) {
        HostClock clock;

        /* A file is no clock. */
        host_clock_open(&(HostClockPaths) { .vmclock = vmclock_path, .ptp = { "/dev/null", rtc_path }, .rtc = rtc_path },
                        &clock);
        return clock;
}

static void nothing_there(void) {
        _cleanup_host_clock_ HostClock clock;
        HostLook look;

        host_clock_open(&(HostClockPaths) { .vmclock = "/nowhere", .ptp = { "/nowhere" } }, &clock);
        CHECK(!host_clock_exists(&clock));
        CHECK_STR(clock.name, "");
        host_clock_look(&clock, &look);
        CHECK(!look.has_time && !look.has_marker);
}

static void rtc(void) {
        static const char *const nonsense[] = { "", "\n", "-5\n", "1e9\n", "18446744073710\n", "99999999999999999999\n" };
        _cleanup_host_clock_ HostClock clock = { .ptp_fd = -1 };
        HostLook look;

        unlink(vmclock_path);
        for (size_t i = 0; i < ELEMENTSOF(nonsense); i++) {
                put_rtc(nonsense[i]);
                clock = open_all();
                CHECK(!host_clock_exists(&clock));
        }
        put_rtc("1763928000\n");
        clock = open_all();
        CHECK_STR(clock.name, "rtc0");
        host_clock_look(&clock, &look);
        CHECK(look.has_time && !look.has_marker);
        CHECK_EQ(look.host_us, UINT64_C(1763928000) * USEC_PER_SEC);
        CHECK(look.before_boot_us > 0 && look.before_boot_us <= look.after_boot_us);
        unlink(rtc_path);
        host_clock_look(&clock, &look);
        CHECK(!look.has_time);
}

static void vmclock(void) {
        _cleanup_host_clock_ HostClock clock;
        HostLook look;

        put_vmclock(MAGIC, PAGE, 1, PAGE);
        put_rtc("1763928000\n");
        clock = open_all();
        CHECK_STR(clock.name, "vmclock0, rtc0");
        host_clock_look(&clock, &look);
        CHECK(look.has_marker && look.has_time);
        CHECK_EQ(look.marker, 5);
        /* As the host writes it: meanwhile it is not believed. */
        put_u32(1, SEQ_AT);
        put_u64(6, MARKER_AT);
        host_clock_look(&clock, &look);
        CHECK(!look.has_marker && look.has_time);
        put_u32(2, SEQ_AT);
        host_clock_look(&clock, &look);
        CHECK(look.has_marker);
        CHECK_EQ(look.marker, 6);
}

static void what_is_no_vmclock(void) {
        const struct {
                uint32_t magic, size;
                uint16_t version;
                off_t length;
        } wrong[] = {
                { MAGIC + 1, PAGE, 1, PAGE }, { MAGIC, 23, 1, PAGE }, { MAGIC, PAGE, 2, PAGE }, { MAGIC, PAGE, 1, PAGE - 1 },
        };

        unlink(rtc_path);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_host_clock_ HostClock clock = { .ptp_fd = -1 };

                put_vmclock(wrong[i].magic, wrong[i].size, wrong[i].version, wrong[i].length);
                clock = open_all();
                CHECK(!host_clock_exists(&clock));
        }
}

static const Case cases[] = {
        { "a machine without one", nothing_there },
        { "the real-time clock", rtc },
        { "a vmclock, and how its host writes it", vmclock },
        { "what is no vmclock is not taken for one", what_is_no_vmclock },
};

int main(void) {
        int result;

        if (!mkdtemp(folder))
                return 1;
        snprintf(vmclock_path, sizeof(vmclock_path), "%s/vmclock0", folder);
        snprintf(rtc_path, sizeof(rtc_path), "%s/rtc", folder);
        result = RUN_CASES(cases);
        unlink(vmclock_path);
        unlink(rtc_path);
        rmdir(folder);
        return result;
}
