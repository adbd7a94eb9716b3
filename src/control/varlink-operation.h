/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Calls of Varlink that change something: which operation they mean, and with what. */

#include "varlink-call.h"

struct json_object;

/* Whether the lock has such an operation that changes something; `method` is with the interface's name. */
bool varlink_find_operation(const char *method, OperationId *ret);

/* Fills in what the operation takes. NULL; or the name of the parameter that is missing, wrong or not known, as long as
 * `parameters` lives. */
const char *varlink_read_operation(OperationId id, struct json_object *parameters, VarlinkOutcome *outcome);
