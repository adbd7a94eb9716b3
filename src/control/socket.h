/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The control socket: Varlink to whoever connects. Whatever its peers do, a turn of the event loop does little work
 * for them, below every other source's priority, and never blocks. */

#include "control.h"
#include "request.h"

typedef struct ControlSocket ControlSocket;

/* `listen_fd` stays the caller's to close, after control_socket_free(). 0 or a negative errno. */
int control_socket_new(sd_event *event, int listen_fd, const ControlPicture *picture, RequestDesk *desk,
                       ControlSocket **ret);
ControlSocket *control_socket_free(ControlSocket *s);

static inline void control_socket_freep(ControlSocket **s) {
        control_socket_free(*s);
}

/* The picture changed: who watches is told soon, and of several changes at once. */
void control_socket_changed(ControlSocket *s);
