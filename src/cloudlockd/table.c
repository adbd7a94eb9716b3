/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What kind of table the lock is in. Looked at once when a lock begins to be led; the core takes no lock before it has
 * heard of it. A refusal is looked at again and again: whoever puts the table right need not restart us. */

#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "log.h"

#define RETRY_US_MIN (1 * USEC_PER_SEC)
#define RETRY_US_MAX (60 * USEC_PER_SEC)
#define TIMER_ACCURACY_US (100 * USEC_PER_MSEC)

/* Of a name, which may be 255 long, so much that the sentence still fits into a reason with its end. */
#define FINDING_LENGTH_MAX 190

static void look_later(Daemon *daemon, usec_t delay_us) {
        LockNow now;
        int r;

        read_clocks(&now);
        r = sd_event_source_set_time(daemon->table_timer, now.mono_us + delay_us);
        if (r >= 0)
                r = sd_event_source_set_enabled(daemon->table_timer, SD_EVENT_ONESHOT);
        if (r < 0) /* or nobody would look any more, and this host never lead */
                sd_event_exit(daemon->event, r);
}

static void retry(Daemon *daemon, const char *error) {
        if (!daemon->said_table_error)
                log_entry(LOG_WARNING, MESSAGE_STORE_FAILING, "Can't look at the table, so the lock can't be taken yet: %s",
                          error);
        daemon->said_table_error = true;
        look_later(daemon, daemon->table_retry_us);
        daemon->table_retry_us = MIN(2 * daemon->table_retry_us, RETRY_US_MAX);
}

static void refuse_unchecked(const TableAnswer *answer, char *buf, size_t size) {
        snprintf(buf, size, "%.*s: allow it, or set cloudlock_accept_unchecked_table=yes if you know that %s",
                 FINDING_LENGTH_MAX, answer->error, answer->assumption);
}

/* The refusal, or an empty one. */
static void judge(const Daemon *daemon, const TableAnswer *answer, char *buf, size_t size) {
        *buf = '\0';
        if (answer->verdict == TABLE_REFUSED)
                snprintf(buf, size, "%.*s", LOCK_REASON_MAX - 1, answer->error);
        else if (answer->verdict == TABLE_NOT_ALLOWED && !daemon->config->accept_unchecked_table)
                refuse_unchecked(answer, buf, size);
        else if (answer->verdict == TABLE_NOT_ALLOWED)
                log_entry(LOG_WARNING, MESSAGE_CONFIG,
                          "%s; going on, as cloudlock_accept_unchecked_table=yes says that %s", answer->error,
                          answer->assumption);
}

static void on_looked(const TableAnswer *answer, void *userdata) {
        Daemon *daemon = userdata;
        LockEvent event = { .type = LOCK_EVENT_TABLE };

        if (answer->verdict == TABLE_RETRY) {
                retry(daemon, answer->error);
                return;
        }
        if (daemon->said_table_error)
                log_entry(LOG_NOTICE, MESSAGE_STORE_ANSWERS, "The table could be looked at");
        daemon->said_table_error = false;
        judge(daemon, answer, event.refusal, sizeof(event.refusal));
        if (event.refusal[0])
                look_later(daemon, RETRY_US_MAX);
        pump(daemon, &event);
}

static void look(Daemon *daemon) {
        int r = store_look_at_table(daemon->store, request_timeout_us(daemon->config->lease_us), on_looked, daemon);

        if (r < 0)
                retry(daemon, strerror(-r));
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t at_us, void *userdata) {
        look(userdata);
        return 0;
}

int table_begin(Daemon *daemon) {
        int r;

        table_forget(daemon);
        r = sd_event_add_time(daemon->event, &daemon->table_timer, CLOCK_MONOTONIC, UINT64_MAX, TIMER_ACCURACY_US,
                              on_timer, daemon);
        if (r < 0)
                return r;
        daemon->table_retry_us = RETRY_US_MIN;
        look(daemon);
        return 0;
}

void table_forget(Daemon *daemon) {
        daemon->table_timer = sd_event_source_disable_unref(daemon->table_timer);
        if (daemon->store)
                store_look_cancel(daemon->store);
}
