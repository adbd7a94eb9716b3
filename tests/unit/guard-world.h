/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A PID 1 with one target, in place of src/systemd's units, notification and journal, and of logind: the guard's loop runs for real
 * around them, in this process, on real files, signals, inotify and a real socket. Nothing here waits: what PID 1 would do
 * later is done in the next round of the guard's own loop. */

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cgroup.h"
#include "cleanup.h"
#include "condition.h"
#include "guard-bench.h"
#include "guard.h"
#include "notify.h"
#include "sleep.h"
#include "units.h"

#define TOLD_MAX 8192

struct Units {
        UnitsHandlers handlers;
};

struct Sleep {
        SleepHandler handler;
        void *userdata;
};

/* What a test sets up, and what came of it. */
typedef struct World {
        void (*on_look)(void), (*on_ready)(void); /* before a snapshot is answered; once the target was to be started */
        bool unbound, start_job;
        bool stubborn; /* the target takes no notice of a stop */
        bool hangs;    /* PID 1, until what joins is frozen */
        usec_t kill_us; /* a kill takes that long */
        int look_error, verify_error, bus_error;
        unsigned thaws_in_vain; /* that many fail first */
        unsigned joins; /* that many processes more join the cgroup as it is killed */

        sd_event *event;
        sd_event_source *soon;
        bool start_wanted, look_wanted;
        usec_t asked_boot_us;
        bool knows_cgroups; /* by an answer of PID 1's, or by a permit */
        bool target, stop_job, ready, started, frozen, frozen_extra;
        unsigned looks, stops, kills, reboots, inhibits;
        bool allowed, allowed_unfrozen; /* to sleep */
        char told[TOLD_MAX]; /* every notification and message */
} World;

static World world;
static struct Units units_;
static struct Sleep sleep_;
static int pid1_fd = -1; /* its private socket */

static inline void listen_as_pid1(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/private" };

        pid1_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        CHECK_EQ(bind(pid1_fd, (const struct sockaddr *) &address, sizeof(address)), 0);
        CHECK_EQ(listen(pid1_fd, SOMAXCONN), 0);
}

