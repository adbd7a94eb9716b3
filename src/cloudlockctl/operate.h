/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the verbs that change something have in common. Each function says on stderr what went wrong, and returns an exit
 * status. */

#include "json.h"
#include "verbs.h"

/* Calls a method that changes something; polkit may ask for a password where there is a terminal. Adds to `parameters`,
 * which stay the caller's. */
int operate_call(const char *instance, const char *verb, const char *method, json_object *parameters);

int operate_status(const char *instance, const char *verb, json_object **ret);

/* Says it of a negative errno; EXIT_FAILED. */
int operate_fail(int error);
