/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <malloc.h>
#include <string.h>

#include "daemon.h"
#include "log.h"
#include "store-event.h"

static void queue(Daemon *daemon, LockEventType type) {
        if (daemon->n_queued < EVENTS_QUEUED_MAX)
                daemon->queued[daemon->n_queued++] = type;
}

static void count_answer(ControlCounters *counters, StoreOutcome outcome, bool write) {
        counters->writes += write;
        counters->reads += !write;
        switch (outcome) {
        case STORE_OK: return;
        case STORE_CONDITION_FAILED: counters->conditions++; return;
        case STORE_UNCLEAR: counters->unclear++; return;
        case STORE_RETRY: counters->retries++; return;
        case STORE_PERSON: counters->refusals++; return;
        }
}

static void take_answer(Daemon *daemon, const StoreAnswer *answer, bool write) {
        LockEvent event = store_event(answer, write, &daemon->sent);

        snprintf(daemon->picture.store_error, sizeof(daemon->picture.store_error), "%s",
                 answer->outcome == STORE_OK || answer->outcome == STORE_CONDITION_FAILED ? "" : answer->error);
        daemon->ready = true;
        count_answer(&daemon->picture.counters, answer->outcome, write);
        pump(daemon, &event);
        /* Handshakes and answers leave the heap in pieces, more so with each change of hands: given back, it stays what
         * it was in the first minute (tests/nodes/soak). */
        malloc_trim(0);
}

static void on_read(const StoreAnswer *answer, void *userdata) {
        take_answer(userdata, answer, false);
}

static void on_written(const StoreAnswer *answer, void *userdata) {
        take_answer(userdata, answer, true);
}

/* A guard started by hand would run the target as long as that lease is good, beside the next holder. */
static int leave_no_lease(const Daemon *daemon) {
        int r = lease_file_remove(daemon->config->instance);

        if (r < 0)
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "The lock is not released, because the lease file can't be removed: %s",
                          strerror(-r));
        return r;
}

static int send_write(Daemon *daemon, const LockWrite *write) {
        const char *expected[LOCK_EXPECTED_MAX];
        StoreWrite request = {
                .record = &write->record,
                .create = write->create,
                .expected = expected,
                .n_expected = write->n_expected,
        };
        int r;

        for (size_t i = 0; i < write->n_expected; i++)
                expected[i] = write->expected[i];
        r = write->record.expire_time_ms == 0 ? leave_no_lease(daemon) : 0;
        if (r < 0)
                return r;
        /* Before the version can be in the table it must be known to be ours, or a crash would lose the lock. */
        r = journal_write(daemon->config->instance, &daemon->identity, write);
        if (r < 0) {
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "The journal of versions can't be written: %s", strerror(-r));
                return r;
        }
        read_clocks(&daemon->sent);
        return store_write(daemon->store, &request, request_timeout_us(daemon->config->lease_us), on_written,
                                daemon);
}

static void on_deleted(const StoreAnswer *answer, void *userdata) {
        if (answer->outcome != STORE_OK)
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "The record was not deleted, as far as is known: %s", answer->error);
        take_answer(userdata, answer, true);
}

static int send_delete(Daemon *daemon, const LockDelete *unlock) {
        StoreDelete request = { .version = unlock->version, .holder = unlock->holder };

        read_clocks(&daemon->sent);
        return store_delete(daemon->store, &request, request_timeout_us(daemon->config->lease_us), on_deleted, daemon);
}

static int send_read(Daemon *daemon) {
        read_clocks(&daemon->sent);
        return store_read(daemon->store, request_timeout_us(daemon->config->lease_us), on_read, daemon);
}

static void write_lease(Daemon *daemon, const LockLease *grant) {
        Lease lease = {
                .stop_boot_us = grant->stop_boot_us,
                .stop_raw_us = grant->stop_raw_us,
                .kill_boot_us = grant->kill_boot_us,
                .kill_raw_us = grant->kill_raw_us,
                .fence = grant->fence,
        };
        int r;

        strcpy(lease.boot_id, daemon->boot);
        strcpy(lease.lock_id, daemon->lock_id);
        snprintf(lease.holder, sizeof(lease.holder), "%s", daemon->identity.holder);
        r = lease_file_write(daemon->config->instance, &lease);
        if (r >= 0)
                return;
        log_entry(LOG_ERR, MESSAGE_PROGRAM, "The lease file can't be written, so it is removed: %s", strerror(-r));
        lease_file_remove(daemon->config->instance);
        queue(daemon, LOCK_EVENT_LEASE_UNWRITABLE);
}

static void revoke_lease(Daemon *daemon) {
        int r = lease_file_remove(daemon->config->instance);

        if (r < 0)
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "The lease file can't be removed: %s", strerror(-r));
}

static int on_left(_unused_ sd_event_source *source, void *userdata) {
        Daemon *daemon = userdata;

        /* The order to stop may have come after the old lock was through with its own. */
        if (daemon->stopping)
                return sd_event_exit(daemon->event, 0);
        journal_remove(daemon->config->instance);
        if (leader_begin_first(daemon) < 0)
                return sd_event_exit(daemon->event, EXIT_FAILURE);
        return 0;
}

/* Out; or, when the old lock of an edited configuration is given up, on to the configured one. Not from here: the old
 * store may be calling us. */
static void leave(Daemon *daemon) {
        bool next = daemon->leaving;

        daemon->leaving = false;
        if (!next || sd_event_add_defer(daemon->event, NULL, on_left, daemon) < 0)
                sd_event_exit(daemon->event, 0);
}

static void perform_one(Daemon *daemon, const LockAction *action) {
        switch (action->type) {
        case LOCK_ACTION_READ:
                if (send_read(daemon) < 0)
                        queue(daemon, LOCK_EVENT_REQUEST_FAILED);
                break;
        case LOCK_ACTION_WRITE:
                if (send_write(daemon, action->write) < 0)
                        queue(daemon, LOCK_EVENT_REQUEST_FAILED);
                break;
        case LOCK_ACTION_DELETE:
                if (send_delete(daemon, action->unlock) < 0)
                        queue(daemon, LOCK_EVENT_REQUEST_FAILED);
                break;
        case LOCK_ACTION_LEASE:
                write_lease(daemon, &action->lease);
                break;
        case LOCK_ACTION_REVOKE:
                revoke_lease(daemon);
                break;
        case LOCK_ACTION_START_GUARD:
                units_start_guard(daemon->units); /* while the bus is down the core asks again */
                break;
        case LOCK_ACTION_STOP_UNITS:
                units_stop(daemon->units);
                break;
        case LOCK_ACTION_LOOK:
                units_look(daemon->units);
                break;
        case LOCK_ACTION_EXIT:
                leave(daemon);
                break;
        }
}

static bool is_look(const LockAction *action) {
        return action->type == LOCK_ACTION_READ || action->type == LOCK_ACTION_LOOK;
}

void perform(Daemon *daemon, const LockActions *actions) {
        for (size_t i = 0; i < actions->n; i++)
                if (daemon->rehearsal && !is_look(&actions->list[i]))
                        rehearse(daemon, &actions->list[i]);
                else
                        perform_one(daemon, &actions->list[i]);
}
