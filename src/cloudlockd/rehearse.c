/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A dry run: the core is told what a daemon is told, and what it decides is said in place of being done. Nothing here
 * changes anything outside of this process, and in a dry run perform.c leaves all to it that is not a look.
 *
 * The core never hears of a write that succeeded. What it decides on the strength of what this host holds is what a
 * daemon would decide that started at this moment and took over what lies in /run. */

#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "log.h"

#define TIMER_ACCURACY_US (100 * USEC_PER_MSEC)

/* What a core that begins anew has to be told again. */
typedef enum Told { TOLD_TABLE, TOLD_UNITS, TOLD_RECORD, _TOLD_MAX } Told;

struct Rehearsal {
        LockNow began;
        struct {
                LockEvent event;
                LockNow now;
                bool known;
        } told[_TOLD_MAX];
        sd_event_source *write_timer;
        bool looked;             /* the record is of this very step */
        bool doubted, confirmed; /* see is_doubtful() */

        /* What was said since the lock changed hands, if it holds yet: a bit for each type of action. */
        unsigned said;
        char said_holder[RECORD_HOLDER_MAX + 1];
        bool said_held, said_released;
};

static Told told_by(LockEventType type) {
        if (type == LOCK_EVENT_TABLE)
                return TOLD_TABLE;
        if (type == LOCK_EVENT_UNITS)
                return TOLD_UNITS;
        return type == LOCK_EVENT_READ || type == LOCK_EVENT_READ_UNCLEAR ? TOLD_RECORD : _TOLD_MAX;
}

static bool is_journaled(const LockParameters *parameters, const Record *record) {
        for (size_t i = 0; i < parameters->n_journal; i++)
                if (strcmp(parameters->journal[i].text, record->version) == 0)
                        return true;
        return false;
}

/* The daemon that runs beside us goes on sending versions and writing leases: a core that began before does not know
 * them. All that it decides on the way was decided before. */
static void begin_again(Daemon *daemon, const LockParameters *parameters, Told latest) {
        const Rehearsal *rehearsal = daemon->rehearsal;
        LockActions known;

        lock_init(daemon->lock, parameters, &rehearsal->began);
        for (Told told = 0; told < _TOLD_MAX; told++)
                if (told != latest && rehearsal->told[told].known)
                        lock_step(daemon->lock, &rehearsal->told[told].now, &rehearsal->told[told].event, &known);
}

/* What was not decided again since the look before is over, and news when it comes back. */
static void settle_doubt(Rehearsal *rehearsal) {
        if (!rehearsal->doubted)
                rehearsal->said &= 1u << LOCK_ACTION_WRITE;
        rehearsal->confirmed = rehearsal->doubted;
        rehearsal->doubted = false;
}

void rehearsal_take(Daemon *daemon, const LockEvent *event) {
        Rehearsal *rehearsal = daemon->rehearsal;
        const LockEvent *record = &rehearsal->told[TOLD_RECORD].event;
        Told told = told_by(event->type);
        LockParameters parameters;
        LockView view;

        rehearsal->looked = told == TOLD_RECORD;
        if (rehearsal->looked)
                settle_doubt(rehearsal);
        if (told == _TOLD_MAX)
                return;
        rehearsal->told[told].event = *event;
        rehearsal->told[told].known = true;
        read_clocks(&rehearsal->told[told].now);
        lock_view(daemon->lock, &view);
        /* That the store fails is known to the core alone. */
        if (told != TOLD_RECORD && view.store_failing)
                return;
        if (record->has_record && leader_parameters(daemon, &parameters) >= 0 &&
            is_journaled(&parameters, &record->record))
                begin_again(daemon, &parameters, told);
}

/* Record, lease and units are looked at one after the other, and the daemon beside us may be at work in between: what
 * runs without the lock or a lease may have got it since. After the next look at the record the core decides the same
 * again, if it is true. */
static bool is_doubtful(Rehearsal *rehearsal, LockActionType type, const LockView *view) {
        if (type == LOCK_ACTION_WRITE || view->store_failing)
                return false;
        if (rehearsal->looked)
                return view->held; /* the units were looked at before the lease; another's record leaves no doubt */
        rehearsal->doubted = true;
        return !rehearsal->confirmed;
}

/* Each once, until it is over or the lock is in other hands: the core decides it anew at every look. */
static bool is_news(Rehearsal *rehearsal, LockActionType type, const LockView *view) {
        bool released = view->record.expire_time_ms == 0;

        if (view->held != rehearsal->said_held || released != rehearsal->said_released ||
            strcmp(view->record.holder, rehearsal->said_holder) != 0)
                rehearsal->said = 0;
        rehearsal->said_held = view->held;
        rehearsal->said_released = released;
        strcpy(rehearsal->said_holder, view->record.holder);
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

static void say_write(const Daemon *daemon, const LockWrite *write, const LockView *view) {
        const char *label = daemon->identity.label;

        if (!view->held)
                say_acquisition(daemon, write, view);
        else if (write->record.expire_time_ms == 0)
                log_entry(LOG_INFO, MESSAGE_STATE, "would release %s%s%s", label, *view->reason ? ": " : "", view->reason);
        else
                log_entry(LOG_INFO, MESSAGE_STATE,
                          "would renew %s: this host's own cloudlockd holds it already, or left it behind when it ended",
                          label);
}

static const char *why_stop(const LockView *view) {
        if (*view->reason)
                return view->reason;
        return view->held ? "the lease is over" : "this host does not hold the lock";
}

static void say(const Daemon *daemon, const LockAction *action, const LockView *view) {
        switch (action->type) {
        case LOCK_ACTION_WRITE:
                say_write(daemon, action->write, view);
                return;
        case LOCK_ACTION_DELETE:
                log_entry(LOG_INFO, MESSAGE_STATE, "would delete the record of %s", daemon->identity.label);
                return;
        case LOCK_ACTION_LEASE:
                log_entry(LOG_INFO, MESSAGE_STATE, "would write the lease file");
                return;
        case LOCK_ACTION_REVOKE:
                log_entry(LOG_INFO, MESSAGE_STATE, "would remove the lease file");
                return;
        case LOCK_ACTION_START_GUARD:
                log_entry(LOG_INFO, MESSAGE_STATE, "would start the guard, and with it %s", targets(daemon));
                return;
        case LOCK_ACTION_STOP_UNITS:
                log_entry(LOG_INFO, MESSAGE_STATE, "would stop the guard and %s: %s", targets(daemon), why_stop(view));
                return;
        case LOCK_ACTION_READ:
        case LOCK_ACTION_LOOK:
        case LOCK_ACTION_EXIT:
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

void rehearse(Daemon *daemon, const LockAction *action) {
        LockView view;

        lock_view(daemon->lock, &view);
        if (!is_doubtful(daemon->rehearsal, action->type, &view) && is_news(daemon->rehearsal, action->type, &view))
                say(daemon, action, &view);
        if (action->type == LOCK_ACTION_WRITE || action->type == LOCK_ACTION_DELETE)
                look_later(daemon);
}

int rehearsal_new(Daemon *daemon) {
        Rehearsal *rehearsal = calloc(1, sizeof(Rehearsal));
        int r;

        if (!rehearsal)
                return -ENOMEM;
        daemon->rehearsal = rehearsal;
        read_clocks(&rehearsal->began);
        r = sd_event_add_time(daemon->event, &rehearsal->write_timer, CLOCK_MONOTONIC, UINT64_MAX, TIMER_ACCURACY_US,
                              on_write_timer, daemon);
        if (r < 0)
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
        free(rehearsal);
        return NULL;
}
