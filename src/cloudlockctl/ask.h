/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A question to the daemon of one instance, and what is said where it is not answered. */

#include "message.h"
#include "time-span.h"

#define LOCK_INTERFACE "org.cloudlock1.Lock"

/* An exit status; *ret is the reply of EXIT_DONE, which may be an error. What went wrong is said on stderr, but for
 * EXIT_NOT_RUNNING: that the instance is configured and no daemon runs. `parameters` stays the caller's; NULL: none. */
int ask_daemon(const char *instance, const char *method, json_object *parameters, usec_t timeout_us, VarlinkReply *ret);

/* The same for a command that can't do without: says it of EXIT_NOT_RUNNING, too, and of an error, which is
 * EXIT_FAILED: *ret are the parameters of the reply. */
int ask_for(const char *instance, const char *verb, const char *method, json_object *parameters, usec_t timeout_us,
            json_object **ret);

/* What a person has to know of an error of the daemon's, in one line or two. Pure. */
void refusal_put(FILE *out, const char *instance, const char *verb, const VarlinkReply *reply);
