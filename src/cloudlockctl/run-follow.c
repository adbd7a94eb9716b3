/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-follow.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "answer.h"
#include "ask.h"
#include "change.h"
#include "client.h"
#include "clock.h"
#include "follower.h"
#include "instances.h"
#include "run-end.h"
#include "run-relay.h"
#include "show.h"

#define QUESTION_US_MAX (25 * USEC_PER_SEC)

/* PID 1 tells of each change, but for one that comes while it executes itself anew; then a question fails, too. */
#define LOOK_REPEAT_US (10 * USEC_PER_SEC)
#define LOOK_AGAIN_US USEC_PER_SEC

static const int caught[] = { SIGINT, SIGTERM, SIGHUP };

typedef struct Run {
        const RunSubject *subject;
        const char *instance, *target;
        sd_bus *bus;
        sd_event *event;
        sd_event_source *look;
        json_object *last; /* that was shown */
        usec_t began_us;   /* CLOCK_MONOTONIC: what PID 1 remembers of before is not ours */
        int signal;        /* that had us stop; 0: none */
        bool started, stopping, down, lost, disconnected;
} Run;

static void run_done(Run *run) {
        sd_event_source_disable_unref(run->look);
        json_object_put(run->last);
        if (run->bus)
                sd_bus_detach_event(run->bus);
        sd_event_unref(run->event);
}

static void say(const Run *run, const char *text) {
        fprintf(stderr, "%s: ", run->instance);
        show_safely(stderr, text);
        fputc('\n', stderr);
}

static int fail(const Run *run, const char *what, int error, const sd_bus_error *bus_error) {
        fprintf(stderr, "%s: %s: %s\n", run->instance, what,
                bus_error && bus_error->message ? bus_error->message : strerror(-error));
        return error;
}

static int call_unit(Run *run, const char *method, const char *unit, const char *mode) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(run->bus, SYSTEMD_BUS_NAME, SYSTEMD_MANAGER_PATH, SYSTEMD_MANAGER_INTERFACE, method,
                                   &error, NULL, mode ? "ss" : "s", unit, mode);

        return r < 0 ? fail(run, method, r, &error) : 0;
}

static int look_in(Run *run, usec_t delay_us) {
        int r = sd_event_source_set_time_relative(run->look, delay_us);

        return r < 0 ? r : sd_event_source_set_enabled(run->look, SD_EVENT_ONESHOT);
}

/* Whether the table says that the lock is another's: whoever loses it that way is killed without a stop. */
static bool is_lost(const Run *run) {
        _cleanup_json_ json_object *status = NULL;
        char path[INSTANCE_PATH_MAX];
        const char *holder, *mine;

        if (varlink_call(instance_socket_path(path, run->instance), LOCK_INTERFACE ".Status", &status) < 0)
                return false;
        holder = answer_text(status, "holder");
        mine = answer_text(status, "holderId");
        return !answer_flag(status, "held") && (!holder || !mine || strcmp(holder, mine) != 0);
}

static int ask_end(const Run *run, RunEnd *ret) {
        RunEnd end;
        int r = run_end_ask(run->bus, run->target, QUESTION_US_MAX, &end);

        if (r >= 0)
                *ret = end;
        return r < 0 ? r : end.started_us >= run->began_us && end.ended_us >= end.started_us;
}

/* Between the answer to StartUnit and the start there is a job. */
static bool is_at_work(const UnitFacts *facts) {
        return unit_is_alive(facts) || facts->job_id != 0;
}

static int look_for_end(Run *run) {
        RunEnd end = {};
        int r;

        if (is_at_work(&run->subject->setup->targets[0]))
                return 0;
        r = ask_end(run, &end);
        if (r <= 0)
                return r;
        run->lost = end.code == CLD_KILLED && end.status == SIGKILL && is_lost(run);
        run->stopping = true;
        return 0;
}

/* The daemon's own stop is what stops the command, proves that it is gone, and releases the lock. */
static int stop_service(Run *run, const UnitFacts *service) {
        if (!run->stopping || !is_at_work(service) || strcmp(service->active_state, "deactivating") == 0)
                return 0;
        return call_unit(run, "StopUnit", run->subject->service, "replace");
}

static int look(Run *run) {
        _cleanup_facts_ UnitFacts service = {};
        Setup *setup = run->subject->setup;
        int r = setup_look(setup);

        if (r >= 0)
                r = unit_facts_ask(run->bus, run->subject->service, QUESTION_US_MAX, &service);
        if (r >= 0 && !run->stopping)
                r = look_for_end(run);
        if (r < 0)
                return r;
        if (!run->stopping && !is_at_work(&service)) {
                say(run, "cloudlockd has ended; 'journalctl -u cloudlock@INSTANCE.service' says why.");
                run->stopping = true;
        }
        if (run->stopping && !is_at_work(&service) && !is_at_work(&setup->guard) && !is_at_work(&setup->targets[0])) {
                run->down = true;
                return 0;
        }
        return stop_service(run, &service);
}

static int on_look(sd_event_source *source _unused_, uint64_t now_us _unused_, void *userdata) {
        Run *run = userdata;
        int r = look(run);

        return look_in(run, r < 0 ? LOOK_AGAIN_US : LOOK_REPEAT_US);
}

