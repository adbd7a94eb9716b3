/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which instances this host has: those that are configured and those whose daemon runs. */

#include <stdbool.h>

#include "parse.h"

#define CONFIG_DIRECTORY "/etc/cloudlock"
#define RUN_DIRECTORY "/run/cloudlock"
#define INSTANCE_PATH_MAX (sizeof(CONFIG_DIRECTORY) + INSTANCE_NAME_MAX + sizeof("/control"))

/* Sorted, each once. 0 or a negative errno. */
int instances_list(char ***ret);

/* Whether it can be the name of one; says on stderr that it can't. */
bool instance_name_check(const char *name);

/* Whether it is configured; true also where we may not look. */
bool instance_is_configured(const char *instance);

/* Each writes at most INSTANCE_PATH_MAX bytes and returns `buf`. */
char *instance_config_path(char buf[INSTANCE_PATH_MAX], const char *instance);
char *instance_socket_path(char buf[INSTANCE_PATH_MAX], const char *instance);
