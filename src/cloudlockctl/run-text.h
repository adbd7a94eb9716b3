/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The texts of "cloudlockctl run": the unit that exists for the time of the command, and the environment that it gets.
 * Pure. Everything comes back newly allocated; 0, -EINVAL (systemd has no way to write that), or -ENOMEM. */

#include <stdbool.h>

#include "time-span.h"

/* systemd takes lines up to 1 MiB, and each byte may need four there. */
#define RUN_COMMAND_SIZE_MAX (256u * 1024)

typedef struct RunUnit {
        const char *instance;
        const char *binding;   /* binding_target_text(): what ties it to the guard */
        const char *directory; /* of the files of this run */
        const char *program;   /* absolute path */
        char *const *argv;     /* NULL-terminated, at least one */
        const char *working_directory, *user, *group; /* the latter two may be NULL */
        usec_t stop_us;        /* TimeoutStopSec= */
} RunUnit;

/* A word of ExecStart= that systemd takes for exactly `word`: quoted, without specifiers. Variables are another matter:
 * only with ":" before the program are they left alone. -EINVAL: it is not UTF-8. systemd.service(5), "COMMAND LINES" */
int run_quote(const char *word, char **ret);

/* -EINVAL also where the whole would be longer than RUN_COMMAND_SIZE_MAX, or a directory or user has a character that
 * can't stand in a unit. */
int run_unit_text(const RunUnit *unit, char **ret);

/* Lines for EnvironmentFile=: the caller's variables less what would mislead or leak, then `set` ("NAME=VALUE", or
 * "NAME" for the caller's own). `other_user`: HOME and its kin are not passed on. -EINVAL with *ret_bad: a member of
 * `set` that can't be passed. systemd.exec(5), EnvironmentFile= */
int run_environment_text(char *const *environment, char *const *set, bool other_user, char **ret, const char **ret_bad);
