/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* pkttyagent(1), by which polkit asks a person at a terminal for a password, as systemctl(1) has it: a session over SSH
 * has no other agent. */

#include <sys/types.h>

/* Starts one for this process, and waits until polkit knows of it. 0: nobody is to be asked (root; no terminal), or it
 * can't be had, and polkit may still find another agent. */
pid_t agent_begin(void);

/* Takes 0, too, and returns 0. */
pid_t agent_end(pid_t agent);

static inline void agent_endp(pid_t *agent) {
        agent_end(*agent);
}
#define _cleanup_agent_ _cleanup_(agent_endp)
