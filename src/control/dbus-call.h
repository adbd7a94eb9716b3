/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The methods of the lock's D-Bus object. */

#include "control.h"
#include "request.h"

typedef struct DbusCall DbusCall;

typedef struct DbusCalls {
        const ControlPicture *picture;
        RequestDesk *desk;
        DbusCall *open; /* wait for their answer */
} DbusCalls;

/* Forgets the open calls: their connection goes. */
void dbus_calls_done(DbusCalls *calls);

/* A method call whose signature is right, as sd_bus_message_handler_t wants it. */
int dbus_call(DbusCalls *calls, sd_bus_message *m, sd_bus_error *ret_error);
