/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "systemctl stop" and "systemctl restart" both arrive as SIGTERM; the job that PID 1 runs for our own unit tells
 * them apart. Stop: the target goes first and the lock is released. Restart, or nobody says: the target runs on under
 * its lease, and the next run takes over. */

#include <string.h>
#include <sys/signalfd.h>

#include "daemon.h"
#include "facts.h"
#include "log.h"
#include "notify.h"

#define JOB_INTERFACE "org.freedesktop.systemd1.Job"
#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define UNIT_NAME_SIZE 256

static void leave_to_lease(Daemon *daemon, const char *why) {
        log_entry(LOG_INFO, MESSAGE_PROGRAM, "Ending (%s); a target that runs is left to its lease", why);
        sd_event_exit(daemon->event, 0);
}

static void stop_in_order(Daemon *daemon) {
        log_entry(LOG_INFO, MESSAGE_PROGRAM, "Stopping: the target first, then the lock is released");
        daemon->stopping = true;
        pump_simple(daemon, LOCK_EVENT_STOP);
}

static int on_job_type(sd_bus_message *answer, void *userdata, _unused_ sd_bus_error *error) {
        Daemon *daemon = userdata;
        const char *type;

        if (sd_bus_message_is_method_error(answer, NULL) || sd_bus_message_read(answer, "v", "s", &type) < 0)
                leave_to_lease(daemon, "no job of ours is to be found");
        else if (strcmp(type, "stop") == 0)
                stop_in_order(daemon);
        else
                leave_to_lease(daemon, type);
        return 0;
}

static int on_job(sd_bus_message *answer, void *userdata, _unused_ sd_bus_error *error) {
        Daemon *daemon = userdata;
        const char *path;
        uint32_t id;

        if (sd_bus_message_is_method_error(answer, NULL) ||
            sd_bus_message_read(answer, "v", "(uo)", &id, &path) < 0 || id == 0) {
                leave_to_lease(daemon, "PID 1 has no job for this unit");
                return 0;
        }
        daemon->job_slot = sd_bus_slot_unref(daemon->job_slot);
        if (sd_bus_call_method_async(daemon->bus, &daemon->job_slot, SYSTEMD_BUS_NAME, path, PROPERTIES_INTERFACE, "Get",
                                     on_job_type, daemon, "ss", JOB_INTERFACE, "JobType") < 0)
                leave_to_lease(daemon, "D-Bus is out of reach");
        return 0;
}

static int ask_job(Daemon *daemon) {
        _cleanup_free_ char *path = NULL;
        char unit[UNIT_NAME_SIZE];
        int r;

        snprintf(unit, sizeof(unit), "cloudlock@%s.service", daemon->config->instance);
        r = unit_object_path(unit, &path);
        if (r < 0)
                return r;
        return sd_bus_call_method_async(daemon->bus, &daemon->job_slot, SYSTEMD_BUS_NAME, path, PROPERTIES_INTERFACE,
                                        "Get", on_job, daemon, "ss", UNIT_INTERFACE, "Job");
}

static int on_signal(_unused_ sd_event_source *source, _unused_ const struct signalfd_siginfo *info, void *userdata) {
        Daemon *daemon = userdata;

        if (daemon->asked_job)
                return 0;
        daemon->asked_job = true;
        notify_send("STOPPING=1");
        if (!daemon->bus || ask_job(daemon) < 0)
                leave_to_lease(daemon, "D-Bus is out of reach");
        return 0;
}

int stop_signal_watch(Daemon *daemon) {
        /* There is nothing to stop in a dry run: without a handler the loop ends with 0. */
        sd_event_signal_handler_t handler = daemon->rehearsal ? NULL : on_signal;
        void *userdata = daemon->rehearsal ? NULL : daemon;
        int r = sd_event_add_signal(daemon->event, NULL, SIGTERM, handler, userdata);

        return r < 0 ? r : sd_event_add_signal(daemon->event, NULL, SIGINT, handler, userdata);
}
