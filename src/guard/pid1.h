/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A connection to PID 1's private socket (measured: it works with dbus-daemon dead), made again when it is lost, as it
 * is at each daemon-reexec. Nothing here waits. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

typedef struct Pid1 Pid1;

/* Called with the new connection, or NULL when it is lost. */
typedef int (*Pid1Handler)(sd_bus *bus, void *userdata);

/* 0 or a negative errno; that PID 1 cannot be reached is none. */
int pid1_new(sd_event *event, int priority, Pid1Handler handler, void *userdata, Pid1 **ret);
Pid1 *pid1_free(Pid1 *pid1);

/* Connects again if the connection is lost; to be called now and then. */
void pid1_reconnect(Pid1 *pid1);