/* Several changes at a time are one reason to look. */
static int on_changed(sd_bus_message *message _unused_, void *userdata, sd_bus_error *error _unused_) {
        Run *run = userdata;

        return look_in(run, 0);
}

static int on_disconnected(sd_bus_message *message _unused_, void *userdata, sd_bus_error *error _unused_) {
        Run *run = userdata;

        run->disconnected = true;
        return 0;
}

static int on_signal(sd_event_source *source _unused_, const struct signalfd_siginfo *info, void *userdata) {
        Run *run = userdata;

        if (run->stopping) {
                say(run, "Already on the way to an end. Another signal does not help: the lock is not released before the "
                    "command is gone.");
                return 0;
        }
        run->signal = (int) info->ssi_signo;
        say(run, "Stopping the command, then releasing the lock.");
        run->stopping = true;
        return look_in(run, 0);
}

static void on_news(FollowNews news, json_object *status, int error _unused_, void *userdata) {
        Run *run = userdata;

        /* Away is what the daemon is at first and in the end. */
        if (news != FOLLOW_STATUS || !change_is_news(run->last, status))
                return;
        say(run, change_sentence(status));
        json_object_put(run->last);
        run->last = json_object_get(status);
}

int run_block_signals(void) {
        sigset_t mask;

        sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(caught); i++)
                sigaddset(&mask, caught[i]);
        return sigprocmask(SIG_BLOCK, &mask, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0;
}

static int catch_signals(Run *run) {
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(caught) && r >= 0; i++)
                r = sd_event_add_signal(run->event, NULL, caught[i], on_signal, run);
        return r;
}

static int watch_unit(Run *run, const char *unit) {
        _cleanup_free_ char *path = NULL;
        int r = unit_object_path(unit, &path);

        return r < 0 ? r : sd_bus_match_signal(run->bus, NULL, SYSTEMD_BUS_NAME, path, "org.freedesktop.DBus.Properties",
                                               "PropertiesChanged", on_changed, run);
}

/* A reference, so that PID 1 does not forget how the command ended before we have asked. */
static int watch_units(Run *run) {
        const char *const units[] = { run->target, run->subject->setup->guard_name, run->subject->service };
        int r = sd_bus_call_method(run->bus, SYSTEMD_BUS_NAME, SYSTEMD_MANAGER_PATH, SYSTEMD_MANAGER_INTERFACE,
                                   "Subscribe", NULL, NULL, NULL);

        for (size_t i = 0; i < ELEMENTSOF(units) && r >= 0; i++)
                r = watch_unit(run, units[i]);
        if (r >= 0)
                r = sd_bus_match_signal(run->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                        "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, run);
        return r < 0 ? r : call_unit(run, "RefUnit", run->target, NULL);
}

static int set_up(Run *run) {
        int r = sd_event_new(&run->event);

        if (r >= 0)
                r = catch_signals(run);
        if (r >= 0)
                r = sd_bus_attach_event(run->bus, run->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_event_add_time_relative(run->event, &run->look, CLOCK_MONOTONIC, LOOK_REPEAT_US, 0, on_look, run);
        if (r >= 0)
                r = watch_units(run);
        return r;
}

static int start(Run *run) {
        int r = call_unit(run, "StartUnit", run->subject->service, "replace");

        run->started = r >= 0;
        return r;
}

static int end_status(const Run *run) {
        RunEnd end = {};
        int r = ask_end(run, &end), status;

        if (r < 0)
                return fail(run, "Cannot ask how the command ended", r, NULL), EXIT_RUN_FAILED;
        if (r == 0) {
                say(run, "The command was not run.");
                return run->signal ? 128 + run->signal : EXIT_RUN_FAILED;
        }
        status = run_exit_status(&end, run->signal != 0, run->lost);
        if (status == EXIT_LOCK_GONE)
                say(run, "The command was stopped, for this host does not hold the lock any more.");
        return status;
}

/* Not sd_event_loop(), whose end would close the bus that is needed for the rest. */
static int loop(Run *run) {
        int r = 0;

        while (r >= 0 && !run->down && !run->disconnected)
                r = sd_event_run(run->event, UINT64_MAX);
        return r >= 0 && run->disconnected ? -ECONNRESET : r;
}

int run_follow(const RunSubject *subject, bool *ret_down) {
        _cleanup_(run_done) Run run = {
                .subject = subject,
                .instance = subject->setup->instance,
                .target = subject->setup->target_names[0],
                .bus = subject->setup->bus,
                .began_us = clocks_now().mono_us,
        };
        _cleanup_(relay_freep) Relay *out = NULL, *err = NULL;
        _cleanup_(follower_freep) Follower *follower = NULL;
        char path[INSTANCE_PATH_MAX];
        int r = set_up(&run);

        if (r >= 0)
                r = relay_new(run.event, &subject->files->out_fd, STDOUT_FILENO, &out);
        if (r >= 0)
                r = relay_new(run.event, &subject->files->err_fd, STDERR_FILENO, &err);
        if (r >= 0)
                r = follower_new(run.event, instance_socket_path(path, run.instance), on_news, &run, &follower);
        if (r >= 0)
                r = start(&run);
        if (r >= 0)
                r = loop(&run);
        *ret_down = run.down || !run.started;
        if (r < 0)
                return fail(&run, "Cannot follow the command", r, NULL), EXIT_RUN_FAILED;
        relay_drain(out);
        relay_drain(err);
        return end_status(&run);
}
