/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "permit-text.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "strv.h"

#define BOOT_KEY "boot="
#define TARGET_KEY "target="
#define CGROUP_KEY "cgroup="
#define EXTRA_CGROUP_KEY "extra_cgroup="
#define REBOOT_LINE "on_stuck=reboot"

int permit_format(FILE *file, const char boot_id[ID128_TEXT_SIZE], const Settings *settings, char *const *cgroups) {
        fprintf(file, BOOT_KEY "%s\n", boot_id);
        for (char **target = settings->targets; target && *target; target++)
                fprintf(file, TARGET_KEY "%s\n", *target);
        for (char *const *path = cgroups; path && *path; path++)
                fprintf(file, CGROUP_KEY "%s\n", *path);
        for (char **path = settings->extra_cgroups; path && *path; path++)
                fprintf(file, EXTRA_CGROUP_KEY "%s\n", *path);
        if (settings->on_stuck == ON_STUCK_REBOOT)
                fputs(REBOOT_LINE "\n", file);
        if (ferror(file))
                return -EIO; /* what was not written then is not there when the rest is */
        return fflush(file) == 0 ? 0 : -errno;
}

int permit_parse_boot(const char *text, size_t size, char ret_boot_id[ID128_TEXT_SIZE]) {
        static const size_t key_size = sizeof(BOOT_KEY) - 1;

        if (size < key_size + ID128_TEXT_SIZE || strncmp(text, BOOT_KEY, key_size) != 0)
                return -EBADMSG;
        snprintf(ret_boot_id, ID128_TEXT_SIZE, "%s", text + key_size);
        return 0;
}

static int add_line(Settings *settings, const char *line) {
        if (strncmp(line, TARGET_KEY, strlen(TARGET_KEY)) == 0)
                return strv_extend(&settings->targets, line + strlen(TARGET_KEY));
        if (strncmp(line, CGROUP_KEY, strlen(CGROUP_KEY)) == 0)
                return strv_extend(&settings->cgroups, line + strlen(CGROUP_KEY));
        if (strncmp(line, EXTRA_CGROUP_KEY, strlen(EXTRA_CGROUP_KEY)) == 0)
                return strv_extend(&settings->extra_cgroups, line + strlen(EXTRA_CGROUP_KEY));
        if (strcmp(line, REBOOT_LINE) == 0)
                settings->on_stuck = ON_STUCK_REBOOT;
        return 0;
}

/* Whole lines alone: what a guard that was killed had not written to its end is the name of something else. */
int permit_parse(const char *text, Settings *ret) {
        const char *end = strrchr(text, '\n');
        _cleanup_free_ char *whole = strndup(text, end ? (size_t) (end - text) : 0);
        _cleanup_settings_ Settings settings = {};
        _cleanup_strv_ char **lines = NULL;
        int r = whole ? strv_split(whole, "\n", &lines) : -ENOMEM;

        for (char **line = lines; r >= 0 && line && *line; line++)
                r = add_line(&settings, *line);
        if (r < 0)
                return r;
        *ret = settings;
        settings = (Settings){};
        return 0;
}
