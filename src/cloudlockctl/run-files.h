/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What "cloudlockctl run" puts below /run while its command is there, so that a reboot takes it away: the unit, the
 * guard's drop-in that names it, and a directory of root's alone with the pipes for the output. Whoever has that
 * directory locked is the one run of the instance. */

#include <stddef.h>

#include "cleanup.h"

typedef struct RunFiles {
        char *directory; /* /run/cloudlock-run/INSTANCE */
        char *unit_path, *drop_in_directory, *drop_in_path;
        int lock_fd;
        int out_fd, err_fd; /* both ends of the pipes, so that they do not end when one of several writers does */
} RunFiles;

typedef struct RunTexts {
        const char *unit, *drop_in, *environment;
} RunTexts;

#define RUN_FILES_EMPTY { .lock_fd = -1, .out_fd = -1, .err_fd = -1 }

/* Closes, and leaves the files as they are. Takes what is RUN_FILES_EMPTY. */
void run_files_done(RunFiles *files);
#define _cleanup_run_files_ _cleanup_(run_files_done)

/* Names them and takes the lock. 0; -EWOULDBLOCK: another run of this instance has it; another errno. */
int run_files_open(const char *instance, const char *unit, RunFiles *ret);

/* Gives the lock back where nothing was written. */
void run_files_forget(const RunFiles *files);

/* Writes everything, also over what a run left that was killed. 0 or a negative errno; then some may be there. */
int run_files_put(RunFiles *files, const RunTexts *texts);

/* Removes everything, whatever of it is there. 0, or the first negative errno; it tries every file nevertheless. */
int run_files_remove(const RunFiles *files);
