/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <syslog.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"
#include "guard-core.h"
#include "notify.h"
#include "pid1.h"
#include "run-files.h"
#include "settings.h"
#include "sleep.h"
#include "text.h"
#include "units.h"

/* Message ids; explained in units/cloudlock.catalog. */
#define MESSAGE_GUARD "8b0d3a4c5e6f4a719c2d1e0f3b5a7c01"         /* the guard changed its phase */
#define MESSAGE_GUARD_REFUSES "8b0d3a4c5e6f4a719c2d1e0f3b5a7c02" /* it does not start */
#define MESSAGE_GUARD_TROUBLE "8b0d3a4c5e6f4a719c2d1e0f3b5a7c03" /* a call failed that should not */

#define MESSAGE_GUARD_STUCK "8b0d3a4c5e6f4a719c2d1e0f3b5a7c04"   /* what is left can't be killed */
#define MESSAGE_GUARD_SLEEP "8b0d3a4c5e6f4a719c2d1e0f3b5a7c05"   /* it freezes the targets for a sleep, or thaws them */

#define MESSAGE_TEXT_MAX 640
#define FIELDS_TEXT_MAX 128 /* the phase and the fence */

/* PID 1 is asked four times a second while the guard kills. Well below KILL_MARGIN_US: a late start is frozen before the
 * lease is over. */
#define PID1_SILENT_US USEC_PER_SEC

/* The default of 250 ms, by which sd-event may delay a timer to save wakeups, is too long for a deadline. */
#define TIMER_ACCURACY_US USEC_PER_MSEC

/* Shorter than a program takes to begin. Not inotify on cgroup.events: the kernel tells by a worker that waits its turn behind
 * all others, and no more often than each 10 ms; what was started by then ran for up to 50 ms on a busy machine. */
#define KILL_LOOK_US USEC_PER_MSEC

/* What can't be killed (state D) is not asked a thousand times a second for hours: each time takes a lock that all cgroups
 * share. After so many looks in vain there is one with each round of the core's. */
#define KILL_LOOKS_IN_VAIN_MAX 1000

/* The bus comes after deadlines, signals and the lease, however much PID 1 has to say. */
#define BUS_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)

/* And the system bus, which is nobody's safety, after that. */
#define SLEEP_PRIORITY (BUS_PRIORITY + 10)

typedef struct Program {
        const char *instance;
        Settings settings;
        sd_event *event;
        sd_event_source *timer, *lease_watch, *kill_timer;
        Pid1 *pid1;
        Units *units;
        Sleep *sleep; /* NULL: nothing may run yet */
        Guard core;
        GuardPhase told_phase; /* that journal and PID 1 know of */
        int permit_fd;
        usec_t heard_boot_us; /* when PID 1 answered last, or the phase changed */
        unsigned looks_in_vain; /* one after the other that have found processes to kill */
        bool ever_permitted, trouble_told, freezes;
        char refusal[UNITS_TEXT_MAX];
} Program;

static void step(Program *p, const GuardEvent *event);

static void say(const Program *p, int priority, const char *message_id, const char *format, ...) _printf_(4, 5);

static void say(const Program *p, int priority, const char *message_id, const char *format, ...) {
        char text[MESSAGE_TEXT_MAX], fields[FIELDS_TEXT_MAX] = "";
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        text_append(fields, sizeof(fields), "CLOUDLOCK_PHASE=%s\n", guard_phase_name(p->core.phase));
        if (p->core.deadline.fence > 0)
                text_append(fields, sizeof(fields), "CLOUDLOCK_FENCE=%" PRIu64 "\n", p->core.deadline.fence);
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "cloudlock-guard: %s\n", text);
        else
                journal_send(&(JournalEntry){ .priority = priority, .message_id = message_id, .instance = p->instance,
                                              .message = text, .fields = fields });
}

/* Said once: what fails now will fail again at the next tick. */
static void trouble(Program *p, const char *what, int error) {
        if (error >= 0 || p->trouble_told)
                return;
        p->trouble_told = true;
        say(p, LOG_WARNING, MESSAGE_GUARD_TROUBLE, "%s failed: %s; it is tried again.", what, strerror(-error));
}

