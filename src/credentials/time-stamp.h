/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* AWS's times in JSON and XML: ISO 8601 with seconds. Pure. */

#include <stdint.h>

/* "2026-11-24T15:13:17Z", also with a fraction, which is dropped, and with "+hh:mm" in place of the Z, as
 * `aws configure export-credentials` writes it. *ret_s: seconds since the epoch, above 0. 0 or -EINVAL. */
int time_stamp_parse(const char *text, int64_t *ret_s);
