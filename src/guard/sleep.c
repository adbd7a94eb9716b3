/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sleep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "bus.h"
#include "cleanup.h"
#include "clock.h"
#include "text.h"

/* Not $DBUS_SYSTEM_BUS_ADDRESS: the guard's unit has no environment of its own. */
#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"
#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define LOGIND_NAME "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_INTERFACE "org.freedesktop.login1.Manager"

/* A bus that was restarted, a logind that refused because the machine is about to sleep: soon enough for a sleep that comes
 * later, and no load. */
#define RETRY_US (10 * USEC_PER_SEC)

#define ANSWER_US_MAX (30 * USEC_PER_SEC)

struct Sleep {
        sd_event *event;
        sd_event_source *retry;
        int priority;
        SleepHandler handler;
        void *userdata;
        sd_bus *bus;
        sd_bus_slot *question;
        char *logind; /* the unique name that our question was answered from last; NULL: none */
        int inhibitor; /* the descriptor that is it; -1: none */
        bool wanted, lost; /* lost: the bus, to be dropped outside its own callback */
};

static void end_inhibitor(Sleep *sleep) {
        closep(&sleep->inhibitor);
        sleep->inhibitor = -1;
}

static void forget_logind(Sleep *sleep) {
        sleep->logind = (free(sleep->logind), NULL);
}

static void drop(Sleep *sleep) {
        sleep->question = sd_bus_slot_unref(sleep->question);
        forget_logind(sleep);
        sleep->bus = sd_bus_close_unref(sleep->bus);
        sleep->lost = false;
        end_inhibitor(sleep); /* no signal would come before that sleep */
}

Sleep *sleep_free(Sleep *sleep) {
        if (!sleep)
                return NULL;
        drop(sleep);
        sd_event_source_unref(sleep->retry);
        sd_event_unref(sleep->event);
        free(sleep);
        return NULL;
}

/* The bus hands a signal that is addressed to us to us, whoever sends it and whatever we asked for. */
static bool is_from(sd_bus_message *m, const char *name) {
        return name && text_is(sd_bus_message_get_sender(m), name);
}

static int on_prepare(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        Sleep *sleep = userdata;
        int sleeps;

        if (is_from(m, sleep->logind) && sd_bus_message_read(m, "b", &sleeps) >= 0)
                sleep->handler(sleeps, sleep->userdata);
        return 0;
}

/* The inhibitor goes with the logind that gave it. */
static int on_owner_changed(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const char *new_owner;
        Sleep *sleep = userdata;

        if (!is_from(m, BUS_NAME) || sd_bus_message_read(m, "sss", NULL, NULL, &new_owner) < 0)
                return 0;
        sleep->question = sd_bus_slot_unref(sleep->question);
        forget_logind(sleep);
        end_inhibitor(sleep);
        if (sleep->wanted && *new_owner)
                sleep_inhibit(sleep);
        return 0;
}

/* Nobody but who was asked can answer, be it that it refuses; or the bus, whose name is no unique one, that there is nobody.
 * Without its name no signal of its would be believed: then there is nothing to wait for. */
static int on_answer(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const char *sender = sd_bus_message_get_sender(m);
        Sleep *sleep = userdata;
        int fd;

        sleep->question = sd_bus_slot_unref(sleep->question);
        forget_logind(sleep);
        if (sender && *sender == ':')
                sleep->logind = strdup(sender);
        if (!sleep->logind || sd_bus_message_get_error(m) || sd_bus_message_read(m, "h", &fd) < 0)
                return 0;
        sleep->inhibitor = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        return 0;
}

static int ask(Sleep *sleep) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(sleep->bus, &m, LOGIND_NAME, LOGIND_PATH, LOGIND_INTERFACE, "Inhibit");

        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(m, false);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ssss", "sleep", "cloudlock-guard", "Targets are frozen before a sleep", "delay");
        if (r < 0)
                return r;
        return sd_bus_call_async(sleep->bus, &sleep->question, m, on_answer, sleep, ANSWER_US_MAX);
}

static int watch(Sleep *sleep, sd_bus *bus) {
        int r = sd_bus_match_signal_async(bus, NULL, LOGIND_NAME, LOGIND_PATH, LOGIND_INTERFACE, "PrepareForSleep", on_prepare,
                                          NULL, sleep);

        if (r < 0)
                return r;
        return sd_bus_add_match_async(bus, NULL, "type='signal',sender='" BUS_NAME "',path='" BUS_PATH "',interface='" BUS_NAME
                                      "',member='NameOwnerChanged',arg0='" LOGIND_NAME "'", on_owner_changed, NULL, sleep);
}

static int connect_bus(Sleep *sleep) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r = bus_open(SYSTEM_BUS_ADDRESS, true, sleep->event, sleep->priority, &sleep->lost, &bus);

        if (r < 0)
                return r;
        r = watch(sleep, bus);
        if (r < 0)
                return r;
        sleep->bus = TAKE_PTR(bus);
        return 0;
}

void sleep_allow(Sleep *sleep) {
        sleep->wanted = false;
        sleep->question = sd_bus_slot_unref(sleep->question); /* its answer would hold up the sleep */
        end_inhibitor(sleep);
}

void sleep_inhibit(Sleep *sleep) {
        sleep->wanted = true;
        if (sleep->inhibitor >= 0 || sleep->question)
                return;
        if (sleep->bus || connect_bus(sleep) >= 0)
                ask(sleep); /* if not now, then at the next try */
}

static int on_retry(sd_event_source *s, _unused_ uint64_t us, void *userdata) {
        Sleep *sleep = userdata;

        if (sleep->lost)
                drop(sleep);
        if (sleep->wanted)
                sleep_inhibit(sleep);
        sd_event_source_set_time(s, clocks_now().mono_us + RETRY_US);
        sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
        return 0;
}

int sleep_new(sd_event *event, int priority, SleepHandler handler, void *userdata, Sleep **ret) {
        Sleep *sleep = calloc(1, sizeof(Sleep));
        int r;

        if (!sleep)
                return -ENOMEM;
        *sleep = (Sleep){ .event = sd_event_ref(event), .priority = priority, .handler = handler, .userdata = userdata,
                          .inhibitor = -1, .wanted = true };
        r = sd_event_add_time(event, &sleep->retry, CLOCK_MONOTONIC, 0, 0, on_retry, sleep);
        if (r >= 0)
                r = sd_event_source_set_priority(sleep->retry, priority);
        if (r < 0)
                return sleep_free(sleep), r;
        *ret = sleep;
        return 0;
}
