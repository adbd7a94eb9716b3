/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One Varlink conversation, server's side, as bytes in and bytes out: https://varlink.org. No socket here. */

#include <stdbool.h>
#include <stddef.h>

#include "control.h"

/* A call is a method's name and hardly any parameters; without its NUL. */
#define VARLINK_MESSAGE_MAX (64 * 1024)

typedef struct Varlink Varlink;

int varlink_new(const ControlPicture *picture, Varlink **ret);
Varlink *varlink_free(Varlink *v);

static inline void varlink_freep(Varlink **v) {
        varlink_free(*v);
}

/* How many bytes it takes now; none once it is over. */
size_t varlink_room(const Varlink *v);

/* `size` is at most varlink_room(). 0 or -ENOMEM. */
int varlink_feed(Varlink *v, const char *data, size_t size);

/* Deals with one message. 1: there may be another one; 0: more input is needed, or the output that is there has to be
 * sent first, or an operation waits for its answer, or the peer watches, or it is over; -ENOMEM. */
int varlink_step(Varlink *v);

/* What the last message wants done, until varlink_answer(): nothing is dealt with before. NULL: nothing. */
const OperationCall *varlink_operation(const Varlink *v, bool *ret_interactive);
/* 0 or -ENOMEM. */
int varlink_answer(Varlink *v, const OperationAnswer *answer);

/* The peer wants an answer at each change, for good. */
bool varlink_watches(const Varlink *v);
/* Makes one, where the peer has taken the one before: *v keeps one at most. 0 or -ENOMEM. */
int varlink_tell(Varlink *v);

/* What is to be sent, valid until the next call for `v`; and that so much of it was sent. */
const char *varlink_output(const Varlink *v, size_t *ret_size);
void varlink_sent(Varlink *v, size_t size);

/* The peer speaks no Varlink: send the output, then close. */
bool varlink_is_over(const Varlink *v);
