/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Commands whose work leaves the cgroup of the service that starts them (measured: with `su -`, `runuser -l` and
 * systemd-run the cgroup was empty while the worker ran on), so that killing the cgroup would not end it. A look at
 * command lines can find what shows in them, no more. */

#include <stdbool.h>

#include "facts.h"

/* The name of the first such program in the lines, itself or behind a shell or env; NULL: none. */
const char *exec_lines_find_escape(const ExecLines *lines);

/* Whether a container is started with a restart policy, which brings it back behind systemd's back. */
bool exec_lines_have_restart_policy(const ExecLines *lines);
