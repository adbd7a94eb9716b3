/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A dry run: the core is told what a daemon is told, and what it decides is said in place of being done. Nothing here
 * changes anything outside of this process, and in a dry run perform.c leaves all to it that is not a look.
 *
 * The core never hears of a write that succeeded, nor of what a daemon left in /run: it holds nothing, and what it
 * decides is what the record tells. What runs here is the business of this host's own daemon, where there is one. */

#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "log.h"

#define TIMER_ACCURACY_US (100 * USEC_PER_MSEC)

struct Rehearsal {
        sd_event_source *write_timer, *unread;
        bool beside; /* this host's own daemon runs */

        /* What was said since the lock changed hands: a bit for each type of action. */
        unsigned said;
        char said_holder[RECORD_HOLDER_MAX + 1];
        bool said_released;
};

void rehearsal_look(Daemon *daemon) {
        const char *instance = daemon->config->instance;
        bool beside = has_control_socket(instance);

        if (beside == daemon->rehearsal->beside)
                return;
        daemon->rehearsal->beside = beside;
        if (beside)
                log_entry(LOG_INFO, MESSAGE_PROGRAM, "This host's cloudlockd runs: 'cloudlockctl status %s' shows what it does; "
                          "this dry run goes by the record alone", instance);
        else
                log_entry(LOG_INFO, MESSAGE_PROGRAM, "This host's cloudlockd does not run any more");
}

bool rehearsal_is_own(const Daemon *daemon) {
        const Record *record = &daemon->picture.view.record;

        return record->is_ours_by_shape && strcmp(record->host, daemon->host) == 0 && strcmp(record->boot, daemon->boot) == 0;
}

/* Each once, until the lock is in other hands: the core decides it anew at every look. */
static bool is_news(Rehearsal *rehearsal, LockActionType type, const Record *record) {
        bool released = record->expire_time_ms == 0;

        if (released != rehearsal->said_released || strcmp(record->holder, rehearsal->said_holder) != 0)
                rehearsal->said = 0;
        rehearsal->said_released = released;
        strcpy(rehearsal->said_holder, record->holder);
        if (rehearsal->said & 1u << type)
                return false;
        rehearsal->said |= 1u << type;
        return true;
}

static const char *targets(const Daemon *daemon) {
        return daemon->picture.n_targets == 1 ? daemon->picture.targets[0].unit : "the targets";
}

/* What is left of the gap, which counts from the record's start_time, by the store's clock. */
static usec_t gap_left_us(const Daemon *daemon, const Record *record, const LockView *view) {
        LockNow now;
        int64_t left_us;

        read_clocks(&now);
        left_us = record->start_time_ms * (int64_t) USEC_PER_MSEC + (int64_t) daemon->config->gap_us -
                  ((int64_t) now.wall_us - view->skew_us);
        return left_us > 0 ? (usec_t) left_us - (usec_t) left_us % USEC_PER_SEC : 0;
}

static void say_acquisition(const Daemon *daemon, const LockWrite *write, const LockView *view) {
        const Record *old = &view->record;
        char when[SPAN_TEXT_MAX] = "", why[RECORD_HOLDER_MAX + RECORD_VERSION_MAX + 64] = "there is no record of it";
        usec_t left_us = gap_left_us(daemon, &write->record, view);

        if (view->has_record)
                snprintf(why, sizeof(why), "it is free, %s %s, version %s",
                         old->expire_time_ms == 0 ? "released by" : "run out under", old->holder, old->version);
        if (left_us > 0)
                format_span(when, sizeof(when), left_us);
        log_entry(LOG_INFO, MESSAGE_STATE, "would take %s: %s; would start %s %s%s", daemon->identity.label, why,
                  targets(daemon), left_us > 0 ? "after the gap, in " : "at once", when);
}

static void say(const Daemon *daemon, const LockAction *action, const LockView *view) {
        switch (action->type) {
        case LOCK_ACTION_WRITE:
                say_acquisition(daemon, action->write, view);
                return;
        case LOCK_ACTION_STOP_UNITS:
                log_entry(LOG_INFO, MESSAGE_STATE, "would stop the guard and %s: this host does not hold the lock",
                          targets(daemon));
                return;
        case LOCK_ACTION_READ:
        case LOCK_ACTION_LOOK:
        case LOCK_ACTION_EXIT:
        case LOCK_ACTION_DELETE: /* an operator's wish: there is no socket */
        case LOCK_ACTION_LEASE:  /* from here on a holder's */
        case LOCK_ACTION_REVOKE:
        case LOCK_ACTION_START_GUARD:
                return;
        }
}

/* In place of the write: what a look shows settles what became of it. */
static int on_write_timer(_unused_ sd_event_source *source, _unused_ uint64_t at_us, void *userdata) {
        perform(userdata, &(LockActions) { .list = { { .type = LOCK_ACTION_READ } }, .n = 1 });
        pump_simple(userdata, LOCK_EVENT_TICK);
        return 0;
}

static void look_later(const Daemon *daemon) {
        sd_event_source *timer = daemon->rehearsal->write_timer;
        LockNow now;

        if (sd_event_source_get_enabled(timer, NULL) > 0)
                return;
        read_clocks(&now);
        sd_event_source_set_time(timer, usec_add(now.mono_us, daemon->config->poll_us));
        sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

/* What runs here may do so by right: a daemon is at work, or left a lock behind that the next one takes over. */
static bool is_for_daemon(const Daemon *daemon, LockActionType type, const LockView *view) {
        return type == LOCK_ACTION_STOP_UNITS &&
               (daemon->rehearsal->beside || (rehearsal_is_own(daemon) && view->record.expire_time_ms != 0));
}

void rehearse(Daemon *daemon, const LockAction *action) {
        LockView *view = &daemon->picture.view;

        lock_view(daemon->lock, view);
        if (!is_for_daemon(daemon, action->type, view) && is_news(daemon->rehearsal, action->type, &view->record))
                say(daemon, action, view);
        if (action->type == LOCK_ACTION_WRITE)
                look_later(daemon);
}

/* "cloudlockd --dry-run validator | head": a pipe or a terminal without a reader. */
static int on_unread(sd_event_source *source, _unused_ int fd, _unused_ uint32_t revents, _unused_ void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

int rehearsal_new(Daemon *daemon) {
        Rehearsal *rehearsal = calloc(1, sizeof(Rehearsal));
        int r;

        if (!rehearsal)
                return -ENOMEM;
        daemon->rehearsal = rehearsal;
        r = sd_event_add_time(daemon->event, &rehearsal->write_timer, CLOCK_MONOTONIC, UINT64_MAX, TIMER_ACCURACY_US,
                              on_write_timer, daemon);
        if (r < 0)
                return r;
        r = sd_event_add_io(daemon->event, &rehearsal->unread, STDERR_FILENO, 0, on_unread, NULL);
        if (r < 0 && r != -EPERM) /* a file */
                return r;
        log_entry(LOG_NOTICE, MESSAGE_PROGRAM,
                  "Dry run of instance %s as %s: nothing is written, started or stopped; SIGINT or SIGTERM ends it",
                  daemon->config->instance, daemon->holder_id);
        return sd_event_source_set_enabled(rehearsal->write_timer, SD_EVENT_OFF);
}

Rehearsal *rehearsal_free(Rehearsal *rehearsal) {
        if (!rehearsal)
                return NULL;
        sd_event_source_unref(rehearsal->write_timer);
        sd_event_source_unref(rehearsal->unread);
        free(rehearsal);
        return NULL;
}
