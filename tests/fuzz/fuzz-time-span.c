/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as a time span: what is accepted can be said to a person, and read back is no longer than it was. */

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "time-span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *) data, size);
        char shown[SPAN_TEXT_MAX];
        usec_t span_us = 42, again_us;

        if (!text)
                return 0;
        if (parse_span(text, USEC_PER_SEC, &span_us) < 0) {
                if (span_us != 42)
                        abort();
                return 0;
        }
        if (strlen(format_span(shown, sizeof(shown), span_us)) >= sizeof(shown) - 1)
                abort();
        if (parse_span(shown, USEC_PER_SEC, &again_us) < 0 || again_us > span_us)
                abort();
        return 0;
}
