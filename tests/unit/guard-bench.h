/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The guard's files in a /run of the test's own: the lease, the permit, the configuration. Needs root. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "faults.h"
#include "lease-text.h"
#include "strv.h"

#define INSTANCE "i"
#define LEASE_FILE "/run/cloudlock/i/lease"
#define PERMIT_FILE "/run/cloudlock-guard/i/permit"
#define CONFIG_FOLDER "/run/credentials"
#define CONFIG "cloudlock_dynamodb_table=locks\ncloudlock_aws_region=eu-central-1\ncloudlock_target_unit=x.service\n"
#define LONG_US (600 * USEC_PER_SEC) /* a lease that no test outlasts */

static inline int make_run(void) {
        static const char *const folders[] = { "/run/cloudlock", "/run/cloudlock/i", "/run/cloudlock-guard", "/run/cloudlock-guard/i",
                                               "/run/systemd", CONFIG_FOLDER };

        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("test-guard", "/run", "tmpfs", 0, NULL) < 0) {
                printf("a /run of its own needs root: %s\n", strerror(errno));
                return -1;
        }
        for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
                mkdir(folders[i], 0755);
        setenv("CREDENTIALS_DIRECTORY", CONFIG_FOLDER, 1);
        return 0;
}

static inline void put(const char *path, const char *text, size_t size) {
        char temporary[256];
        FILE *file;

        snprintf(temporary, sizeof(temporary), "%s.new", path);
        file = fopen(temporary, "w");
        CHECK(file && fwrite(text, 1, size, file) == size && fclose(file) == 0);
        CHECK_EQ(rename(temporary, path), 0);
}

static inline void put_text(const char *path, const char *text) {
        put(path, text, strlen(text));
}

/* The boot as the guard has it. */
static inline const char *boot_id(void) {
        static char text[ID128_TEXT_SIZE];
        sd_id128_t boot;

        if (!text[0]) {
                CHECK_EQ(sd_id128_get_boot(&boot), 0);
                sd_id128_to_string(boot, text);
        }
        return text;
}

static inline void put_lease_of(const char *boot, int64_t stop_us, int64_t kill_us) {
        Clocks clocks = clocks_now();
        usec_t boot_us = clocks.boot_us, raw_us = clocks_raw_elapsed_us(&clocks);
        Lease lease = { .lock_id = "0123456789abcdef", .holder = "me#1", .fence = 7,
                        .stop_boot_us = boot_us + (usec_t) stop_us, .stop_raw_us = raw_us + (usec_t) stop_us,
                        .kill_boot_us = boot_us + (usec_t) kill_us, .kill_raw_us = raw_us + (usec_t) kill_us };
        char text[LEASE_TEXT_MAX];
        size_t size = 0;

        memcpy(lease.boot_id, boot, ID128_TEXT_SIZE);
        CHECK_EQ(lease_format(&lease, text, sizeof(text), &size), 0);
        put(LEASE_FILE, text, size);
}

/* From now on; negative: in the past. */
static inline void put_lease(int64_t stop_us, int64_t kill_us) {
        put_lease_of(boot_id(), stop_us, kill_us);
}

static inline void set_up_files(void) {
        fault_at(0);
        unlink(PERMIT_FILE);
        put_text(CONFIG_FOLDER "/config", CONFIG);
        put_lease(LONG_US, 2 * LONG_US);
}

/* So that what fails leaves nothing open. */
static inline unsigned open_files(void) {
        DIR *dir = opendir("/proc/self/fd");
        unsigned n = 0;

        CHECK(dir);
        while (dir && readdir(dir))
                n++;
        if (dir)
                closedir(dir);
        return n;
}
