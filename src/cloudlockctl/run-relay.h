/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Carries what the command prints from a pipe to where cloudlockctl prints, without ever holding up the event loop for
 * a reader that is slow. */

#include <systemd/sd-event.h>

typedef struct Relay Relay;

/* `from_fd` is non-blocking and stays the caller's, but is closed when nobody reads `to_fd` any more: then the command
 * gets SIGPIPE, as in a shell. 0 or a negative errno. */
int relay_new(sd_event *event, int *from_fd, int to_fd, Relay **ret);

/* Carries over what is still in the pipe, and waits for it: nobody writes any more. */
void relay_drain(Relay *relay);

/* NULL is fine; returns NULL. */
Relay *relay_free(Relay *relay);

static inline void relay_freep(Relay **relay) {
        relay_free(*relay);
}
