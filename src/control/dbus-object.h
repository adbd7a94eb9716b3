/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lock as a D-Bus object: interface org.cloudlock1.Lock. Its methods are in dbus-call.c. */

#include "control.h"
#include "request.h"

typedef struct DbusObject DbusObject;

/* Shows the object on `bus`, which is referenced, and asks for the name without waiting for it; if another process
 * has it still, it is ours when that one goes. 0 or a negative errno. */
int dbus_object_new(sd_bus *bus, const ControlPicture *picture, RequestDesk *desk, DbusObject **ret);
DbusObject *dbus_object_free(DbusObject *object);

static inline void dbus_object_freep(DbusObject **o) {
        dbus_object_free(*o);
}

/* Emits PropertiesChanged for what differs since the last time. */
void dbus_object_changed(DbusObject *object);

/* 0, or the negative errno with which the bus refused the name. */
int dbus_object_name_error(const DbusObject *object);
