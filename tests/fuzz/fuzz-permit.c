/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a permit, which is what --finish goes by when the configuration is gone: each target and cgroup that a
 * whole line names is found, and no other; what was read says the same when it is written and read again. */

#include "fuzz.h"
#include "permit-text.h"
#include "strv.h"

static const char boot_id[ID128_TEXT_SIZE] = "0123456789abcdef0123456789abcdef";

static void check_same(char *const *a, char *const *b) {
        require(strv_length(a) == strv_length(b));
        for (; a && *a; a++, b++)
                require(strcmp(*a, *b) == 0);
}

/* Another way to find them; a line that has no end is none. */
static size_t count_lines(const char *text, const char *key) {
        const char *end;
        size_t n = 0;

        for (; (end = strchr(text, '\n')); text = end + 1)
                n += strncmp(text, key, strlen(key)) == 0;
        return n;
}

static void check_written(const Settings *settings) {
        _cleanup_settings_ Settings again = {};
        _cleanup_free_ char *text = NULL;
        char boot[ID128_TEXT_SIZE];
        size_t size;
        FILE *file = open_memstream(&text, &size);

        require(file && permit_format(file, boot_id, settings, settings->cgroups) == 0 && fclose(file) == 0);
        require(permit_parse(text, &again) == 0 && permit_parse_boot(text, size, boot) == 0);
        require(strcmp(boot, boot_id) == 0);
        check_same(settings->targets, again.targets);
        check_same(settings->extra_cgroups, again.extra_cgroups);
        check_same(settings->cgroups, again.cgroups);
        require(settings->on_stuck == again.on_stuck);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_settings_ Settings settings = {};
        _cleanup_free_ char *text = fuzz_text(data, size);
        char boot[ID128_TEXT_SIZE];

        if (permit_parse_boot(text, strlen(text), boot) == 0)
                require(strnlen(boot, sizeof(boot)) == sizeof(boot) - 1 && strstr(text, boot));
        require(permit_parse(text, &settings) == 0);
        require(strv_length(settings.targets) == count_lines(text, "target="));
        require(strv_length(settings.extra_cgroups) == count_lines(text, "extra_cgroup="));
        require(strv_length(settings.cgroups) == count_lines(text, "cgroup="));
        check_written(&settings);
        return 0;
}
