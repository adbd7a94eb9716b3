/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Everything that is said: each change once, from one place. */

#include <inttypes.h>
#include <string.h>

#include "daemon.h"
#include "log.h"
#include "notify.h"
#include "status-text.h"

/* What a state means to who reads the journal; LOG_INFO: nothing to be done. */
static int state_priority(LockState state, const char **ret_message_id) {
        switch (state) {
        case LOCK_LOST: return *ret_message_id = MESSAGE_LOST, LOG_ERR;
        case LOCK_FAULT: return *ret_message_id = MESSAGE_FAULT, LOG_ERR;
        case LOCK_LAPSED: return *ret_message_id = MESSAGE_LAPSED, LOG_WARNING;
        case LOCK_REFUSING: return *ret_message_id = MESSAGE_REFUSING, LOG_WARNING;
        case LOCK_STANDING_DOWN: return *ret_message_id = MESSAGE_STANDING_DOWN, LOG_WARNING;
        case LOCK_RUNNING: return *ret_message_id = MESSAGE_RUNNING, LOG_INFO;
        case LOCK_STARTING_UP:
        case LOCK_STANDBY:
        case LOCK_ACQUIRING:
        case LOCK_WAITING:
        case LOCK_STARTING:
        case LOCK_STOPPING:
        case LOCK_RELEASING:
        case LOCK_STOPPED:
        case _LOCK_STATE_MAX:
                break;
        }
        return *ret_message_id = MESSAGE_STATE, LOG_INFO;
}

/* What a standby of a dry run would do next. */
static const char *would_wait(const Daemon *daemon) {
        const LockView *view = &daemon->picture.view;

        if (!daemon->rehearsal || view->state != LOCK_STANDBY || view->expires_boot_us <= view->record_seen_boot_us)
                return "";
        return rehearsal_is_own(daemon) ? "; that is this host's own cloudlockd, or what it left for the next one to take over" :
                                          "; would wait for the end of that lease, or for its release";
}

static void tell_state(Daemon *daemon) {
        const LockView *view = &daemon->picture.view;
        bool reason_matters = view->state == LOCK_REFUSING || view->state == LOCK_STANDING_DOWN;
        bool new_reason = reason_matters && strcmp(view->reason, daemon->said_reason) != 0;
        bool new_holder = view->state == LOCK_STANDBY && strcmp(view->record.holder, daemon->said_holder) != 0;
        const char *message_id;
        int priority = state_priority(view->state, &message_id);

        if (view->state == daemon->said_state && !new_reason && !new_holder)
                return;
        /* In a dry run there is one at each look, and the way back. */
        if (daemon->rehearsal && view->state == LOCK_ACQUIRING)
                return;
        /* An acquisition of milliseconds, there or back, is not worth a line. */
        if (view->state != LOCK_ACQUIRING)
                log_entry(priority, message_id, "%s%s", daemon->picture.status, would_wait(daemon));
        daemon->said_state = view->state;
        strcpy(daemon->said_holder, view->record.holder);
        snprintf(daemon->said_reason, sizeof(daemon->said_reason), "%s", view->reason);
}

/* How long the target may run on without the store is the first question of who reads that it fails. */
static void tell_store_fails(const Daemon *daemon, usec_t now_boot_us) {
        const LockView *view = &daemon->picture.view;
        char span[SPAN_TEXT_MAX];
        usec_t good_us = usec_sub(view->stop_boot_us, now_boot_us);

        if (view->held && good_us >= USEC_PER_SEC)
                log_entry(LOG_WARNING, MESSAGE_STORE_FAILING, "The store fails, lease good for %s: %s",
                          format_span(span, sizeof(span), good_us - good_us % USEC_PER_SEC),
                          daemon->picture.store_error);
        else
                log_entry(LOG_WARNING, MESSAGE_STORE_FAILING, "The store fails: %s", daemon->picture.store_error);
}

static void tell_store(Daemon *daemon, usec_t now_boot_us) {
        const LockView *view = &daemon->picture.view;
        char span[SPAN_TEXT_MAX];

        if (view->store_failing == daemon->said_failing)
                return;
        daemon->said_failing = view->store_failing;
        if (view->store_failing) {
                daemon->failing_since_boot_us = view->store_failing_since_boot_us;
                tell_store_fails(daemon, now_boot_us);
        } else
                log_entry(LOG_NOTICE, MESSAGE_STORE_ANSWERS, "The store answers again after %s",
                          format_span(span, sizeof(span), usec_sub(now_boot_us, daemon->failing_since_boot_us)));
}

