/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "daemon.h"
#include "log.h"

#define BUS_RETRY_US USEC_PER_SEC
/* What PID 1 says of the machine is shown, and nothing else hangs on it, unless a hardware watchdog is required. */
#define MANAGER_AGE_US USEC_PER_MINUTE

static UnitPhase phase_of(UnitsPhase phase) {
        switch (phase) {
        case UNITS_INACTIVE:
                return UNIT_INACTIVE;
        case UNITS_ACTIVATING:
                return UNIT_ACTIVATING;
        case UNITS_ACTIVE:
                return UNIT_ACTIVE;
        case UNITS_DEACTIVATING:
                return UNIT_DEACTIVATING;
        case UNITS_FAILED:
                break;
        }
        return UNIT_FAILED;
}

/* The plan has to leave the targets the time that their own properties ask for. */
static void check_budget(const Daemon *daemon, LockUnits *units) {
        ConfigError error = {};

        if (daemon->config->stop_timeout_us != USEC_INFINITY)
                units->stop_budget_us = daemon->config->stop_timeout_us;
        if (units->refusal[0])
                return;
        if (units->stop_budget_us == USEC_INFINITY)
                snprintf(units->refusal, sizeof(units->refusal),
                         "the target units set no limit to their stop: set TimeoutStopSec= there, or cloudlock_stop_timeout=");
        else if (config_check_times(daemon->config, units->stop_budget_us, &error) < 0)
                snprintf(units->refusal, sizeof(units->refusal), "%.*s", LOCK_REASON_MAX - 1, error.text);
}

/* The manager's answer is of this snapshot: cloudlock_require_watchdog=yes asks for it each time. */
static void check_watchdog(const Daemon *daemon, const UnitsSnapshot *snapshot, LockUnits *units) {
        static const char demanded[] = "cloudlock_require_watchdog=yes: ";
        char problem[LOCK_REASON_MAX - sizeof(demanded)];
        WatchdogFacts watchdog;
        LockNow now;

        if (!daemon->config->require_watchdog || units->refusal[0])
                return;
        read_clocks(&now);
        watchdog = manager_watchdog(snapshot->manager);
        if (watchdog_refuses(&watchdog, now.mono_us, units->stop_budget_us, problem, sizeof(problem)))
                snprintf(units->refusal, sizeof(units->refusal), "%s%s", demanded, problem);
}

static void show_manager(Daemon *daemon, const ManagerFacts *manager) {
        ControlLayers *layers = &daemon->picture.layers;
        const WatchdogFacts watchdog = manager_watchdog(manager);
        LockNow now;
        bool fed;

        read_clocks(&now);
        fed = watchdog_state(&watchdog, now.mono_us) == WATCHDOG_FED;
        snprintf(daemon->watchdog_device, sizeof(daemon->watchdog_device), "%s", fed ? watchdog.device : "");
        layers->hardware = daemon->watchdog_device;
        layers->hardware_us = fed ? watchdog_timeout_us(&watchdog) : 0;
        layers->fed_boot_us = fed ? usec_sub(now.boot_us, usec_sub(now.mono_us, watchdog.pinged_mono_us)) : 0;
        host_find_clock(daemon, manager->virtualization && *manager->virtualization);
        layers->host_clock = daemon->host_clock.name;
}

static void show_layers(Daemon *daemon, const UnitsSnapshot *snapshot) {
        daemon->picture.layers.guard_up = snapshot->guard == UNITS_ACTIVE || snapshot->guard == UNITS_DEACTIVATING;
        daemon->picture.layers.guard_watched = snapshot->guard_watched;
        if (snapshot->manager)
                show_manager(daemon, snapshot->manager);
}

