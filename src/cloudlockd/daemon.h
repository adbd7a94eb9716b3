/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one place that knows everything: event -> step -> actions. Each file of this folder turns one side's completions
 * into events of the core, or the core's actions into calls. */

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "control.h"
#include "host-clock.h"
#include "lock.h"
#include "place.h"
#include "run-files.h"
#include "store.h"
#include "units.h"

#define EVENTS_QUEUED_MAX LOCK_ACTIONS_MAX
/* "/dev/watchdog0"; a longer name is cut when it is shown. */
#define WATCHDOG_DEVICE_MAX 64

typedef struct Rehearsal Rehearsal;

typedef struct Daemon {
        const Config *config;
        Place place;           /* where the configured lock is */
        const char *ca_bundle; /* of the profile; NULL: none */
        sd_event *event;
        sd_bus *bus; /* NULL while D-Bus is down */
        Rehearsal *rehearsal; /* of a dry run; NULL: in earnest */

        /* The lock that is led now: the configured one, or first the one that an edited configuration left behind. */
        Identity identity;
        char lock_id[LOCK_ID_TEXT_SIZE];
        bool leaving; /* the old one: give it up in order, then take the new one */
        bool stopping; /* and take no other one */
        Lock *lock;
        Store *store;
        LockNow sent; /* when the request under way was sent */
        LockEventType queued[EVENTS_QUEUED_MAX]; /* what carrying out actions brought about */
        size_t n_queued;

        Units *units;
        Control *control;
        ControlPicture picture;
        ControlTarget *targets;

        int instance_flock_fd, lock_flock_fd, jump_fd;
        char boot[RECORD_ID_SIZE], host[RECORD_ID_SIZE];
        char *holder_id;

        sd_event_source *deadline_timer, *watchdog_timer, *bus_timer, *jump_source, *table_timer,
                *host_timer;
        sd_bus_slot *disconnected, *job_slot;
        usec_t watchdog_us, table_retry_us;
        bool ready, asked_job;
        bool kept_on_disk;

        char watchdog_device[WATCHDOG_DEVICE_MAX]; /* of the picture's layers */
        HostClock host_clock; /* known from PID 1's first answer on */
        bool host_clock_sought, looks_at_host;
        Standstill standstill;

        usec_t counted_boot_us; /* the last renewal of this tenure that was counted */

        /* What was said last, so that each change is said once. */
        LockState said_state;
        char said_reason[LOCK_REASON_MAX], said_holder[RECORD_HOLDER_MAX + 1];
        bool said_ready, said_bus_error, said_failing, said_skew, said_duplicate, said_original, said_table_error;
        bool said_kept, said_history_error;
        usec_t failing_since_boot_us; /* of the failure that was said last */
        char said_status[CONTROL_TEXT_MAX];
} Daemon;

typedef struct DaemonInput {
        const Config *config;
        const Place *place;
        const char *ca_bundle;
        int listen_fd; /* < 0: no control socket */
        bool dry_run;
} DaemonInput;

/* daemon.c: everything built up from the configuration, which has to outlive the daemon. Errors are logged. */
int daemon_new(const DaemonInput *input, sd_event *event, Daemon **ret);
Daemon *daemon_free(Daemon *daemon);

static inline void daemon_freep(Daemon **d) {
        daemon_free(*d);
}

/* leader.c: begins to lead the configured lock, or first to give up the one that an edited configuration left behind;
 * what an earlier run left in /run is taken over. Errors are logged. */
int leader_begin_first(Daemon *daemon);

/* table.c: whether the table can hold locks. Forgotten before its store is. */
int table_begin(Daemon *daemon);
void table_forget(Daemon *daemon);

/* pump.c: feeds one event, carries the actions out, arms the timer, tells everybody. */
void pump(Daemon *daemon, const LockEvent *event);
void pump_simple(Daemon *daemon, LockEventType type);
void read_clocks(LockNow *ret);

/* perform.c: the core's actions. */
void perform(Daemon *daemon, const LockActions *actions);

/* rehearse.c: makes a dry run of it: rehearsal_look() comes before each event and looks whether this host's own daemon
 * runs, and rehearse() says what an action would do. The first returns 0 or a negative errno. */
int rehearsal_new(Daemon *daemon);
Rehearsal *rehearsal_free(Rehearsal *rehearsal);
void rehearsal_look(Daemon *daemon);
void rehearse(Daemon *daemon, const LockAction *action);

/* Whether the record is one of this boot of this host. */
bool rehearsal_is_own(const Daemon *daemon);

/* watch-units.c: the bus, lost and found again, and the units on it. */
int units_begin(Daemon *daemon);
void bus_connect(Daemon *daemon);
void bus_forget(Daemon *daemon);

/* watch-host.c: whether this machine stood still with its clocks, where its host gives another one: looked at each second
 * while the lock is held, and never else. The clock is looked for once. */
int host_begin(Daemon *daemon);
void host_find_clock(Daemon *daemon, bool is_virtual);
void host_follow(Daemon *daemon, const LockNow *now);

/* stop-signal.c: SIGTERM, and what it stands for. */
int stop_signal_watch(Daemon *daemon);

/* operate.c: what operators ask for (ControlHandler's), what an earlier run left of it, and what a step made of it. */
void operate(const OperationCall *call, uid_t uid, OperationAnswer *answer, void *userdata);
void operations_begin(Daemon *daemon);
void operations_follow(Daemon *daemon, const LockNow *now);

/* tell.c: journal, STATUS=, D-Bus, socket. */
void tell(Daemon *daemon, const LockNow *now);
