/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lease-text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "text.h"

enum { STOP_BOOT, STOP_RAW, KILL_BOOT, KILL_RAW, FENCE, BOOT_ID, LOCK_ID, HOLDER, N_KEYS };

static const char *const keys[N_KEYS] = {
        [STOP_BOOT] = "stop_boottime_us", [STOP_RAW] = "stop_raw_us", [KILL_BOOT] = "kill_boottime_us",
        [KILL_RAW] = "kill_raw_us",       [FENCE] = "fence",          [BOOT_ID] = "boot_id",
        [LOCK_ID] = "lock",               [HOLDER] = "holder",
};

static int copy_hex(char *to, size_t size, const char *value) {
        if (strlen(value) != size - 1 || strspn(value, "0123456789abcdef") != size - 1)
                return -EBADMSG;
        memcpy(to, value, size);
        return 0;
}

static int copy_holder(char *to, size_t size, const char *value) {
        size_t length = strlen(value);

        if (length == 0 || length >= size)
                return -EBADMSG;
        memcpy(to, value, length + 1);
        return 0;
}

static int set(Lease *lease, unsigned key, const char *value) {
        switch (key) {
        case STOP_BOOT:
                return parse_u64(value, &lease->stop_boot_us);
        case STOP_RAW:
                return parse_u64(value, &lease->stop_raw_us);
        case KILL_BOOT:
                return parse_u64(value, &lease->kill_boot_us);
        case KILL_RAW:
                return parse_u64(value, &lease->kill_raw_us);
        case FENCE:
                return parse_u64(value, &lease->fence);
        case BOOT_ID:
                return copy_hex(lease->boot_id, sizeof(lease->boot_id), value);
        case LOCK_ID:
                return copy_hex(lease->lock_id, sizeof(lease->lock_id), value);
        default:
                return copy_holder(lease->holder, sizeof(lease->holder), value);
        }
}

static int parse_line(const char *line, Lease *lease, unsigned *seen) {
        for (unsigned i = 0; i < N_KEYS; i++) {
                size_t length = strlen(keys[i]);

                if (strncmp(line, keys[i], length) != 0 || line[length] != '=')
                        continue;
                if (*seen & (1u << i) || set(lease, i, line + length + 1) < 0)
                        return -EBADMSG;
                *seen |= 1u << i;
                return 0;
        }
        return -EBADMSG;
}

int lease_parse(const char *data, size_t size, Lease *ret) {
        char text[LEASE_TEXT_MAX + 1];
        Lease lease = {};
        unsigned seen = 0;

        if (size == 0 || size > LEASE_TEXT_MAX || memchr(data, 0, size) || data[size - 1] != '\n')
                return -EBADMSG;
        memcpy(text, data, size);
        text[size] = '\0';
        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                if (parse_line(line, &lease, &seen) < 0)
                        return -EBADMSG;
        }
        if (seen != (1u << N_KEYS) - 1 || lease.kill_boot_us < lease.stop_boot_us ||
            lease.kill_raw_us < lease.stop_raw_us)
                return -EBADMSG;
        *ret = lease;
        return 0;
}

int lease_format(const Lease *lease, char *buf, size_t size, size_t *ret_size) {
        int n = snprintf(buf, size,
                         "boot_id=%s\nlock=%s\n"
                         "stop_boottime_us=%" PRIu64 "\nstop_raw_us=%" PRIu64 "\n"
                         "kill_boottime_us=%" PRIu64 "\nkill_raw_us=%" PRIu64 "\n"
                         "fence=%" PRIu64 "\nholder=%s\n",
                         lease->boot_id, lease->lock_id, lease->stop_boot_us, lease->stop_raw_us,
                         lease->kill_boot_us, lease->kill_raw_us, lease->fence, lease->holder);

        if (n < 0 || (size_t) n >= size)
                return -ENOBUFS;
        *ret_size = (size_t) n;
        return 0;
}

void lock_id_format(const char *endpoint, const char *region, const char *table, const char *label,
                    char ret[LOCK_ID_TEXT_SIZE]) {
        const char *const parts[] = { endpoint, region, table, label };
        uint64_t hash = FNV_START;

        /* The NUL goes in too, so that "ab","c" and "a","bc" differ. */
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                hash = fnv1a(hash, parts[i], strlen(parts[i]) + 1);
        snprintf(ret, LOCK_ID_TEXT_SIZE, "%016" PRIx64, hash);
}
