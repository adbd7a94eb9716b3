/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <time.h>

#include "http.h"

int http_date_parse(const char *text, int64_t *ret_s) {
        struct tm tm = { 0 };
        const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        time_t t;

        if (!end || *end)
                return -EINVAL;
        t = timegm(&tm);
        if (t <= 0)
                return -EINVAL;
        *ret_s = t;
        return 0;
}