/* Ends every connection. */
static inline unsigned hang_up(void) {
        unsigned n = 0;

        for (int fd; (fd = accept4(pid1_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0; n++)
                close(fd);
        return n;
}

static inline int on_soon(_unused_ sd_event_source *s, _unused_ void *userdata) {
        UnitsSnapshot snapshot = { .asked_boot_us = world.asked_boot_us };

        if (world.hangs && !world.start_wanted)
                return 0;
        fault_pause(true);
        if (world.start_wanted) {
                world.start_wanted = false;
                world.target = world.started = condition_run(INSTANCE) == 0;
                if (world.on_ready)
                        world.on_ready();
        }
        if (!world.look_wanted)
                return fault_pause(false), 0;
        world.look_wanted = false;
        world.looks++;
        if (world.on_look)
                world.on_look();
        snapshot.targets_down = !world.target;
        snapshot.populated = world.target;
        snapshot.start_job_pending = world.start_job;
        snapshot.stop_job_pending = world.stop_job;
        snapshot.bound = !world.unbound;
        strcpy(snapshot.refusal, world.unbound ? "x.service is not bound; bind it." : "");
        fault_pause(false);
        world.knows_cgroups |= world.look_error >= 0;
        units_.handlers.snapshot(world.look_error, world.look_error < 0 ? NULL : &snapshot, units_.handlers.userdata);
        if (world.target && world.stop_job && !world.stubborn) {
                world.target = false; /* the next snapshot shows it */
                units_.handlers.changed(units_.handlers.userdata);
        }
        return 0;
}

static inline void soon(void) {
        int r;

        fault_pause(true);
        r = world.soon ? sd_event_source_set_enabled(world.soon, SD_EVENT_ONESHOT) :
                         sd_event_add_defer(world.event, &world.soon, on_soon, NULL);
        if (r >= 0)
                r = sd_event_source_set_priority(world.soon, SD_EVENT_PRIORITY_IDLE); /* heard after all else, as by a guard */
        fault_pause(false);
        CHECK(r >= 0);
}

static inline void tell(const char *text) {
        size_t length = strlen(world.told);

        snprintf(world.told + length, sizeof(world.told) - length, "%s\n", text);
}

int notify_send(const char *format, ...) {
        char text[1024];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        tell(text);
        if (strstr(text, "READY=1")) {
                world.ready = world.start_wanted = true;
                soon();
        }
        return 1;
}

int journal_send(const JournalEntry *entry) {
        tell(entry->message);
        tell(entry->fields);
        return 0;
}

int cgroup_verify(void) {
        return fault_is_due() ? -EIO : world.verify_error;
}

int units_new(_unused_ sd_bus *bus, _unused_ const char *instance, char *const *targets, _unused_ char *const *extra_cgroups,
              const UnitsHandlers *handlers, Units **ret) {
        if (fault_is_due())
                return -ENOMEM;
        CHECK(strv_contains(targets, "x.service"));
        units_.handlers = *handlers;
        *ret = &units_;
        return 0;
}

char *const *units_cgroups(_unused_ const Units *units) {
        static char *const cgroups[] = { (char *) "/system.slice/x.service", NULL };

        return world.knows_cgroups ? cgroups : NULL;
}

int units_expect_cgroups(_unused_ Units *units, char *const *cgroups) {
        if (fault_is_due())
                return -ENOMEM;
        world.knows_cgroups = strv_contains(cgroups, "/system.slice/x.service");
        return 0;
}

Units *units_free(_unused_ Units *units) {
        world.soon = sd_event_source_unref(world.soon);
        return NULL;
}

int units_set_bus(_unused_ Units *units, sd_bus *bus) {
        world.event = bus ? sd_bus_get_event(bus) : world.event;
        world.look_wanted = false;
        return bus && fault_is_due() ? -ENOMEM : bus ? world.bus_error : 0;
}

int units_look(_unused_ Units *units) {
        if (!world.event)
                return -ENOTCONN;
        if (fault_is_due())
                return -ENOMEM;
        world.asked_boot_us = clocks_now().boot_us;
        world.look_wanted = true;
        soon();
        return 0;
}

int units_stop(_unused_ Units *units) {
        if (fault_is_due())
                return -ENOMEM;
        world.stops++;
        world.stop_job = true;
        return 0;
}

int sleep_new(_unused_ sd_event *event, _unused_ int priority, SleepHandler handler, void *userdata, Sleep **ret) {
        if (fault_is_due())
                return -ENOMEM;
        sleep_ = (Sleep) { handler, userdata };
        *ret = &sleep_;
        return 0;
}

Sleep *sleep_free(_unused_ Sleep *sleep) {
        return NULL;
}

void sleep_allow(_unused_ Sleep *sleep) {
        world.allowed = true;
        world.allowed_unfrozen |= !world.frozen || !world.frozen_extra;
}

void sleep_inhibit(_unused_ Sleep *sleep) {
        world.inhibits++;
}

int units_reboot(_unused_ Units *units) {
        if (fault_is_due())
                return -ENOMEM;
        world.reboots++;
        world.joins = 0; /* it ends whatever would not */
        return 0;
}

int units_kill(_unused_ Units *units, bool freeze) {
        usec_t done_boot_us = usec_add(clocks_now().boot_us, world.kill_us);

        if (fault_is_due())
                return -EIO;
        while (clocks_now().boot_us < done_boot_us)
                ;
        world.kills += world.knows_cgroups;
        if (!world.knows_cgroups)
                return 0;
        world.target = world.start_job = false;
        if (freeze && world.hangs) {
                world.hangs = false;
                soon();
        }
        if (world.joins > 0) {
                world.joins--;
                world.target = true;
        }
        return 0;
}

bool units_are_populated(_unused_ const Units *units) {
        return fault_is_due() || world.target;
}

int units_freeze(_unused_ Units *units, bool freeze) {
        if (fault_is_due())
                return -EIO;
        if (!freeze && world.thaws_in_vain > 0) {
                world.thaws_in_vain--;
                return -EIO;
        }
        world.frozen = freeze;
        return 0;
}

/* What is let run there, --finish has to know of, should the guard die. */
int units_freeze_extra(_unused_ Units *units, bool freeze) {
        CHECK(freeze || access(PERMIT_FILE, F_OK) == 0);
        if (fault_is_due())
                return -EIO;
        world.frozen_extra = freeze;
        return 0;
}
