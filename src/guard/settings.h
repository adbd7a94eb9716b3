/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the guard takes from the configuration: which units and cgroups, and what to do when they can't be
 * killed; nothing else, and no secrets. */

#include "config.h"

typedef struct Settings {
        char **targets, **extra_cgroups;
        char **cgroups; /* of the targets; from a permit alone */
        OnStuck on_stuck;
} Settings;

void settings_done(Settings *settings);
#define _cleanup_settings_ _cleanup_(settings_done)

/* From $CREDENTIALS_DIRECTORY/config, PID 1's copy, so that it is there when the file is gone. 0; -EINVAL with
 * *ret_error filled in; another negative errno. */
int settings_load(const char *instance, Settings *ret, ConfigError *ret_error);
