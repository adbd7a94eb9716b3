/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Varlink's replies, as JSON and as text. */

#include <stdbool.h>

#include "control.h"

struct json_object;

#define VARLINK_SERVICE_INTERFACE "org.varlink.service"
#define VARLINK_LOCK_INTERFACE "org.cloudlock1.Lock"
#define VARLINK_INVALID_PARAMETER VARLINK_SERVICE_INTERFACE ".InvalidParameter"

/* All return 0 or -ENOMEM; `ret` is the caller's to free. */

/* {"error": error, "parameters": {key: value}}; no parameters where `key` is NULL. */
int varlink_reply_error(const char *error, const char *key, const char *value, struct json_object **ret);

/* {"parameters": parameters}, which are taken over; with "continues" where more replies follow. */
int varlink_reply(struct json_object *parameters, bool continues, struct json_object **ret);

int varlink_reply_operation(const OperationAnswer *answer, struct json_object **ret);
int varlink_reply_history(const History *history, struct json_object **ret);
int varlink_reply_metrics(const ControlPicture *picture, struct json_object **ret);

int varlink_reply_format(struct json_object *reply, char **ret);
