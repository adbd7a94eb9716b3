/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One Varlink call: a message in, its answer out, or what has to be done before there is one. */

#include <stddef.h>

#include "control.h"

typedef struct VarlinkOutcome {
        char *answer; /* one message, NUL-terminated, the caller's to free; NULL: none, or not yet */
        bool broken;  /* that was no call: what follows cannot be trusted to be one either */
        bool watches; /* and wants another answer at each change */
        bool operates; /* wants this to be done, and what became of it as the answer, unless it is `oneway` */
        bool oneway, interactive;
        OperationCall call;
} VarlinkOutcome;

/* `message` is without its NUL and needs none. 0 or -ENOMEM. */
int varlink_call(const ControlPicture *picture, const char *message, size_t size, VarlinkOutcome *ret);

/* The answers that come later, the caller's to free: of a watch, and of an operation. 0 or -ENOMEM. */
int varlink_watch_answer(const ControlPicture *picture, char **ret);
int varlink_operation_answer(const OperationAnswer *answer, char **ret);
