/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a lease file: what the guard accepts says the same when it is written and read again. */

#include <stdlib.h>
#include <string.h>

#include "lease-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char text[LEASE_TEXT_MAX], again[LEASE_TEXT_MAX];
        size_t text_size, again_size;
        Lease lease, copy;

        if (lease_parse((const char *) data, size, &lease) < 0)
                return 0;
        if (lease.kill_boot_us < lease.stop_boot_us || lease.kill_raw_us < lease.stop_raw_us)
                abort();
        if (lease_format(&lease, text, sizeof(text), &text_size) < 0 || lease_parse(text, text_size, &copy) < 0 ||
            lease_format(&copy, again, sizeof(again), &again_size) < 0)
                abort();
        if (text_size != again_size || memcmp(text, again, text_size) != 0)
                abort();
        return 0;
}
