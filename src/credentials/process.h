/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A command that prints something short: run without a shell, with none of our descriptors, never waited for, killed
 * with its children where it takes too long or says too much. What it leaves running when it ends itself runs on. */

#include <stddef.h>
#include <systemd/sd-event.h>

#include "time-span.h"

#define PROCESS_OUTPUT_MAX ((size_t) 64 * 1024)
#define PROCESS_COMPLAINT_MAX 256
#define PROCESS_US_MAX (10 * USEC_PER_SEC)

typedef enum ProcessEnd {
        PROCESS_EXITED,     /* `code` is its exit status */
        PROCESS_SIGNALLED,  /* `code` is the signal */
        PROCESS_NOT_BEGUN,  /* `code` is the errno of execve() */
        PROCESS_UNKNOWN,    /* it ended, and nobody can tell how: `code` is the errno of waitid() */
        PROCESS_TOO_SLOW,   /* killed after PROCESS_US_MAX */
        PROCESS_TOO_LARGE,  /* killed: it printed more than PROCESS_OUTPUT_MAX */
} ProcessEnd;

typedef struct ProcessResult {
        ProcessEnd end;
        int code;
        const char *output; /* NUL-terminated as well; wiped when the process is freed, like the next */
        size_t output_size;
        const char *complaint; /* the first line on its standard error; "" if none */
} ProcessResult;

typedef struct Process Process;
typedef void (*ProcessHandler)(const ProcessResult *result, void *userdata);

/* The handler is called exactly once, from the event loop; it may free the process. Freeing it before kills it; `event`
 * must outlive it. 0 or a negative errno. */
int process_start(sd_event *event, char *const *words, char *const *environment, ProcessHandler handler, void *userdata,
                  Process **ret);
Process *process_free(Process *process);

static inline void process_freep(Process **p) {
        process_free(*p);
}
