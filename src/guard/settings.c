/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "core-dump.h"
#include "file.h"
#include "strv.h"
#include "text.h"

/* The table may be named, and the keys be given, in cloudlockd's environment alone. The guard uses neither, so it
 * fills in something valid; the file's own secrets are overridden before they are copied anywhere, and those in AWS's
 * variables are wiped with the Config, before settings_load() returns. */
static const char *const environment[] = {
        "cloudlock_aws_key_id=unused", "cloudlock_aws_secret=unused", "cloudlock_aws_session_token=unused",
        "cloudlock_dynamodb_table=unused", NULL,
};

void settings_done(Settings *settings) {
        settings->targets = strv_free(settings->targets);
        settings->extra_cgroups = strv_free(settings->extra_cgroups);
        settings->cgroups = strv_free(settings->cgroups);
}

int settings_load(const char *instance, Settings *ret, ConfigError *ret_error) {
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *path = NULL, *name = NULL;
        _cleanup_secret_ char *data = NULL;
        size_t size;
        int r;

        if (!directory)
                return -ENOENT;
        r = core_dump_forbid();
        if (r < 0)
                return r;
        if (asprintf(&path, "%s/config", directory) < 0)
                return path = NULL, -ENOMEM;
        if (asprintf(&name, "/etc/cloudlock/%s.conf", instance) < 0)
                return name = NULL, -ENOMEM;
        r = read_small_file(path, CONFIG_SIZE_MAX, &data, &size);
        if (r < 0)
                return r;
        r = config_parse(&(ConfigInput){ .instance = instance,
                                         .file_name = name,
                                         .data = data,
                                         .size = size,
                                         .environment = (char *const *) environment,
                                         .host_name = "localhost" },
                         &config, ret_error);
        if (r < 0)
                return r;
        ret->targets = TAKE_PTR(config->target_units);
        ret->extra_cgroups = TAKE_PTR(config->extra_cgroups);
        ret->on_stuck = config->on_stuck;
        return 0;
}
