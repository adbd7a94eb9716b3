/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* "cloudlockctl check": a walk through what an operator can get wrong. Each function here adds a line or a few to the
 * findings, and what it found out to the context for those that come after it; what an earlier failure keeps from being
 * looked at is said so. */

#include <systemd/sd-bus.h>

#include "config.h"
#include "credential.h"
#include "facts.h"
#include "findings.h"
#include "place.h"
#include "profile.h"
#include "service.h"
#include "session.h"

typedef struct CheckContext {
        const char *instance;
        Findings findings;

        sd_bus *bus;       /* NULL: none; the findings say why */
        Service service;   /* the daemon's unit as PID 1 would start it; empty where it can't be asked */
        char *config_path; /* the file that the service gets its configuration from */
        CredentialsCopy credentials; /* of the service's */

        Config *config; /* NULL: there is none that can be read */
        Profile *profile;
        Place place;
        bool has_place;

        UnitFacts daemon, guard;
        UnitFacts *targets; /* one for each name of the configuration; NULL: not asked */
        size_t n_targets;

        Session *session;             /* NULL: the store was not asked */
        bool store_answers;           /* by DynamoDB's protocol, and with keys that it knows */
        TableDescription description; /* as far as it could be looked at */
        bool may_be_legacy_global;
} CheckContext;

void check_done(CheckContext *context);
#define _cleanup_check_ _cleanup_(check_done)

/* In the order in which they are called. */
void check_bus(CheckContext *context);       /* check-host.c: a connection to PID 1 */
void check_host(CheckContext *context);      /* check-host.c: systemd, cgroups, what is installed */
void check_service(CheckContext *context);   /* check-service.c: the daemon's unit, its environment and credentials */
void check_config(CheckContext *context);    /* check-config.c: the file, who may read it, what it says */
void check_aws_files(CheckContext *context); /* check-aws-files.c: the files that AWS's variables name, as the service's
                                              * sandbox and user see them */
void check_instances(CheckContext *context); /* check-instances.c: another instance of this host for the same lock */
void check_units(CheckContext *context);     /* check-units.c: guard and targets */
void check_plan(CheckContext *context);      /* check-plan.c: the times */
void check_watchdogs(CheckContext *context); /* check-watchdogs.c: what ends what hangs, and notices a paused machine */
void check_store(CheckContext *context);     /* check-store.c: from the keys to the rights */

/* For commands that need to know no more than where the lock's table is, and who may ask: says on stderr what keeps from
 * that. 0 or -EINVAL. */
int check_find_place(CheckContext *context);

/* A line that says that something was not looked at, and because of what. */
void check_skip(CheckContext *context, const char *check, const char *because);

/* check-plan.c: how long the targets may take to stop, by the configuration, or else by their units; USEC_INFINITY: not known,
 * or without limit. There has to be a configuration. */
usec_t check_stop_budget_us(const CheckContext *context);

bool check_is_loaded(const UnitFacts *facts);

/* check-record.c: what is in the table under this label, at the time that the store's Date says. */
void check_record(CheckContext *context, const AdminReport *report);
