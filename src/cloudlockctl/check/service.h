/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* cloudlock@INSTANCE.service as PID 1 would start it: the environment and the credentials that cloudlockd gets, which
 * are not those of the shell that an operator looks from. systemd.exec(5). */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "findings.h"

/* LoadCredential= or LoadCredentialEncrypted=. */
typedef struct ServiceCredential {
        char *id, *path; /* absolute, or a name to look for in the credential stores */
        bool is_encrypted;
} ServiceCredential;

typedef struct Service {
        char **environment; /* may hold secrets; wiped */
        ServiceCredential *credentials;
        size_t n_credentials;
        char *user;         /* NULL or empty: root */
        char *protect_home; /* "yes", "read-only", "tmpfs", "no" */
        bool private_tmp;
} Service;

void service_done(Service *service);
#define _cleanup_service_ _cleanup_(service_done)

/* Asks PID 1, and reads the files of EnvironmentFile=; says in `findings` what would keep the unit from starting.
 * 0 or a negative errno. */
int service_read(sd_bus *bus, const char *unit, Findings *findings, Service *ret);

const ServiceCredential *service_credential(const Service *service, const char *id);

/* Adds NAME=VALUE in the place of an earlier value. 0 or -ENOMEM. */
int environment_set(char ***environment, const char *name, const char *value);

/* The assignments of a file for EnvironmentFile=, with what it means by quotation marks and backslashes; lines that mean
 * nothing are left out, as systemd does. 0 or -ENOMEM. */
int environment_file_parse(const char *text, char ***environment);
