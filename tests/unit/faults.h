/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The calls that may fail, each of which can be made to: a program that links faults.c with `fault_args` (meson.build)
 * goes through here for every allocation, every call of the kernel and of libsystemd that our own objects make. */

#include <stdbool.h>

/* The n-th call from now on fails, once; 0: none. */
void fault_at(unsigned nth);

/* The n-th call fails, and of those after it the then-th, whatever is called then. */
void fault_at_both(unsigned nth, unsigned then);

/* How many calls there were since. */
unsigned fault_calls(void);

/* Whether it has come to that; to both of them. */
bool fault_was_hit(void);

/* For stand-ins: whether this call is the one. */
bool fault_is_due(void);

/* Calls that are made meanwhile are the test's own: they don't count, and none fails. */
void fault_pause(bool pause);
