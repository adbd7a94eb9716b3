/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The store with an operator's own keys, for what takes rights that the daemon has no business with. */

#include "check-context.h"

/* With the keys that the environment of this process names, or else with those of the daemon; *ret_shell_keys says which.
 * The place of the lock has to be known. 0 or a negative errno, as session_open(). */
int operator_session_open(const CheckContext *context, Session **ret, bool *ret_shell_keys);
