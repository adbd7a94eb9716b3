/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What PID 1 knows of one unit, as values: read out of an answer to org.freedesktop.DBus.Properties.GetAll(""), so
 * that it serves asynchronous callers and plain ones alike. Nothing is judged here; see binding.h. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "cleanup.h"
#include "time-span.h"

#define SYSTEMD_BUS_NAME "org.freedesktop.systemd1"
#define SYSTEMD_MANAGER_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

/* One ExecXYZ= line. */
typedef struct ExecLine {
        char *path;
        char **argv;
        bool ignore_failure; /* it begins with "-" */
} ExecLine;

typedef struct ExecLines {
        ExecLine *list;
        size_t n;
} ExecLines;

/* Strings are NULL and numbers 0 where the unit's type does not know the property (a slice has no KillMode=). */
typedef struct UnitFacts {
        char *id; /* the unit's own name, also when it was asked for by an alias */
        char *load_state, *active_state, *sub_state, *unit_file_state, *fragment_path;
        char *type, *result, *restart, *kill_mode, *control_group, *slice, *user, *pam_name;
        char *root_directory, *root_image;
        uint32_t job_id; /* 0: no job */
        uint32_t main_pid;
        int32_t final_kill_signal, cpu_scheduling_policy, cpu_scheduling_priority;
        bool send_sigkill, remain_after_exit, need_daemon_reload, root_directory_start_only;
        usec_t timeout_stop_us, timeout_abort_us; /* USEC_INFINITY: no limit */
        usec_t watchdog_us;                       /* of a service that runs; 0 or USEC_INFINITY: off */
        uint64_t limit_rtprio;                    /* the hard limit */
        ExecLines condition, start_pre, start, start_post, stop, stop_post;
        char **binds_to, **requisite, **after, **before, **wants, **propagates_stop_to, **drop_in_paths;
} UnitFacts;

/* Frees what it holds and leaves it empty; takes an empty one. */
void unit_facts_done(UnitFacts *facts);
#define _cleanup_facts_ _cleanup_(unit_facts_done)

/* From the answer to GetAll(""). 0 or a negative errno. */
int unit_facts_read(sd_bus_message *answer, UnitFacts *ret);

/* The object of a unit; asking it for properties loads the unit. 0 or -ENOMEM. */
int unit_object_path(const char *unit, char **ret);

/* The question, not yet sent. */
int unit_facts_question(sd_bus *bus, const char *unit, sd_bus_message **ret);

/* Asks and waits: for commands only, never in an event loop. 0 or a negative errno; -ETIMEDOUT after `timeout_us`. */
int unit_facts_ask(sd_bus *bus, const char *unit, usec_t timeout_us, UnitFacts *ret);
