/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "binding.h"
#include "cleanup.h"
#include "strv.h"

/* zzzz-, because of several drop-ins the last name wins, and `systemctl edit` writes override.conf. */
#define DROP_IN_NAME "zzzz-cloudlock.conf"

static int print(char **ret, const char *format, ...) _printf_(2, 3);

static int print(char **ret, const char *format, ...) {
        char *text;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;
        *ret = text;
        return 0;
}

int guard_unit_name(const char *instance, char **ret) {
        return print(ret, "cloudlock-guard@%s.service", instance);
}

int binding_target_path(const char *target, char **ret) {
        return print(ret, "/etc/systemd/system/%s.d/" DROP_IN_NAME, target);
}

int binding_guard_path(const char *instance, char **ret) {
        return print(ret, "/etc/systemd/system/cloudlock-guard@%s.service.d/" DROP_IN_NAME, instance);
}

/* A command line takes "\" for the start of an escape; a list of units does not. */
static int escape_argument(const char *s, char **ret) {
        char *escaped = malloc(2 * strlen(s) + 1), *p = escaped;

        if (!escaped)
                return -ENOMEM;
        for (; *s; s++) {
                if (*s == '\\')
                        *p++ = '\\';
                *p++ = *s;
        }
        *p = '\0';
        *ret = escaped;
        return 0;
}

int binding_target_text(const char *instance, char **ret) {
        _cleanup_free_ char *argument = NULL;
        int r = escape_argument(instance, &argument);

        if (r < 0)
                return r;
        return print(ret,
                     "# Written by \"cloudlockctl bind %1$s\", removed by \"cloudlockctl unbind %1$s\".\n"
                     "# Without these lines the unit runs whether or not this host holds the lock.\n"
                     "[Unit]\n"
                     "BindsTo=cloudlock-guard@%1$s.service\n"
                     "Requisite=cloudlock-guard@%1$s.service\n"
                     "After=cloudlock-guard@%1$s.service\n"
                     "\n"
                     "[Service]\n"
                     "ExecCondition=+" GUARD_PROGRAM " --condition %2$s\n",
                     instance, argument);
}

int binding_guard_text(const char *instance, char *const *targets, char **ret) {
        _cleanup_free_ char *list = strv_join(targets, " ");

        if (!list)
                return -ENOMEM;
        return print(ret,
                     "# Written by \"cloudlockctl bind %1$s\", removed by \"cloudlockctl unbind %1$s\".\n"
                     "[Unit]\n"
                     "Wants=%2$s\n"
                     "Before=%2$s\n"
                     "PropagatesStopTo=%2$s\n",
                     instance, list);
}