static void on_snapshot(int error, const UnitsSnapshot *snapshot, void *userdata) {
        Daemon *daemon = userdata;
        LockEvent event = { .type = LOCK_EVENT_UNITS };

        if (error < 0 || (daemon->config->require_watchdog && !snapshot->manager))
                return; /* PID 1 does not answer: the core goes by the age of its last picture */
        event.units = (LockUnits) {
                .asked_boot_us = snapshot->asked_boot_us,
                .bound = snapshot->bound,
                .guard = phase_of(snapshot->guard),
                .target = phase_of(snapshot->target),
                .targets_down = snapshot->targets_down,
                .job_pending = snapshot->job_pending,
                .populated = snapshot->populated,
                .clean_oneshot = snapshot->clean_oneshot,
                .stop_budget_us = snapshot->stop_budget_us,
        };
        snprintf(event.units.refusal, sizeof(event.units.refusal), "%s", snapshot->refusal);
        check_budget(daemon, &event.units);
        check_watchdog(daemon, snapshot, &event.units);
        show_layers(daemon, snapshot);
        for (size_t i = 0; i < daemon->picture.n_targets; i++)
                daemon->targets[i].active_state = units_active_state(daemon->units, i);
        pump(daemon, &event);
}

static void on_changed(void *userdata) {
        Daemon *daemon = userdata;

        units_look(daemon->units);
}

static void on_guard_started(const char *result, void *userdata) {
        Daemon *daemon = userdata;

        if (strcmp(result, "done") != 0)
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "cloudlock-guard@%s.service did not start (%s); see its journal",
                          daemon->config->instance, result);
        pump_simple(daemon, strcmp(result, "done") == 0 ? LOCK_EVENT_GUARD_STARTED : LOCK_EVENT_GUARD_FAILED);
}

static void retry_later(Daemon *daemon) {
        LockNow now;

        read_clocks(&now);
        sd_event_source_set_time(daemon->bus_timer, now.mono_us + BUS_RETRY_US);
        sd_event_source_set_enabled(daemon->bus_timer, SD_EVENT_ONESHOT);
}

void bus_forget(Daemon *daemon) {
        if (daemon->units)
                units_set_bus(daemon->units, NULL);
        daemon->job_slot = sd_bus_slot_unref(daemon->job_slot);
        daemon->disconnected = sd_bus_slot_unref(daemon->disconnected);
        if (daemon->control)
                control_set_bus(daemon->control, NULL);
        daemon->bus = sd_bus_close_unref(daemon->bus);
}

/* The connection must not be dropped from within its own callback: the timer does it. */
static int on_disconnected(_unused_ sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error) {
        Daemon *daemon = userdata;

        log_entry(LOG_WARNING, MESSAGE_PROGRAM, "The connection to D-Bus is gone; trying again each second");
        retry_later(daemon);
        return 0;
}

int units_begin(Daemon *daemon) {
        const UnitsHandlers handlers = {
                .snapshot = on_snapshot, .changed = on_changed, .guard_started = on_guard_started, .userdata = daemon,
        };

        int r = units_new(NULL, daemon->config->instance, daemon->config->target_units, daemon->config->extra_cgroups,
                          &handlers, &daemon->units);

        if (r >= 0)
                units_tell_manager(daemon->units, daemon->config->require_watchdog ? 0 : MANAGER_AGE_US);
        return r;
}

static int bus_begin(Daemon *daemon) {
        int r = sd_bus_open_system_with_description(&daemon->bus, "cloudlockd");

        if (r < 0)
                return r;
        r = sd_bus_attach_event(daemon->bus, daemon->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        r = sd_bus_match_signal(daemon->bus, &daemon->disconnected, "org.freedesktop.DBus.Local",
                                "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Disconnected",
                                on_disconnected, daemon);
        if (r < 0)
                return r;
        r = units_set_bus(daemon->units, daemon->bus);
        if (r < 0)
                return r;
        return daemon->rehearsal ? 0 : control_set_bus(daemon->control, daemon->bus); /* the name is a daemon's */
}

void bus_connect(Daemon *daemon) {
        int r;

        bus_forget(daemon);
        r = bus_begin(daemon);
        if (r < 0) {
                bus_forget(daemon);
                retry_later(daemon);
                return;
        }
        units_look(daemon->units);
}
