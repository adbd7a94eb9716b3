/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <syslog.h>
#include <systemd/sd-id128.h>

#include "cgroup.h"
#include "cleanup.h"
#include "guard-internal.h"
#include "run-files.h"

/* The default of 250 ms, by which sd-event may delay a timer to save wakeups, is too long for a deadline. */
#define TIMER_ACCURACY_US USEC_PER_MSEC

static void rearm(Program *p) {
        Clocks clocks = clocks_now();
        GuardNow now = now_of(&clocks);

        sd_event_source_set_time(p->timer, guard_deadline(&p->core, &now));
        sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
}

void step(Program *p, const GuardEvent *event) {
        Clocks clocks = clocks_now();
        GuardNow now = now_of(&clocks);
        GuardActions actions;

        guard_step(&p->core, &now, event, &actions);
        if (p->core.phase != p->told_phase)
                p->heard_boot_us = now.boot_us; /* while it ran, it had no reason to ask */
        for (size_t i = 0; i < actions.n; i++)
                perform(p, actions.list + i);
        tell_phase(p, &now);
        rearm(p);
}

static GuardRead read_result(int r) {
        return r >= 0 ? GUARD_READ_LEASE : r == -ENOENT ? GUARD_READ_MISSING : r == -EBADMSG ? GUARD_READ_BROKEN : GUARD_READ_FAILED;
}

static void look_at_lease(Program *p) {
        GuardEvent event = { .type = GUARD_EVENT_LEASE };

        event.read = read_result(lease_read(p->instance, &event.lease));
        event.populated = p->core.phase == GUARD_KILLING && units_are_populated(p->units);
        step(p, &event);
}

static int on_timer(_unused_ sd_event_source *s, _unused_ uint64_t us, void *userdata) {
        Program *p = userdata;

        pid1_reconnect(p->pid1);
        look_at_lease(p);
        thaw_again(p);
        return 0;
}

static int on_inotify(_unused_ sd_event_source *s, _unused_ const struct inotify_event *e, void *userdata) {
        look_at_lease(userdata);
        return 0;
}

static int on_term(_unused_ sd_event_source *s, _unused_ const struct signalfd_siginfo *si, void *userdata) {
        step(userdata, &(GuardEvent){ .type = GUARD_EVENT_TERM });
        return 0;
}

static void on_changed(void *userdata) {
        step(userdata, &(GuardEvent){ .type = GUARD_EVENT_CHANGED });
}

static void on_snapshot(int error, const UnitsSnapshot *s, void *userdata) {
        Program *p = userdata;

        if (error < 0)
                return trouble(p, "Asking systemd", error);
        p->heard_boot_us = clocks_now().boot_us;
        snprintf(p->refusal, sizeof(p->refusal), "%s", s->refusal);
        step(p, &(GuardEvent){ .type = GUARD_EVENT_UNITS,
                               .units = { .asked_boot_us = s->asked_boot_us,
                                          .down = s->targets_down,
                                          .start_job_pending = s->start_job_pending,
                                          .stop_job_pending = s->stop_job_pending,
                                          .populated = s->populated,
                                          .bound = s->bound } });
}

static int on_bus(sd_bus *bus, void *userdata) {
        Program *p = userdata;

        return units_set_bus(p->units, bus);
}

static void program_done(Program *p) {
        forbid(p);
        sleep_free(p->sleep);
        units_free(p->units);
        pid1_free(p->pid1);
        sd_event_source_unref(p->timer);
        sd_event_source_unref(p->lease_watch);
        sd_event_source_unref(p->kill_timer);
        sd_event_unref(p->event);
        settings_done(&p->settings);
}

/* The lease is read once a second in any case; the watch only makes it faster. */
static void watch_lease(Program *p) {
        char path[RUN_PATH_MAX];

        lease_directory(p->instance, path);
        sd_event_add_inotify(p->event, &p->lease_watch, path, IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE |
                             IN_ONLYDIR, on_inotify, p);
}

static int set_up_loop(Program *p) {
        sigset_t mask;
        int r = sd_event_new(&p->event);

        if (r < 0)
                return r;
        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGINT);
        sigprocmask(SIG_BLOCK, &mask, NULL);
        r = sd_event_add_signal(p->event, NULL, SIGTERM, on_term, p);
        if (r >= 0)
                r = sd_event_add_signal(p->event, NULL, SIGINT, on_term, p);
        if (r >= 0)
                r = sd_event_add_time(p->event, &p->timer, CLOCK_BOOTTIME, 0, TIMER_ACCURACY_US, on_timer, p);
        if (r >= 0)
                r = perform_begin(p);
        if (r < 0)
                return r;
        watch_lease(p);
        return 0;
}

