/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* ExecCondition= of a target: may it start now? 0: yes; CONDITION_NO with a sentence on stderr: systemd then skips the
 * unit without calling it failed. */

#define CONDITION_NO 1

int condition_run(const char *instance);
