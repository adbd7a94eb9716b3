/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Microsecond arithmetic that saturates instead of wrapping, and systemd's time-span syntax.
 * No function here reads a clock. */

#include <stddef.h>
#include <stdint.h>

typedef uint64_t usec_t;

#define USEC_INFINITY ((usec_t) UINT64_MAX)
#define USEC_PER_MSEC ((usec_t) 1000)
#define USEC_PER_SEC ((usec_t) 1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

/* Long enough for whatever format_span() writes. */
#define SPAN_TEXT_MAX 64

static inline usec_t usec_add(usec_t a, usec_t b) {
        return a > USEC_INFINITY - b ? USEC_INFINITY : a + b;
}

/* Infinity stays infinite; below zero is zero. */
static inline usec_t usec_sub(usec_t a, usec_t b) {
        if (a == USEC_INFINITY)
                return USEC_INFINITY;
        return a > b ? a - b : 0;
}

/* Parses systemd.time(7)'s time spans: "90s", "1min 30s", "2h", "1.5h", "infinity"; a bare number counts in
 * `default_unit_us`. 0, or -EINVAL (no time span), -ERANGE (too long to represent). */
int parse_span(const char *s, usec_t default_unit_us, usec_t *ret_us);

/* Writes a span as a person says it, in the two largest units: "28min", "4min 10s", "1h 2min", "850ms".
 * Returns `buf`. */
char *format_span(char *buf, size_t size, usec_t span_us);

/* Writes a wall-clock time as "2026-11-24 08:44:38 UTC". Returns `buf`. */
char *format_timestamp(char *buf, size_t size, usec_t realtime_us);

/* The same without the zone, for a column whose heading names it. */
char *format_utc(char *buf, size_t size, usec_t realtime_us);
