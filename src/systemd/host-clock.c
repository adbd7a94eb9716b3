/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-clock.h"

#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"
#include "clock.h"
#include "file.h"
#include "parse.h"
#include "text.h"

/* The driver lets exactly this be mapped, whatever the machine's page is. */
#define VMCLOCK_PAGE 4096
#define VMCLOCK_MAGIC 0x4b4c4356u
#define VMCLOCK_VERSION 1
/* A host that updates the page does so within microseconds; one that stopped in the middle is asked again next time. */
#define VMCLOCK_TRIES 100
#define RTC_TEXT_MAX 64
#define RTC_S_MAX (UINT64_MAX / USEC_PER_SEC)

/* The beginning of struct vmclock_abi; what follows is not needed. Little-endian. */
typedef struct VmClock {
        uint32_t magic, size;
        uint16_t version;
        uint8_t counter_id, time_type;
        uint32_t seq_count; /* odd while the host writes the rest */
        uint64_t disruption_marker;
} VmClock;

_Static_assert(offsetof(VmClock, seq_count) == 12 && offsetof(VmClock, disruption_marker) == 16 && sizeof(VmClock) == 24,
               "not the layout of struct vmclock_abi");

static bool is_vmclock(const volatile VmClock *vmclock) {
        uint32_t size = le32toh(vmclock->size);

        return le32toh(vmclock->magic) == VMCLOCK_MAGIC && le16toh(vmclock->version) == VMCLOCK_VERSION &&
               size >= sizeof(VmClock);
}

static const volatile void *vmclock_map(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        void *page;

        /* A file that is shorter has no such page. */
        if (fd < 0 || fstat(fd, &st) < 0 || (S_ISREG(st.st_mode) && st.st_size < VMCLOCK_PAGE))
                return NULL;
        page = mmap(NULL, VMCLOCK_PAGE, PROT_READ, MAP_SHARED, fd, 0);
        if (page == MAP_FAILED)
                return NULL;
        if (is_vmclock(page))
                return page;
        munmap(page, VMCLOCK_PAGE);
        return NULL;
}

static bool vmclock_read(const volatile VmClock *vmclock, uint64_t *ret_marker) {
        for (unsigned i = 0; i < VMCLOCK_TRIES; i++) {
                uint32_t before = vmclock->seq_count;
                uint64_t marker;

                __atomic_thread_fence(__ATOMIC_ACQUIRE);
                marker = vmclock->disruption_marker;
                __atomic_thread_fence(__ATOMIC_ACQUIRE);
                if ((le32toh(before) & 1) != 0 || vmclock->seq_count != before)
                        continue;
                *ret_marker = le64toh(marker);
                return true;
        }
        return false;
}

/* FD_TO_CLOCKID() of clock_getres(2), which no header has. */
static clockid_t clock_of_fd(int fd) {
        return (clockid_t) (~(unsigned) fd << 3 | 3);
}

static bool ptp_read(int fd, usec_t *ret_us) {
        struct timespec ts;

        if (clock_gettime(clock_of_fd(fd), &ts) < 0 || ts.tv_sec < 0)
                return false;
        *ret_us = (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
        return true;
}

static int ptp_open(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        usec_t ignored_us;

        return fd >= 0 && ptp_read(fd, &ignored_us) ? TAKE_FD(fd) : -1;
}

static bool rtc_read(const char *path, usec_t *ret_us) {
        _cleanup_free_ char *text = NULL;
        uint64_t s;

        if (read_small_file(path, RTC_TEXT_MAX, &text, NULL) < 0)
                return false;
        text[strcspn(text, "\n")] = '\0';
        if (parse_u64(text, &s) < 0 || s > RTC_S_MAX)
                return false;
        *ret_us = s * USEC_PER_SEC;
        return true;
}

static void add_name(HostClock *clock, const char *name) {
        text_append(clock->name, sizeof(clock->name), "%s%s", clock->name[0] ? ", " : "", name);
}

static const char *base_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

void host_clock_open(const HostClockPaths *paths, HostClock *ret) {
        HostClock clock = { .ptp_fd = -1 };
        usec_t ignored_us;

        clock.vmclock = paths->vmclock ? vmclock_map(paths->vmclock) : NULL;
        if (clock.vmclock)
                add_name(&clock, base_name(paths->vmclock));
        for (size_t i = 0; i < ELEMENTSOF(paths->ptp) && clock.ptp_fd < 0; i++) {
                clock.ptp_fd = paths->ptp[i] ? ptp_open(paths->ptp[i]) : -1;
                if (clock.ptp_fd >= 0)
                        add_name(&clock, base_name(paths->ptp[i]));
        }
        if (clock.ptp_fd < 0 && paths->rtc && rtc_read(paths->rtc, &ignored_us)) {
                clock.rtc = paths->rtc;
                add_name(&clock, "rtc0");
        }
        *ret = clock;
}

void host_clock_done(HostClock *clock) {
        if (clock->vmclock)
                munmap((void *) clock->vmclock, VMCLOCK_PAGE);
        closep(&clock->ptp_fd);
        *clock = (HostClock) { .ptp_fd = -1 };
}

void host_clock_look(const HostClock *clock, HostLook *ret) {
        HostLook look = { .before_boot_us = clocks_now().boot_us };

        if (clock->ptp_fd >= 0)
                look.has_time = ptp_read(clock->ptp_fd, &look.host_us);
        else if (clock->rtc)
                look.has_time = rtc_read(clock->rtc, &look.host_us);
        look.has_marker = clock->vmclock && vmclock_read(clock->vmclock, &look.marker);
        look.after_boot_us = clocks_now().boot_us;
        *ret = look;
}
