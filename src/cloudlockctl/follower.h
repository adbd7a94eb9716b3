/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keeps up with the state of one instance on an event loop: Status() with `more`, connected again when the daemon went
 * away. A daemon that answers once only is asked again each second. */

#include <systemd/sd-event.h>

#include "json.h"

typedef struct Follower Follower;

typedef enum FollowNews {
        FOLLOW_STATUS, /* at first, and at each change */
        FOLLOW_AWAY,   /* nobody answers, or no sense; said once, and asked again each second */
} FollowNews;

/* `status` is that of FOLLOW_STATUS, valid in the call only; `error` a negative errno of FOLLOW_AWAY. The follower may not
 * be freed from inside. */
typedef void (*FollowHandler)(FollowNews news, json_object *status, int error, void *userdata);

/* Begins at once, and tells from the event loop only. 0 or a negative errno. */
int follower_new(sd_event *event, const char *socket_path, FollowHandler handler, void *userdata, Follower **ret);
Follower *follower_free(Follower *follower);

static inline void follower_freep(Follower **f) {
        follower_free(*f);
}