static GuardNow now_of(const Clocks *clocks) {
        return (GuardNow){ .boot_us = clocks->boot_us, .raw_us = clocks_raw_elapsed_us(clocks), .mono_us = clocks->mono_us };
}

static void on_sleep(bool sleeps, void *userdata) {
        step(userdata, &(GuardEvent){ .type = sleeps ? GUARD_EVENT_SLEEP : GUARD_EVENT_WAKE });
}

static void watch_sleep(Program *p) {
        trouble(p, "Watching for the machine's sleep", sleep_new(p->event, SLEEP_PRIORITY, on_sleep, p, &p->sleep));
}

static void freeze(Program *p) {
        trouble(p, "Freezing the extra cgroups", units_freeze_extra(p->units, true));
        trouble(p, "Freezing the targets' cgroups", units_freeze(p->units, true));
        say(p, LOG_NOTICE, MESSAGE_GUARD_SLEEP, "Guard of %s has frozen the targets: the machine is about to sleep.",
            p->instance);
}

static void thaw(Program *p) {
        trouble(p, "Thawing the extra cgroups", units_freeze_extra(p->units, false));
        trouble(p, "Thawing the targets' cgroups", units_freeze(p->units, false));
        if (p->sleep)
                sleep_inhibit(p->sleep);
        if (p->ever_permitted)
                say(p, LOG_NOTICE, MESSAGE_GUARD_SLEEP,
                    "Guard of %s has thawed the targets: the machine is awake, and the lease good.", p->instance);
}

static void permit(Program *p, usec_t watchdog_us) {
        char status[GUARD_STATUS_MAX];
        Clocks clocks = clocks_now();
        GuardNow now = now_of(&clocks);

        p->ever_permitted = true;
        watch_sleep(p);
        /* Not before: what a container engine put back there must not run without a lease, not for a moment. */
        trouble(p, "Thawing the extra cgroups", units_freeze_extra(p->units, false));
        /* A guard that was killed may have left them frozen. */
        trouble(p, "Thawing the targets' cgroups", units_freeze(p->units, false));
        p->permit_fd = permit_take(p->instance, p->core.boot_id, &p->settings, units_cgroups(p->units));
        trouble(p, "Taking the permit", MIN(p->permit_fd, 0));
        notify_send("READY=1\nWATCHDOG_USEC=%llu\nSTATUS=%s", (unsigned long long) watchdog_us,
                    guard_status(&p->core, &now, status, sizeof(status)));
}

static void forbid(Program *p) {
        closep(&p->permit_fd);
        p->permit_fd = -1;
}

static void finish(Program *p) {
        /* What a container engine puts back stays frozen until the next start. */
        trouble(p, "Freezing the extra cgroups", units_freeze_extra(p->units, true));
        trouble(p, "Thawing the targets' cgroups", units_freeze(p->units, false));
        sd_event_exit(p->event, 0);
}

/* A PID 1 that hangs may go on, after the lease, where it stood: with the program whose condition it had asked before,
 * or with ExecStopPost=. So from then on what joins is frozen, too. Not earlier: systemd 257 itself waits for what it
 * starts in a frozen cgroup, and would do so for good if the guard died meanwhile. */
static void kill_all(Program *p) {
        p->freezes |= clocks_now().boot_us >= usec_add(p->heard_boot_us, PID1_SILENT_US);
        trouble(p, "Killing", units_kill(p->units, p->freezes));
}

/* From now on, and not from when this round began: however long a kill takes, the bus gets its turn. */
static void look_for_more(Program *p) {
        sd_event_source_set_time(p->kill_timer, clocks_now().mono_us + KILL_LOOK_US);
        sd_event_source_set_enabled(p->kill_timer, SD_EVENT_ONESHOT);
}

