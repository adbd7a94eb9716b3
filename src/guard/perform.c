/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <syslog.h>

#include "cleanup.h"
#include "guard-internal.h"
#include "notify.h"
#include "run-files.h"

/* PID 1 is asked four times a second while the guard kills. Well below KILL_MARGIN_US: a late start is frozen before the
 * lease is over. */
#define PID1_SILENT_US USEC_PER_SEC

/* Shorter than a program takes to begin. Not inotify on cgroup.events: the kernel tells by a worker that waits its turn behind
 * all others, and no more often than each 10 ms; what was started by then ran for up to 50 ms on a busy machine. */
#define KILL_LOOK_US USEC_PER_MSEC

/* What can't be killed (state D) is not asked a thousand times a second for hours: each time takes a lock that all cgroups
 * share. After so many looks in vain there is one with each round of the core's. */
#define KILL_LOOKS_IN_VAIN_MAX 1000

/* The system bus is nobody's safety: it comes after PID 1's own. */
#define SLEEP_PRIORITY (BUS_PRIORITY + 10)

static void on_sleep(bool sleeps, void *userdata) {
        step(userdata, &(GuardEvent){ .type = sleeps ? GUARD_EVENT_SLEEP : GUARD_EVENT_WAKE });
}

static void watch_sleep(Program *p) {
        trouble(p, "Watching for the machine's sleep", sleep_new(p->event, SLEEP_PRIORITY, on_sleep, p, &p->sleep));
}

/* Whether that went well; what did not is said, and not tried again. */
static bool has_worked(const Program *p, const char *what, int r) {
        if (r < 0)
                say(p, LOG_WARNING, MESSAGE_GUARD_TROUBLE, "%s failed: %s.", what, strerror(-r));
        return r >= 0;
}

static bool freeze_extra(Program *p) {
        return has_worked(p, "Freezing the extra cgroups", units_freeze_extra(p->units, true));
}

/* The extra cgroups only once there is a permit: without one, --finish would not know of them. */
static void thaw_all(Program *p) {
        int r = p->permit_is_there ? units_freeze_extra(p->units, false) : 0, q = units_freeze(p->units, false);

        r = r < 0 ? r : q;
        if (r < 0 && !p->left_frozen)
                say(p, LOG_WARNING, MESSAGE_GUARD_TROUBLE, "Thawing the targets' cgroups failed: %s; it is tried again.",
                    strerror(-r));
        p->left_frozen = r < 0;
}

void thaw_again(Program *p) {
        if (!p->left_frozen || p->core.phase > GUARD_STOPPING)
                return;
        thaw_all(p);
        if (!p->left_frozen)
                say(p, LOG_NOTICE, MESSAGE_GUARD_SLEEP, "Guard of %s has thawed the targets after all.", p->instance);
}

static void freeze(Program *p) {
        bool extra_is, targets_are;

        p->left_frozen = false; /* by a thaw that failed: now they are to be frozen */
        extra_is = freeze_extra(p);
        targets_are = has_worked(p, "Freezing the targets' cgroups", units_freeze(p->units, true));
        if (extra_is && targets_are)
                say(p, LOG_NOTICE, MESSAGE_GUARD_SLEEP, "Guard of %s has frozen the targets: the machine is about to sleep.",
                    p->instance);
}

static void thaw(Program *p) {
        thaw_all(p);
        if (p->sleep)
                sleep_inhibit(p->sleep);
        if (p->ever_permitted && !p->left_frozen) /* or what failed was said */
                say(p, LOG_NOTICE, MESSAGE_GUARD_SLEEP,
                    "Guard of %s has thawed the targets: the machine is awake.", p->instance);
}

static void permit(Program *p, usec_t watchdog_us) {
        char status[GUARD_STATUS_MAX];
        Clocks clocks = clocks_now();
        GuardNow now = now_of(&clocks);

        p->ever_permitted = true;
        watch_sleep(p);
        p->permit_fd = permit_take(p->instance, p->core.boot_id, &p->settings, units_cgroups(p->units));
        p->permit_is_there = p->permit_fd >= 0;
        if (p->permit_fd < 0)
                tell_no_permit(p, p->permit_fd);
        /* Not before: what a container engine put back there must not run without a lease, not for a moment. And a guard that
         * was killed may have left the targets' frozen. */
        thaw_all(p);
        notify_send("READY=1\nWATCHDOG_USEC=%llu\nSTATUS=%s", (unsigned long long) watchdog_us,
                    guard_status(&p->core, &now, status, sizeof(status)));
}

void forbid(Program *p) {
        closep(&p->permit_fd);
        p->permit_fd = -1;
}

static void finish(Program *p) {
        /* What a container engine puts back stays frozen until the next start. */
        freeze_extra(p);
        has_worked(p, "Thawing the targets' cgroups", units_freeze(p->units, false));
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

void perform(Program *p, const GuardAction *action) {
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

int perform_begin(Program *p) {
        int r = sd_event_add_time(p->event, &p->kill_timer, CLOCK_MONOTONIC, 0, KILL_LOOK_US / 10, on_kill_timer, p);

        return r < 0 ? r : sd_event_source_set_enabled(p->kill_timer, SD_EVENT_OFF);
}
