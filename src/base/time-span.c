/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "time-span.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"

/* systemd.time(7), "Parsing Time Spans". Months and years are left out: no lease is that long. */
static const struct {
        const char *name;
        usec_t us;
} units[] = {
        { "usec", 1 },                  { "us", 1 },
        { "msec", USEC_PER_MSEC },      { "ms", USEC_PER_MSEC },
        { "seconds", USEC_PER_SEC },    { "second", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },        { "s", USEC_PER_SEC },
        { "minutes", USEC_PER_MINUTE }, { "minute", USEC_PER_MINUTE },
        { "min", USEC_PER_MINUTE },     { "m", USEC_PER_MINUTE },
        { "hours", USEC_PER_HOUR },     { "hour", USEC_PER_HOUR },
        { "hr", USEC_PER_HOUR },        { "h", USEC_PER_HOUR },
        { "days", USEC_PER_DAY },       { "day", USEC_PER_DAY },
        { "d", USEC_PER_DAY },          { "weeks", 7 * USEC_PER_DAY },
        { "week", 7 * USEC_PER_DAY },   { "w", 7 * USEC_PER_DAY },
};

static const char *skip_space(const char *s) {
        return s + strspn(s, " \t");
}

static int parse_unit(const char **s, usec_t default_unit_us, usec_t *ret_us) {
        size_t length = strspn(*s, "abcdefghijklmnopqrstuvwxyz");

        if (length == 0) {
                *ret_us = default_unit_us;
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].name) == length && memcmp(units[i].name, *s, length) == 0) {
                        *s += length;
                        *ret_us = units[i].us;
                        return 0;
                }
        return -EINVAL;
}

static int parse_digits(const char **s, uint64_t *ret) {
        uint64_t value = 0;

        for (; isdigit((unsigned char) **s); (*s)++)
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t) (**s - '0'), &value))
                        return -ERANGE;
        *ret = value;
        return 0;
}

/* "1.5" of a unit: each digit behind the point counts a tenth of the one before. */
static usec_t parse_fraction(const char **s, usec_t unit_us) {
        usec_t sum = 0;

        for (unit_us /= 10; isdigit((unsigned char) **s); (*s)++, unit_us /= 10)
                sum += (usec_t) (**s - '0') * unit_us;
        return sum;
}

static int parse_part(const char **s, usec_t default_unit_us, usec_t *ret_us) {
        const char *fraction = NULL;
        uint64_t whole;
        usec_t unit_us, us;
        int r;

        if (!isdigit((unsigned char) **s))
                return -EINVAL;
        r = parse_digits(s, &whole);
        if (r < 0)
                return r;
        if (**s == '.') {
                fraction = ++*s;
                if (!isdigit((unsigned char) *fraction))
                        return -EINVAL;
                *s += strspn(*s, "0123456789");
        }
        *s = skip_space(*s);
        r = parse_unit(s, default_unit_us, &unit_us);
        if (r < 0)
                return r;
        if (__builtin_mul_overflow(whole, unit_us, &us))
                return -ERANGE;
        *ret_us = usec_add(us, fraction ? parse_fraction(&fraction, unit_us) : 0);
        return 0;
}

int parse_span(const char *s, usec_t default_unit_us, usec_t *ret_us) {
        usec_t sum = 0;

        s = skip_space(s);
        if (strcmp(s, "infinity") == 0) {
                *ret_us = USEC_INFINITY;
                return 0;
        }
        if (!*s)
                return -EINVAL;
        for (; *s; s = skip_space(s)) {
                usec_t part;
                int r = parse_part(&s, default_unit_us, &part);

                if (r < 0)
                        return r;
                sum = usec_add(sum, part);
                if (sum == USEC_INFINITY)
                        return -ERANGE;
        }
        *ret_us = sum;
        return 0;
}

char *format_span(char *buf, size_t size, usec_t span_us) {
        static const struct {
                const char *name;
                usec_t us;
        } steps[] = {
                { "d", USEC_PER_DAY }, { "h", USEC_PER_HOUR }, { "min", USEC_PER_MINUTE }, { "s", USEC_PER_SEC },
        };

        if (span_us == USEC_INFINITY || span_us == 0) {
                snprintf(buf, size, "%s", span_us == 0 ? "0s" : "infinity");
                return buf;
        }
        if (span_us < USEC_PER_SEC) {
                snprintf(buf, size, "%" PRIu64 "ms", span_us / USEC_PER_MSEC);
                return buf;
        }
        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                uint64_t whole = span_us / steps[i].us, rest;

                if (whole == 0)
                        continue;
                rest = i + 1 < ELEMENTSOF(steps) ? span_us % steps[i].us / steps[i + 1].us : 0;
                if (rest == 0)
                        snprintf(buf, size, "%" PRIu64 "%s", whole, steps[i].name);
                else
                        snprintf(buf, size, "%" PRIu64 "%s %" PRIu64 "%s", whole, steps[i].name, rest, steps[i + 1].name);
                break;
        }
        return buf;
}

char *format_utc(char *buf, size_t size, usec_t realtime_us) {
        time_t seconds = (time_t) (realtime_us / USEC_PER_SEC);
        struct tm tm;

        if (!gmtime_r(&seconds, &tm) || strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
                snprintf(buf, size, "n/a");
        return buf;
}

char *format_timestamp(char *buf, size_t size, usec_t realtime_us) {
        char moment[SPAN_TEXT_MAX];

        snprintf(buf, size, "%s UTC", format_utc(moment, sizeof(moment), realtime_us));
        return buf;
}
