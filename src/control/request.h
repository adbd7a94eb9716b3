/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a call that changes something to its answer, the same for D-Bus and socket: the authority is asked, then the
 * daemon's handler. */

#include "control.h"

typedef struct RequestDesk RequestDesk;
typedef struct Request Request;

/* `picture` and what the handler points to have to outlive it. 0 or -ENOMEM. */
int request_desk_new(const ControlPicture *picture, const ControlHandler *handler, RequestDesk **ret);
/* All requests have to be gone. */
RequestDesk *request_desk_free(RequestDesk *desk);

/* The connection on which polkit is asked; NULL: none. Requests that wait for it are answered. */
void request_desk_set_bus(RequestDesk *desk, sd_bus *bus);

typedef void (*RequestHandler)(const OperationAnswer *answer, void *userdata);

/* 1: *ret_answer is the answer; 0: the handler is told of it later, once, and *ret is the caller's to free, at the
 * latest then; freed before, nothing is carried out. -ENOMEM. */
int request_begin(RequestDesk *desk, const OperationCaller *caller, const OperationCall *call, RequestHandler handler,
                  void *userdata, OperationAnswer *ret_answer, Request **ret);
Request *request_free(Request *request);
