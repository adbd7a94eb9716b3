/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bytes of /etc/cloudlock/INSTANCE.conf -> a validated Config that nobody changes afterwards. Takes bytes, not a
 * path, and no environment: the caller hands both in. Needs neither a clock nor a bus.
 *
 * The keys without "New" are the original program's and keep its meaning and defaults; see cloudlock.conf(5). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "time-span.h"

#define CONFIG_SIZE_MAX (64 * 1024)
#define CONFIG_ERROR_MAX 768

typedef enum OnTargetExit {
        ON_TARGET_EXIT_RELEASE, /* give the lock up, stand down for a while */
        ON_TARGET_EXIT_HOLD,    /* keep lock and guard; a timer may start a gated oneshot */
} OnTargetExit;

typedef enum OnStuck {
        ON_STUCK_NONE,   /* go on killing */
        ON_STUCK_REBOOT, /* reboot the machine at once */
} OnStuck;

typedef struct Config {
        char *instance;
        char *aws_key_id, *aws_secret, *aws_session_token; /* NULL: not configured; secrets are wiped when freed */
        char *table;
        char *region, *endpoint; /* NULL: not configured, place_choose() decides. A URL without trailing slash */
        char **aws_environment; /* "NAME=VALUE" of AWS's tools' variables, HTTPS_PROXY and its kin, HOME and PATH; never
                                 * NULL; wiped when freed. See environment_get() */
        char *label, *my_id;
        char **target_units;  /* at least one NAME.service */
        char **extra_cgroups; /* absolute cgroup paths, "/machine.slice/x.slice"; may be NULL */
        usec_t gap_us, lease_us, renew_us, poll_us;
        usec_t stop_timeout_us; /* USEC_INFINITY: what the units' own properties need */
        usec_t max_clock_skew_us;
        OnTargetExit on_target_exit;
        OnStuck on_stuck; /* what of the targets can't be killed */
        bool mixed_fleet;
        bool require_watchdog; /* lead only where a hardware watchdog resets this machine in time when it hangs */
        bool accept_unchecked_table; /* DescribeTable is not allowed here and the operator takes responsibility */
} Config;

/* One sentence for a person: "FILE:LINE: what is wrong; what was expected; what to do". */
typedef struct ConfigError {
        char text[CONFIG_ERROR_MAX];
} ConfigError;

typedef struct ConfigInput {
        const char *instance;  /* %i, already unescaped by nobody: taken as it is */
        const char *file_name; /* for messages: the file that the operator edits, not the credential's path */
        const char *data;      /* NUL-terminated as well */
        size_t size;
        char *const *environment; /* NULL, or environ: AWS's variables and the table's keys there override the file's */
        const char *host_name;    /* default of cloudlock_my_id */
} ConfigInput;

Config *config_free(Config *config);

static inline void config_freep(Config **c) {
        config_free(*c);
}

/* 0; -EINVAL with *ret_error filled in; -ENOMEM. */
int config_parse(const ConfigInput *input, Config **ret, ConfigError *ret_error);

/* Whether the times can be kept with a target that needs `stop_budget_us` to stop: lease >= renew + 2 requests +
 * stop budget + kill margin, and so on. 0, or -EINVAL with the arithmetic and the remedy in *ret_error. */
int config_check_times(const Config *config, usec_t stop_budget_us, ConfigError *ret_error);

/* The same arithmetic of times that can be kept, as a clause. */
void config_describe_times(const Config *config, usec_t stop_budget_us, ConfigError *ret);

/* What the operator should hear about a configuration that is allowed, a line each; at most CONFIG_ERROR_MAX bytes, empty
 * if there is nothing to say (say: the gap is shorter than the lease). */
void config_warnings(const Config *config, char *buf, size_t size);
