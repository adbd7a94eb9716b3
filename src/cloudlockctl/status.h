/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The answers of several daemons. */

#include "json.h"

/* *ret_status stays NULL where the instance is configured and no daemon runs: EXIT_NOT_RUNNING. An exit status; what went
 * wrong is said on stderr. */
int status_ask(const char *instance, json_object **ret_status);

/* Adds what a script wants to know first, and puts `status` (NULL: no daemon; stays the caller's) into `array`.
 * 0 or -ENOMEM. */
int status_append(json_object *array, const char *instance, json_object *status);

/* The worse of two exit statuses: a failure to ask outweighs a missing instance, and that a stopped one. */
int status_worse(int a, int b);
