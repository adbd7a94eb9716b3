/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "time-stamp.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define SECONDS_PER_MINUTE 60

/* `format`: '0' stands for a digit, all else for itself. */
static bool looks_like(const char *text, const char *format) {
        for (; *format; text++, format++)
                if (*format == '0' ? *text < '0' || *text > '9' : *text != *format)
                        return false;
        return true;
}

static int number(const char *text, int digits) {
        int n = 0;

        for (; digits > 0; text++, digits--)
                n = 10 * n + (*text - '0');
        return n;
}

/* "Z", "+hh:mm", "-hhmm" and nothing behind it. */
static int parse_zone(const char *text, int *ret_minutes) {
        bool has_colon = text[0] && looks_like(text + 1, "00:00");
        int minutes;

        if (strcmp(text, "Z") == 0)
                return *ret_minutes = 0, 0;
        if ((*text != '+' && *text != '-') || (!has_colon && !looks_like(text + 1, "0000")) || text[has_colon ? 6 : 5])
                return -EINVAL;
        minutes = 60 * number(text + 1, 2) + number(text + (has_colon ? 4 : 3), 2);
        *ret_minutes = *text == '-' ? -minutes : minutes;
        return 0;
}

int time_stamp_parse(const char *text, int64_t *ret_s) {
        const char *zone = text + strlen("0000-00-00T00:00:00");
        struct tm tm = { 0 }, normal;
        int minutes;
        time_t t;

        if (!looks_like(text, "0000-00-00T00:00:00"))
                return -EINVAL;
        if (*zone == '.') {
                size_t digits = strspn(zone + 1, "0123456789");

                if (digits == 0)
                        return -EINVAL;
                zone += 1 + digits;
        }
        if (parse_zone(zone, &minutes) < 0)
                return -EINVAL;
        tm.tm_year = number(text, 4) - 1900;
        tm.tm_mon = number(text + 5, 2) - 1;
        tm.tm_mday = number(text + 8, 2);
        tm.tm_hour = number(text + 11, 2);
        tm.tm_min = number(text + 14, 2);
        tm.tm_sec = number(text + 17, 2);
        normal = tm;
        t = timegm(&normal);
        /* timegm() makes the first of March of a 30th of February. */
        if (normal.tm_mon != tm.tm_mon || normal.tm_mday != tm.tm_mday || normal.tm_hour != tm.tm_hour ||
            normal.tm_min != tm.tm_min)
                return -EINVAL;
        t -= (time_t) minutes * SECONDS_PER_MINUTE;
        if (t <= 0)
                return -EINVAL;
        *ret_s = t;
        return 0;
}
