/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What operators ask for: events of the core, once what has to outlive this run is written down; and afterwards, what
 * became of it. */

#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "log.h"
#include "state-files.h"

/* How long it stays away where nobody says: another host polls often enough to have the lock by then. */
#define RELEASE_US_DEFAULT (10 * USEC_PER_MINUTE)

static LockEvent event_of(const OperationCall *call) {
        static const LockEventType types[_OPERATION_ID_MAX] = {
                [OPERATION_RELEASE] = LOCK_EVENT_RELEASE, [OPERATION_HANDOVER] = LOCK_EVENT_RELEASE,
                [OPERATION_PAUSE] = LOCK_EVENT_PAUSE,     [OPERATION_RESUME] = LOCK_EVENT_RESUME,
                [OPERATION_KEEP] = LOCK_EVENT_KEEP,       [OPERATION_UNKEEP] = LOCK_EVENT_UNKEEP,
                [OPERATION_RENEW] = LOCK_EVENT_RENEW,     [OPERATION_FORCE_UNLOCK] = LOCK_EVENT_FORCE_UNLOCK,
        };
        LockEvent event = { .type = types[call->id] };

        if (call->id == OPERATION_RELEASE)
                event.wish.for_us = call->for_us == 0 ? RELEASE_US_DEFAULT : call->for_us;
        else if (call->id == OPERATION_HANDOVER)
                event.wish.for_us = HANDOVER_US; /* where nobody is named */
        strcpy(event.wish.successor, call->to);
        strcpy(event.wish.unlock.holder, call->holder);
        strcpy(event.wish.unlock.version, call->version);
        return event;
}

static const char *refusal_sentence(LockRefusal refusal) {
        switch (refusal) {
        case LOCK_REFUSED_NOT_HELD: return "This host does not hold the lock";
        case LOCK_REFUSED_HELD: return "This host holds the lock, or may do so: release it first";
        case LOCK_REFUSED_NOT_KEPT: return "Nothing keeps the lock: there is nothing to end";
        case LOCK_REFUSED_NOT_STANDING_DOWN: return "This host is neither paused nor standing down";
        case LOCK_REFUSED_SAME_HOST: return "This host holds the lock already: name another one";
        case LOCK_REFUSED_NO_RECORD: return "There is no record to delete";
        case LOCK_REFUSED_OTHER_RECORD: return "The record is another one by now: look again";
        case LOCK_ACCEPTED:
        case _LOCK_REFUSAL_MAX: break;
        }
        return "";
}

static int write_down(Daemon *daemon, LockEventType type) {
        int r = 0;

        if (type == LOCK_EVENT_PAUSE || type == LOCK_EVENT_RESUME)
                r = state_set_paused(type == LOCK_EVENT_PAUSE);
        else if (type == LOCK_EVENT_KEEP || type == LOCK_EVENT_UNKEEP)
                r = state_set_kept(daemon->config->instance, type == LOCK_EVENT_KEEP);
        if (r >= 0 && type == LOCK_EVENT_KEEP)
                daemon->kept_on_disk = true;
        return r;
}

static void say_asked(const OperationCall *call, uid_t uid) {
        char span[SPAN_TEXT_MAX];

        if (call->id == OPERATION_HANDOVER && *call->to)
                log_entry(LOG_NOTICE, MESSAGE_OPERATION, "User %u asked for: handover to %s", uid, call->to);
        else if (call->id == OPERATION_FORCE_UNLOCK)
                log_entry(LOG_NOTICE, MESSAGE_OPERATION, "User %u asked for: force-unlock of the record of %s, version %s", uid,
                          call->holder, call->version);
        else if (call->id == OPERATION_RELEASE && call->for_us != 0)
                log_entry(LOG_NOTICE, MESSAGE_OPERATION, "User %u asked for: release for %s", uid,
                          call->for_us == USEC_INFINITY ? "good" : format_span(span, sizeof(span), call->for_us));
        else
                log_entry(LOG_NOTICE, MESSAGE_OPERATION, "User %u asked for: %s", uid, operations[call->id].verb);
}

static void refuse(Daemon *daemon, OperationAnswer *answer, const char *error, const char *sentence) {
        daemon->picture.counters.refused_operations++;
        answer->error = error;
        snprintf(answer->message, sizeof(answer->message), "%s", sentence);
}

void operate(const OperationCall *call, uid_t uid, OperationAnswer *answer, void *userdata) {
        Daemon *daemon = userdata;
        LockEvent event = event_of(call);
        LockRefusal refusal = lock_refuses(daemon->lock, &event);
        int r;

        if (refusal != LOCK_ACCEPTED) {
                refuse(daemon, answer, lock_refusal_name(refusal), refusal_sentence(refusal));
                return;
        }
        r = write_down(daemon, event.type);
        if (r < 0) {
                refuse(daemon, answer, OPERATION_FAILED, "");
                snprintf(answer->message, sizeof(answer->message), "That can't be written down, so nothing was changed: %s",
                         r == -ENOTDIR ? "cloudlockd was not started by its unit" : strerror(-r));
                return;
        }
        daemon->picture.counters.operations++;
        say_asked(call, uid);
        pump(daemon, &event);
}

void operations_begin(Daemon *daemon) {
        int r = state_read_history(&daemon->picture.history);

        daemon->kept_on_disk = state_is_kept(daemon->config->instance);
        if (state_is_paused())
                log_entry(LOG_NOTICE, MESSAGE_OPERATOR, "Paused: this host does not take the lock until it is resumed");
        if (r < 0 && r != -ENOENT && r != -ENOTDIR)
                log_entry(LOG_WARNING, MESSAGE_PROGRAM, "The history of the lock can't be read, it begins anew: %s",
                          strerror(-r));
}

static void count_renewal(Daemon *daemon) {
        usec_t renewed_us = daemon->picture.view.renewed_boot_us;

        if (renewed_us == daemon->counted_boot_us)
                return;
        /* The first write of a tenure is its beginning. */
        if (renewed_us != 0 && daemon->counted_boot_us != 0)
                daemon->picture.counters.renewals++;
        daemon->counted_boot_us = renewed_us;
}

static void write_history(Daemon *daemon) {
        int r = state_write_history(&daemon->picture.history);

        if (r < 0 && r != -ENOTDIR && !daemon->said_history_error)
                log_entry(LOG_WARNING, MESSAGE_PROGRAM, "The history of the lock can't be written: %s", strerror(-r));
        daemon->said_history_error = r < 0;
}

void operations_follow(Daemon *daemon, const LockNow *now) {
        const ControlPicture *picture = &daemon->picture;

        if (daemon->kept_on_disk && !picture->view.kept)
                daemon->kept_on_disk = state_set_kept(daemon->config->instance, false) < 0;
        count_renewal(daemon);
        if (history_note(&daemon->picture.history, &picture->view, picture->holder_id, now->boot_us,
                         picture->wall_minus_boot_us))
                write_history(daemon);
}
