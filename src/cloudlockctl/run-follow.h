/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A command from the start of its instance's daemon until the lock is given back. */

#include <stdbool.h>

#include "run-files.h"
#include "setup.h"

typedef struct RunSubject {
        Setup *setup;        /* with one target: the command's unit */
        const char *service; /* cloudlock@INSTANCE.service */
        RunFiles *files;
} RunSubject;

/* From here on signals wait until run_follow() looks at them: no file is left behind for one. 0 or a negative errno. */
int run_block_signals(void);

/* Starts the daemon, relays what the command prints, and has the daemon stop once the command has ended or a signal
 * came. Says on stderr what happens. An exit status. *ret_down: nothing of it runs any more, and its files may go. */
int run_follow(const RunSubject *subject, bool *ret_down);
