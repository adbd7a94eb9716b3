/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One call to a Varlink service (https://varlink.org) on a UNIX socket, waited for. */

#include "message.h"
#include "time-span.h"

/* A daemon that lives answers in milliseconds; one that is being restarted takes a second or two. */
#define CALL_US_MAX (5 * USEC_PER_SEC)

/* `parameters` stays the caller's; NULL: none. 0, also where the service answered with an error; or -ENOENT and
 * -ECONNREFUSED (nobody listens), -ETIME (no answer in `timeout_us`), -EBADMSG (nonsense), another errno. */
int varlink_ask(const char *socket_path, const char *method, json_object *parameters, usec_t timeout_us,
                VarlinkReply *ret);

/* The same without parameters, and in CALL_US_MAX; *ret is the answer's parameters, and an error of the service is
 * -EREMOTEIO. */
int varlink_call(const char *socket_path, const char *method, json_object **ret);

/* A connection for a conversation on an event loop: non-blocking. 0 or a negative errno as above. */
int varlink_connect(const char *socket_path, int *ret_fd);
