/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Follows what an operator asked for until it is done, as systemctl does with a job. */

#include "goal.h"

/* Prints each change, and how it ended, as a line on stderr. Ctrl-C ends the following only. An exit status: EXIT_FAILED
 * where the goal was missed, 128 and the signal's number after Ctrl-C. */
int follow_goal(const char *instance, Goal *goal);
