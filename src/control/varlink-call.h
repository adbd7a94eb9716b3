/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One Varlink call: a message in, its answer out. */

#include <stddef.h>

#include "control.h"

enum {
        VARLINK_CALL_DONE = 0,   /* answered, be it with an error */
        VARLINK_CALL_BROKEN = 1, /* that was no call: what follows cannot be trusted to be one either */
};

/* `message` is without its NUL and needs none. The answer is one message, NUL-terminated, the caller's to free, or NULL
 * where the caller wants none. One of the above, or -ENOMEM. */
int varlink_call(const ControlPicture *picture, const char *message, size_t size, char **ret_answer);
