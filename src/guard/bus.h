/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A connection over D-Bus that may be lost at any time, and that nobody waits for: PID 1's private one, the system bus. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Connects; answers come by the loop, with this priority. `has_broker`: names can be owned there, so that it is a bus and not
 * one peer. *lost becomes true once the connection is gone: it is to be dropped then, outside its own callbacks. 0 or a
 * negative errno. The caller closes *ret. */
int bus_open(const char *address, bool has_broker, sd_event *event, int priority, bool *lost, sd_bus **ret);