/* What joins a cgroup now is killed at once, and not at the next round only: a stop job of systemd 252 would thaw it. */
static int on_kill_timer(_unused_ sd_event_source *s, _unused_ uint64_t us, void *userdata) {
        Program *p = userdata;

        if (p->core.phase != GUARD_KILLING) /* unreachable: the loop ends with this phase */
                return 0;
        if (units_are_populated(p->units)) {
                kill_all(p);
                p->looks_in_vain++;
        } else
                p->looks_in_vain = 0;
        if (p->looks_in_vain <= KILL_LOOKS_IN_VAIN_MAX)
                look_for_more(p);
        return 0;
}

static void tell_stuck(Program *p) {
        char status[GUARD_STATUS_MAX];
        Clocks clocks = clocks_now();
        GuardNow now = now_of(&clocks);

        notify_send("STATUS=%s", guard_status(&p->core, &now, status, sizeof(status)));
        say(p, LOG_CRIT, MESSAGE_GUARD_STUCK, "Guard of %s has killed the targets' processes, and some are still there: %s",
            p->instance, p->core.reboots ?
            "the machine is rebooted at once (cloudlock_on_stuck=reboot)." :
            "it goes on killing, and the lock stays here until they are gone. If they stay, reboot the machine by hand.");
}

static void perform(Program *p, const GuardAction *action) {
        switch (action->type) {
        case GUARD_ACTION_PERMIT:
                return permit(p, action->watchdog_us);
        case GUARD_ACTION_FORBID:
                return forbid(p);
        case GUARD_ACTION_WATCHDOG:
                notify_send("WATCHDOG_USEC=%llu\nWATCHDOG=1", (unsigned long long) action->watchdog_us);
                return;
        case GUARD_ACTION_STOP:
                return trouble(p, "Asking systemd to stop", units_stop(p->units));
        case GUARD_ACTION_KILL:
                kill_all(p);
                return look_for_more(p);
        case GUARD_ACTION_STUCK:
                return tell_stuck(p);
        case GUARD_ACTION_REBOOT:
                return trouble(p, "Asking systemd to reboot", units_reboot(p->units));
        case GUARD_ACTION_FREEZE:
                return freeze(p);
        case GUARD_ACTION_THAW:
                return thaw(p);
        case GUARD_ACTION_LET_SLEEP:
                return sleep_allow(p->sleep);
        case GUARD_ACTION_LOOK:
                return trouble(p, "Asking systemd", units_look(p->units));
        case GUARD_ACTION_EXIT:
                return finish(p);
        }
}

static void tell_phase(Program *p, const GuardNow *now) {
        char status[GUARD_STATUS_MAX];
        int priority;

        if (p->core.phase == p->told_phase)
                return;
        p->told_phase = p->core.phase;
        if (p->core.phase == GUARD_DONE && !p->ever_permitted)
                return; /* what there is to say then, refused() says */
        guard_status(&p->core, now, status, sizeof(status));
        notify_send("STATUS=%s", status);
        priority = p->core.phase == GUARD_KILLING ? LOG_WARNING : p->core.phase == GUARD_DONE ? LOG_INFO : LOG_NOTICE;
        say(p, priority, MESSAGE_GUARD, "Guard of %s is %s: %s.", p->instance, guard_phase_name(p->core.phase), status);
}

static void rearm(Program *p) {
        Clocks clocks = clocks_now();
        GuardNow now = now_of(&clocks);

        sd_event_source_set_time(p->timer, guard_deadline(&p->core, &now));
        sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
}

static void step(Program *p, const GuardEvent *event) {
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
                r = sd_event_add_time(p->event, &p->kill_timer, CLOCK_MONOTONIC, 0, KILL_LOOK_US / 10, on_kill_timer, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->kill_timer, SD_EVENT_OFF);
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

static int set_up(Program *p, bool finishing) {
        sd_id128_t boot;
        int r = sd_id128_get_boot(&boot);

        if (r < 0)
                return r;
        guard_init(&p->core, SD_ID128_TO_STRING(boot), finishing, p->settings.on_stuck == ON_STUCK_REBOOT);
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
