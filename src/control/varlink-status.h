/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parameters of the answer to org.cloudlock1.Lock.Status(). */

#include "control.h"

struct json_object;

/* What is unknown is left out. 0 or -ENOMEM. */
int varlink_status(const ControlPicture *picture, struct json_object **ret);
