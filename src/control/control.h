/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One picture of the lock, shown two ways, and one set of operations, asked for in two ways: the D-Bus object and the
 * Varlink socket. */

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "history.h"
#include "lock.h"
#include "operation.h"

#define CONTROL_TEXT_MAX 512

typedef struct ControlTarget {
        const char *unit;
        const char *active_state; /* "active", "inactive", … */
} ControlTarget;

/* What ends what hangs, from the guard down to the machine: each as it was seen last. */
typedef struct ControlLayers {
        bool guard_up, guard_watched; /* PID 1 ends a guard that hangs */
        usec_t watchdog_us;           /* after how long it ends a cloudlockd that hangs; 0: never */
        const char *hardware;         /* the watchdog device that PID 1 feeds; NULL or "": none */
        usec_t hardware_us;           /* how long after it was fed last that resets the machine */
        usec_t fed_boot_us;           /* when that was, by the last look */
        const char *on_stuck;         /* cloudlock_on_stuck=, a literal */
        const char *host_clock;       /* by which a paused machine notices; NULL or "": none */
} ControlLayers;

/* Since the daemon started; for OpenMetrics. */
typedef struct ControlCounters {
        uint64_t reads, writes; /* requests that ended, well or not */
        uint64_t retries, refusals, unclear, conditions; /* answers that were none, by their class */
        uint64_t renewals;      /* writes of a tenure after the first that were confirmed */
        uint64_t operations, refused_operations; /* what operators who may asked for */
} ControlCounters;

/* What is shown; the daemon owns it and everything that it points to, for as long as the Control lives. */
typedef struct ControlPicture {
        const char *instance, *label, *table, *region, *my_id, *holder_id; /* holder_id: my_id#8hex */
        LockView view;
        usec_t wall_minus_boot_us; /* adds to a CLOCK_BOOTTIME value to give CLOCK_REALTIME */
        usec_t gap_us, lease_us, renew_us, poll_us;
        const ControlTarget *targets;
        size_t n_targets;
        char status[CONTROL_TEXT_MAX];      /* the sentence of STATUS= */
        char store_error[CONTROL_TEXT_MAX]; /* the last error of the store, empty if none */
        ControlLayers layers;
        ControlCounters counters;
        History history;
} ControlPicture;

/* Carries out what changes something, for a caller who may; `answer` is empty before. */
typedef struct ControlHandler {
        void (*operate)(const OperationCall *call, uid_t uid, OperationAnswer *answer, void *userdata);
        void *userdata;
} ControlHandler;

typedef struct Control Control;

/* Without D-Bus until control_set_bus(). `listen_fd` < 0: no socket; otherwise it stays the caller's to close, after
 * control_free(). The instance's name is escaped by sd_bus_path_encode() for both bus name and path. 0 or a negative
 * errno. */
int control_new(sd_event *event, int listen_fd, const ControlPicture *picture, const ControlHandler *handler,
                Control **ret);
Control *control_free(Control *control);

static inline void control_freep(Control **c) {
        control_free(*c);
}

/* Shows the object on `bus` and asks for the name, without waiting for the answer; NULL takes it away (the connection
 * died). 0 or a negative errno. */
int control_set_bus(Control *control, sd_bus *bus);

/* 0, or the negative errno with which the bus refused the name: -EACCES where its policy file is not installed. The
 * object is there all the same, under the connection's unique name. */
int control_bus_error(const Control *control);

/* The picture changed: emits PropertiesChanged for what differs since the last call, and answers who watches. */
void control_changed(Control *control);