static void tell_clock(Daemon *daemon) {
        const LockView *view = &daemon->picture.view;
        int64_t limit_us = (int64_t) CLOCK_SKEW_WARN_US;
        bool off = view->skew_known && (view->skew_us >= limit_us || view->skew_us <= -limit_us);

        if (off == daemon->said_skew)
                return;
        daemon->said_skew = off;
        log_entry(off ? LOG_WARNING : LOG_NOTICE, MESSAGE_CLOCK, "The clock is %+" PRId64 " s off the store's%s",
                  view->skew_us / (int64_t) USEC_PER_SEC, off ? "; at the limit the target is stopped: set the clock" : " now");
}

static void tell_duplicate(Daemon *daemon) {
        const LockView *view = &daemon->picture.view;

        if (view->duplicate_id == daemon->said_duplicate)
                return;
        daemon->said_duplicate = view->duplicate_id;
        if (!view->duplicate_id)
                return;
        if (view->record.is_ours_by_shape)
                log_entry(LOG_ERR, MESSAGE_DUPLICATE_ID,
                          "Duplicate my_id: another machine holds the lock as %s; give each host its own cloudlock_my_id",
                          view->record.holder);
        else /* a machine can't be told by it */
                log_entry(LOG_WARNING, MESSAGE_DUPLICATE_ID,
                          "Duplicate my_id: a record of the original program is named %s, too. It is this host's from before "
                          "it moved over, or another host runs under this name: give that one another my_id",
                          view->record.holder);
}

/* After moving over its last record is normal, and taken in order. While a host still runs it, its gap and its my_id
 * count as well, and nobody here can see them. */
static void tell_original(Daemon *daemon) {
        const LockView *view = &daemon->picture.view;
        bool original = view->has_record && !view->record.is_ours_by_shape && !daemon->config->mixed_fleet;

        if (original == daemon->said_original)
                return;
        daemon->said_original = original;
        if (original)
                log_entry(LOG_WARNING, MESSAGE_ORIGINAL,
                          "The record of %s is the original program's: as long as a host runs that, set "
                          "cloudlock_mixed_fleet=yes here, a gap of 2min or more on every host, and give each its own "
                          "my_id",
                          view->record.holder);
}

/* A pause is a state, and told of as one. Also what an earlier run was told to keep, and the end of it, which comes with
 * the tenure's. */
static void tell_kept(Daemon *daemon) {
        const LockView *view = &daemon->picture.view;

        if (view->kept != daemon->said_kept)
                log_entry(LOG_NOTICE, MESSAGE_OPERATOR, "%s",
                          view->kept ? "Kept: the target's end is no failure for the rest of this tenure"
                                     : "Not kept any more: the target's end counts again");
        daemon->said_kept = view->kept;
}

static void tell_bus(Daemon *daemon) {
        int error = control_bus_error(daemon->control);

        if (error < 0 && !daemon->said_bus_error)
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "D-Bus refuses the name org.cloudlock1.%s: %s; is the policy file "
                          "org.cloudlock1.conf installed?", daemon->config->instance, strerror(-error));
        daemon->said_bus_error = error < 0;
}

static void tell_manager(Daemon *daemon) {
        if (daemon->ready && !daemon->said_ready)
                daemon->said_ready = notify_send("READY=1") >= 0;
        if (strcmp(daemon->picture.status, daemon->said_status) == 0)
                return;
        snprintf(daemon->said_status, sizeof(daemon->said_status), "%s", daemon->picture.status);
        notify_send("STATUS=%s", daemon->picture.status);
}

void tell(Daemon *daemon, const LockNow *now) {
        lock_view(daemon->lock, &daemon->picture.view);
        daemon->picture.wall_minus_boot_us = usec_sub(now->wall_us, now->boot_us);
        status_text(&daemon->picture, now->boot_us, daemon->picture.status, sizeof(daemon->picture.status));
        log_lock(&(LogLock) {
                .state = lock_state_name(daemon->picture.view.state), .reason = daemon->picture.view.reason,
                .holder = daemon->picture.view.record.holder, .fence = daemon->picture.view.fence,
        });
        tell_state(daemon);
        tell_kept(daemon);
        tell_store(daemon, now->boot_us);
        tell_clock(daemon);
        tell_duplicate(daemon);
        tell_original(daemon);
        tell_bus(daemon);
        tell_manager(daemon);
        control_changed(daemon->control);
}
