/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* cloudlock_extra_cgroups=: cgroups besides the targets' own that are killed with them. */

#include <stdbool.h>
#include <stddef.h>

/* Refuses a cgroup that holds PID 1, the guard (its ControlGroup=, NULL if it has none yet) or another unit than the
 * targets. Scopes do not count as units: containers come as scopes. true: all fine; false with a sentence in `text`. */
bool extra_cgroups_check(char *const *extra_cgroups, char *const *targets, const char *guard_cgroup, char *text, size_t size);
