/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One call to a Varlink service (https://varlink.org) on a UNIX socket, waited for. */

#include "json.h"

/* Calls `method` without parameters; *ret is the answer's parameters, an object.
 * 0, or -ENOENT and -ECONNREFUSED (nobody listens), -ETIME (no answer), -EBADMSG (nonsense), -EREMOTEIO (the service
 * answered with an error), another errno. */
int varlink_call(const char *socket_path, const char *method, json_object **ret);
