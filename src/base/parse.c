/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parse.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define UNIT_NAME_MAX 255

int parse_u64(const char *s, uint64_t *ret) {
        uint64_t value = 0;

        if (!*s)
                return -EINVAL;
        for (; *s; s++) {
                if (*s < '0' || *s > '9')
                        return -EINVAL;
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t) (*s - '0'), &value))
                        return -ERANGE;
        }
        *ret = value;
        return 0;
}

int parse_bool(const char *s, bool *ret) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(s, yes[i]) == 0)
                        return *ret = true, 0;
                if (strcasecmp(s, no[i]) == 0)
                        return *ret = false, 0;
        }
        return -EINVAL;
}

bool instance_name_is_valid(const char *s) {
        size_t length = strlen(s);

        return length > 0 && length <= INSTANCE_NAME_MAX && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 &&
               strspn(s, ALPHANUMERIC ":_.-\\") == length;
}

bool service_name_is_valid(const char *s) {
        static const char suffix[] = ".service";
        size_t length = strlen(s), stem = length - (sizeof(suffix) - 1);

        if (length < sizeof(suffix) || length > UNIT_NAME_MAX || strcmp(s + stem, suffix) != 0)
                return false;
        return s[0] != '@' && s[stem - 1] != '@' && strspn(s, ALPHANUMERIC ":_.-\\@") == length;
}
