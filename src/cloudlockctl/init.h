/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* "cloudlockctl init" behind the question which lock is meant. */

#include "check-context.h"
#include "verbs.h"

/* Creates the table that the configuration of `context` names, waits until it can be used, or says that it is there
 * already and what it is like. Says on stdout what it did and on stderr what went wrong. 0 or a negative errno. */
int init_table(const Options *options, CheckContext *context);
