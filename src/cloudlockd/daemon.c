/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>

#include "clock.h"
#include "log.h"
#include "machine.h"
#include "notify.h"

#define TIMER_ACCURACY_US USEC_PER_MSEC
/* Three chances before PID 1 loses patience. */
#define WATCHDOG_DIVISOR 3u

void read_clocks(LockNow *ret) {
        const Clocks clocks = clocks_now();

        *ret = (LockNow) {
                .boot_us = clocks.boot_us, .mono_us = clocks.mono_us, .raw_us = clocks.raw_us, .wall_us = clocks.wall_us,
        };
}

static int on_deadline(_unused_ sd_event_source *source, _unused_ uint64_t at_us, void *userdata) {
        pump_simple(userdata, LOCK_EVENT_TICK);
        return 0;
}

/* The ping has gone through loop and core: when either is stuck, it stops. */
static int on_watchdog(sd_event_source *source, uint64_t at_us, void *userdata) {
        Daemon *daemon = userdata;

        pump_simple(daemon, LOCK_EVENT_TICK);
        notify_send("WATCHDOG=1");
        sd_event_source_set_time(source, at_us + daemon->watchdog_us / WATCHDOG_DIVISOR);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_bus_timer(_unused_ sd_event_source *source, _unused_ uint64_t at_us, void *userdata) {
        bus_connect(userdata);
        return 0;
}

static int arm_jump(const Daemon *daemon) {
        /* Never reached; what counts is that it is cancelled when the clock is set: timerfd_create(2). */
        const struct itimerspec never = { .it_value.tv_sec = INT64_MAX };

        return timerfd_settime(daemon->jump_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0 ? -errno : 0;
}

static int on_jump(_unused_ sd_event_source *source, int fd, _unused_ uint32_t revents, void *userdata) {
        Daemon *daemon = userdata;
        uint64_t count;

        if (read(fd, &count, sizeof(count)) >= 0 || errno != ECANCELED)
                return 0;
        arm_jump(daemon);
        pump_simple(daemon, LOCK_EVENT_CLOCK_JUMP);
        return 0;
}

static int watch_jumps(Daemon *daemon) {
        int r;

        daemon->jump_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        if (daemon->jump_fd < 0)
                return -errno;
        r = arm_jump(daemon);
        if (r < 0)
                return r;
        return sd_event_add_io(daemon->event, &daemon->jump_source, daemon->jump_fd, EPOLLIN, on_jump, daemon);
}

static int add_timers(Daemon *daemon) {
        int r = sd_event_add_time(daemon->event, &daemon->deadline_timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_US,
                                  on_deadline, daemon);

        if (r < 0)
                return r;
        r = sd_event_add_time(daemon->event, &daemon->bus_timer, CLOCK_MONOTONIC, UINT64_MAX, 0, on_bus_timer, daemon);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(daemon->bus_timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = sd_watchdog_enabled(0, &daemon->watchdog_us);
        if (r <= 0)
                return r;
        daemon->picture.layers.watchdog_us = daemon->watchdog_us;
        return sd_event_add_time(daemon->event, &daemon->watchdog_timer, CLOCK_MONOTONIC, clocks_now().mono_us, 0,
                                 on_watchdog, daemon);
}

static int identify(Daemon *daemon) {
        sd_id128_t boot;
        int r = machine_host_id(daemon->host);

        if (r < 0)
                return r;
        r = sd_id128_get_boot(&boot);
        if (r < 0)
                return r;
        sd_id128_to_string(boot, daemon->boot);
        if (asprintf(&daemon->holder_id, "%s#%.*s", daemon->config->my_id, HOLDER_DIGITS, daemon->host) < 0)
                return daemon->holder_id = NULL, -ENOMEM;
        return 0;
}

static int take_instance(Daemon *daemon) {
        int r = flock_instance(daemon->config->instance, &daemon->instance_flock_fd);

        if (r == -EWOULDBLOCK)
                log_entry(LOG_ERR, MESSAGE_CONFIG,
                          "Another cloudlockd runs for instance %s: see \"systemctl status cloudlock@%s\"",
                          daemon->config->instance, daemon->config->instance);
        else if (r < 0)
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "Can't use " RUN_DIRECTORY "/%s: %s; start it by "
                          "\"systemctl start cloudlock@%s\"", daemon->config->instance, strerror(-r),
                          daemon->config->instance);
        return r;
}

static int fill_picture(Daemon *daemon) {
        const Config *config = daemon->config;
        size_t n = 0;

        while (config->target_units[n])
                n++;
        daemon->targets = calloc(n, sizeof(ControlTarget));
        if (!daemon->targets)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                daemon->targets[i] = (ControlTarget) { .unit = config->target_units[i], .active_state = "unknown" };
        daemon->picture = (ControlPicture) {
                .instance = config->instance, .my_id = config->my_id,       .gap_us = config->gap_us,
                .lease_us = config->lease_us, .renew_us = config->renew_us, .poll_us = config->poll_us,
                .targets = daemon->targets,   .n_targets = n,
                .layers = { .on_stuck = config->on_stuck == ON_STUCK_REBOOT ? "reboot" : "none" },
        };
        return 0;
}

/* All but the lock itself. */
static int prepare(Daemon *daemon, const DaemonInput *input) {
        int r = identify(daemon);

        if (r < 0)
                return r;
        daemon->lock = calloc(1, lock_size());
        if (!daemon->lock)
                return -ENOMEM;
        r = input->dry_run ? rehearsal_new(daemon) : 0;
        if (r < 0)
                return r;
        r = fill_picture(daemon);
        if (r < 0)
                return r;
        operations_begin(daemon);
        r = units_begin(daemon);
        if (r < 0)
                return r;
        r = control_new(daemon->event, input->listen_fd, &daemon->picture,
                        &(ControlHandler) { .operate = operate, .userdata = daemon }, &daemon->control);
        if (r < 0)
                return r;
        r = add_timers(daemon);
        if (r < 0)
                return r;
        r = watch_jumps(daemon);
        if (r < 0)
                return r;
        r = host_begin(daemon);
        if (r < 0)
                return r;
        return stop_signal_watch(daemon);
}

static int set_up(Daemon *daemon, const DaemonInput *input) {
        int r = input->dry_run ? 0 : take_instance(daemon);

        if (r < 0)
                return r;
        r = prepare(daemon, input);
        if (r < 0) {
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "Can't be set up: %s", strerror(-r));
                return r;
        }
        r = leader_begin_first(daemon);
        if (r < 0)
                return r;
        bus_connect(daemon);
        return 0;
}

Daemon *daemon_free(Daemon *daemon) {
        if (!daemon)
                return NULL;
        bus_forget(daemon);
        daemon->units = units_free(daemon->units);
        daemon->control = control_free(daemon->control);
        table_forget(daemon);
        daemon->store = store_free(daemon->store);
        sd_event_source_unref(daemon->deadline_timer);
        sd_event_source_unref(daemon->watchdog_timer);
        sd_event_source_unref(daemon->bus_timer);
        sd_event_source_unref(daemon->jump_source);
        sd_event_source_unref(daemon->host_timer);
        host_clock_done(&daemon->host_clock);
        closep(&daemon->jump_fd);
        closep(&daemon->instance_flock_fd);
        closep(&daemon->lock_flock_fd);
        identity_done(&daemon->identity);
        free(daemon->targets);
        free(daemon->holder_id);
        free(daemon->lock);
        daemon->rehearsal = rehearsal_free(daemon->rehearsal);
        sd_event_unref(daemon->event);
        free(daemon);
        return NULL;
}

int daemon_new(const DaemonInput *input, sd_event *event, Daemon **ret) {
        _cleanup_(daemon_freep) Daemon *daemon = calloc(1, sizeof(Daemon));
        int r;

        if (!daemon) {
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "Can't be set up: %s", strerror(ENOMEM));
                return -ENOMEM;
        }
        *daemon = (Daemon) {
                .config = input->config,
                .place = *input->place,
                .ca_bundle = input->ca_bundle,
                .event = sd_event_ref(event),
                .instance_flock_fd = -1,
                .lock_flock_fd = -1,
                .jump_fd = -1,
                .host_clock.ptp_fd = -1,
                .said_state = _LOCK_STATE_MAX,
        };
        r = set_up(daemon, input);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(daemon);
        return 0;
}
