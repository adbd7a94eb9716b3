/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "daemon.h"
#include "log.h"

/* While the lock is held: what a machine that stood still has done before it notices is what it did in this time. */
#define LOOK_US USEC_PER_SEC
/* Wakes together with other timers, where it may. */
#define LOOK_ACCURACY_US (250 * USEC_PER_MSEC)

static void tell_standstill(const Daemon *daemon, usec_t stood_us) {
        char span[SPAN_TEXT_MAX];

        if (stood_us == USEC_INFINITY)
                log_entry(LOG_WARNING, MESSAGE_STANDSTILL,
                          "This machine was moved or loaded from a snapshot, by %s: looking at the store at once",
                          daemon->host_clock.name);
        else
                log_entry(LOG_WARNING, MESSAGE_STANDSTILL,
                          "This machine stood still for %s or more, by %s: looking at the store at once",
                          format_span(span, sizeof(span), stood_us), daemon->host_clock.name);
}

static int on_look(sd_event_source *source, _unused_ uint64_t at_us, void *userdata) {
        Daemon *daemon = userdata;
        usec_t stood_us;
        HostLook look;

        host_clock_look(&daemon->host_clock, &look);
        stood_us = standstill_look(&daemon->standstill, &look);
        sd_event_source_set_time(source, look.after_boot_us + LOOK_US);
        sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        if (stood_us > 0) {
                tell_standstill(daemon, stood_us);
                pump_simple(daemon, LOCK_EVENT_CLOCK_JUMP);
        }
        return 0;
}

int host_begin(Daemon *daemon) {
        int r = sd_event_add_time(daemon->event, &daemon->host_timer, CLOCK_BOOTTIME, UINT64_MAX, LOOK_ACCURACY_US, on_look,
                                  daemon);

        return r < 0 ? r : sd_event_source_set_enabled(daemon->host_timer, SD_EVENT_OFF);
}

void host_find_clock(Daemon *daemon, bool is_virtual) {
        HostClockPaths paths = HOST_CLOCK_PATHS;

        if (daemon->host_clock_sought)
                return;
        daemon->host_clock_sought = true;
        /* Every machine has one, and only that of a virtual one is the host's. */
        if (!is_virtual)
                paths.rtc = NULL;
        host_clock_open(&paths, &daemon->host_clock);
}

void host_follow(Daemon *daemon, const LockNow *now) {
        bool look = host_clock_exists(&daemon->host_clock) && daemon->picture.view.held;

        if (look == daemon->looks_at_host)
                return;
        daemon->looks_at_host = look;
        daemon->standstill = (Standstill) {};
        sd_event_source_set_time(daemon->host_timer, now->boot_us);
        sd_event_source_set_enabled(daemon->host_timer, look ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}