static bool has_cgroups(const Program *p) {
        int r = cgroup_verify();

        if (r < 0)
                say(p, LOG_ERR, MESSAGE_GUARD_REFUSES,
                    "cgroup version 2 with cgroup.kill (Linux 5.14) is needed at /sys/fs/cgroup, and was not found there: %s.",
                    strerror(-r));
        return r >= 0;
}

/* Whether the guard that --finish comes after did not end by itself: PID 1 says how it did, by a number or a signal's name;
 * systemd.exec(5). Its word that this was a success would hold for SIGHUP, too. */
static bool guard_died(void) {
        const char *status = getenv("EXIT_STATUS");

        return !status || strcmp(status, "0") != 0;
}

static int set_up(Program *p, bool finishing) {
        sd_id128_t boot;
        int r = sd_id128_get_boot(&boot);

        if (r < 0)
                return r;
        guard_init(&p->core, SD_ID128_TO_STRING(boot), finishing, guard_died(), p->settings.on_stuck == ON_STUCK_REBOOT);
        p->permit_is_there = finishing;
        p->told_phase = p->core.phase;
        p->heard_boot_us = clocks_now().boot_us;
        r = set_up_loop(p);
        if (r < 0)
                return r;
        r = units_new(NULL, p->instance, p->settings.targets, p->settings.extra_cgroups,
                      &(UnitsHandlers){ .snapshot = on_snapshot, .changed = on_changed, .userdata = p }, &p->units);
        if (r < 0)
                return r;
        /* --finish kills what is over before PID 1 has answered. */
        r = units_expect_cgroups(p->units, p->settings.cgroups);
        if (r < 0)
                return r;
        /* Best effort: without it a guard under memory pressure is slower, and its watchdog bites. */
        mlockall(MCL_CURRENT | MCL_FUTURE);
        return pid1_new(p->event, BUS_PRIORITY, on_bus, p, &p->pid1);
}

static int exit_status(const Program *p) {
        switch (p->core.reason) {
        case GUARD_REASON_UNBOUND:
                return GUARD_EXIT_UNBOUND;
        case GUARD_REASON_ASKED:
                return GUARD_EXIT_OK;
        case GUARD_REASON_NONE: /* unreachable: whoever starts nothing has a reason */
        case GUARD_REASON_STOP_DUE:
        case GUARD_REASON_KILL_DUE:
        case GUARD_REASON_LEASE_MISSING:
        case GUARD_REASON_LEASE_BROKEN:
        case GUARD_REASON_LEASE_FOREIGN:
                break;
        }
        return GUARD_EXIT_NO_LEASE;
}

/* Whether it ended without ever letting anything start. */
static int refused(const Program *p) {
        int status = exit_status(p);

        if (status != GUARD_EXIT_OK)
                say(p, LOG_ERR, MESSAGE_GUARD_REFUSES, "Guard of %s does not start: %s%s", p->instance,
                    status == GUARD_EXIT_UNBOUND ? p->refusal : guard_reason_text(p->core.reason),
                    status == GUARD_EXIT_UNBOUND ? "" : "."); /* a refusal is a whole sentence */
        return status;
}

/* 1 when there is something to guard; 0 when not; or a negative errno, told. */
static int load_settings(Program *p, bool finishing) {
        ConfigError error = {};
        int r;

        if (finishing) {
                r = permit_settings(p->instance, &p->settings);
                /* A guard that never let its targets start has left nothing to finish. */
                if (r == -ENOENT)
                        return 0;
        } else
                r = settings_load(p->instance, &p->settings, &error);
        if (r < 0)
                say(p, LOG_ERR, MESSAGE_GUARD_REFUSES, "Guard of %s cannot use its configuration: %s", p->instance,
                    *error.text ? error.text : strerror(-r));
        return r < 0 ? r : 1;
}

int guard_run(const char *instance, bool finishing) {
        _cleanup_(program_done) Program p = { .instance = instance, .permit_fd = -1 };
        int r;

        r = load_settings(&p, finishing);
        if (r <= 0)
                return r < 0 ? GUARD_EXIT_CONFIG : GUARD_EXIT_OK;
        if (!has_cgroups(&p))
                return GUARD_EXIT_FAILURE;
        r = set_up(&p, finishing);
        if (r >= 0) {
                look_at_lease(&p);
                r = sd_event_loop(p.event);
        }
        if (r < 0) {
                say(&p, LOG_ERR, MESSAGE_GUARD_REFUSES, "Guard of %s cannot go on: %s.", instance, strerror(-r));
                return GUARD_EXIT_FAILURE;
        }
        return p.ever_permitted || finishing ? GUARD_EXIT_OK : refused(&p);
}
