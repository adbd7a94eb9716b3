/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "daemon.h"
#include "log.h"
#include "state-files.h"

/* What an earlier run of this boot left in /run for this lock. A lease of another boot or lock is worth nothing: it
 * is removed, so that the guard kills whatever might run under it. */
static void take_over(Daemon *daemon, LockParameters *parameters) {
        const char *instance = daemon->config->instance;
        _cleanup_identity_ Identity identity = {};
        Journal journal = {};
        Lease lease;
        int r = journal_read(instance, &journal);

        identity = journal.identity;
        if (r >= 0 && identity_equal(&identity, &daemon->identity)) {
                memcpy(parameters->journal, journal.versions, sizeof(parameters->journal));
                parameters->n_journal = journal.n_versions;
        }
        r = lease_file_read(instance, &lease);
        if (r == -ENOENT)
                return;
        if (r < 0 || strcmp(lease.boot_id, daemon->boot) != 0 || strcmp(lease.lock_id, daemon->lock_id) != 0) {
                lease_file_remove(instance);
                return;
        }
        parameters->lease_on_disk = true;
        parameters->lease = (LockLease) {
                .stop_boot_us = lease.stop_boot_us, .stop_raw_us = lease.stop_raw_us,
                .kill_boot_us = lease.kill_boot_us, .kill_raw_us = lease.kill_raw_us, .fence = lease.fence,
        };
}

static int fill_parameters(Daemon *daemon, LockParameters *ret) {
        const Config *config = daemon->config;
        LockParameters parameters = {
                .gap_us = config->gap_us,
                .lease_us = config->lease_us,
                .renew_us = config->renew_us,
                .poll_us = config->poll_us,
                .max_clock_skew_us = config->max_clock_skew_us,
                .request_us = request_timeout_us(config->lease_us),
                .hold_on_exit = config->on_target_exit == ON_TARGET_EXIT_HOLD,
                .paused = state_is_paused(),
                .kept = daemon->kept_on_disk,
        };

        snprintf(parameters.holder, sizeof(parameters.holder), "%s", daemon->identity.holder);
        strcpy(parameters.host, daemon->host);
        strcpy(parameters.boot, daemon->boot);
        if (getrandom(parameters.seed, sizeof(parameters.seed), 0) != (ssize_t) sizeof(parameters.seed))
                return -EIO;
        if (!daemon->rehearsal)
                take_over(daemon, &parameters);
        *ret = parameters;
        return 0;
}

static int open_store(Daemon *daemon) {
        const Config *config = daemon->config;
        StoreConfig store_config = {
                .region = daemon->identity.region,
                .table = daemon->identity.table,
                .endpoint = daemon->identity.endpoint,
                .label = daemon->identity.label,
                .aws_key_id = config->aws_key_id,
                .aws_secret = config->aws_secret,
                .aws_session_token = config->aws_session_token,
                .environment = config->aws_environment,
                .credentials_directory = getenv("CREDENTIALS_DIRECTORY"),
                .ca_bundle = daemon->ca_bundle,
        };

        table_forget(daemon);
        daemon->store = store_free(daemon->store);
        return store_new(daemon->event, &store_config, &daemon->store);
}

static int take_flock(Daemon *daemon) {
        int fd, r;

        if (daemon->lock_flock_fd >= 0)
                close(daemon->lock_flock_fd);
        daemon->lock_flock_fd = -1;
        r = flock_lock(daemon->lock_id, &fd);
        if (r == -EWOULDBLOCK)
                log_entry(LOG_ERR, MESSAGE_CONFIG,
                          "Another instance on this host leads the lock %s of table %s already; give each instance its own "
                          "cloudlock_lock_label, or stop the other one", daemon->identity.label, daemon->identity.table);
        else if (r < 0)
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "Can't lock a file in " RUN_DIRECTORY ": %s", strerror(-r));
        if (r >= 0)
                daemon->lock_flock_fd = fd;
        return r;
}

static void show_identity(Daemon *daemon) {
        daemon->picture.label = daemon->identity.label;
        daemon->picture.table = daemon->identity.table;
        daemon->picture.region = daemon->identity.region;
        daemon->picture.holder_id = daemon->identity.holder;
}

static int complain(int error) {
        log_entry(LOG_ERR, MESSAGE_PROGRAM, "Can't begin to lead the lock: %s", strerror(-error));
        return error;
}

static int leader_begin(Daemon *daemon, const Identity *identity) {
        _cleanup_identity_ Identity copy = {};
        LockParameters parameters;
        LockNow now;
        int r = identity_copy(identity, &copy);

        if (r < 0)
                return complain(r);
        identity_done(&daemon->identity);
        daemon->identity = copy;
        copy = (Identity) {};
        show_identity(daemon);
        identity_lock_id(&daemon->identity, daemon->lock_id);
        r = daemon->rehearsal ? 0 : take_flock(daemon);
        if (r < 0)
                return r;
        r = open_store(daemon);
        if (r < 0) {
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "Can't set up the connection to the store: %s", strerror(-r));
                return r;
        }
        r = fill_parameters(daemon, &parameters);
        if (r < 0)
                return complain(r);
        read_clocks(&now);
        lock_init(daemon->lock, &parameters, &now);
        return 0;
}

/* The configuration may name another lock, or another name of ours, than the run before: then that one is given up
 * in order first. */
static int leave_old_first(Daemon *daemon, const Identity *configured) {
        _cleanup_identity_ Identity old = {};
        Journal journal = {};
        int r = journal_read(daemon->config->instance, &journal);

        old = journal.identity;
        if (r < 0 || journal.n_versions == 0 || identity_equal(&old, configured))
                return 0;
        log_entry(LOG_NOTICE, MESSAGE_CONFIG, "The configuration changed: %s lock %s of table %s as %s first",
                  daemon->rehearsal ? "would give up" : "giving up", old.label, old.table, old.holder);
        if (daemon->rehearsal)
                return 0;
        r = leader_begin(daemon, &old);
        if (r < 0)
                return r;
        daemon->leaving = true;
        return 1;
}

int leader_begin_first(Daemon *daemon) {
        const Config *config = daemon->config;
        const Identity configured = {
                .endpoint = daemon->place.endpoint, .region = daemon->place.region, .table = config->table,
                .label = config->label,             .holder = daemon->holder_id,
        };
        int r = leave_old_first(daemon, &configured);

        if (r < 0)
                return r;
        if (r == 0)
                r = leader_begin(daemon, &configured);
        if (r < 0)
                return r;
        /* To give up a lock, its table need not be one that we would take another in. */
        r = daemon->leaving ? 0 : table_begin(daemon);
        if (r < 0)
                return complain(r);
        pump_simple(daemon, daemon->leaving ? LOCK_EVENT_STOP : LOCK_EVENT_TICK);
        return 0;
}
