/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* systemd's credentials as the service would get them, opened by a command that root runs. systemd-creds(1). */

#include <stddef.h>

#include "service.h"

#define CREDENTIAL_SIZE_MAX (64u * 1024)

/* The file that it is read from, newly allocated; with a name alone it is looked for in the credential stores.
 * 0, -ENOENT (in no store: the service starts without it), -ENOMEM. */
int credential_find(const ServiceCredential *credential, char **ret);

/* Its text, a secret: decrypted where it has to be, which needs systemd-creds and the machine's key. 0 or a negative
 * errno; -EKEYREJECTED: systemd-creds could not decrypt it. */
int credential_open(const ServiceCredential *credential, char **ret, size_t *ret_size);

/* Where the service's configuration is: its credential `config`, or else the file in /etc/cloudlock. 0 or -ENOMEM. */
int credential_find_config(const Service *service, const char *instance, char **ret);

/* The configuration at that path, which may hold a secret. 0 or a negative errno, as credential_open(). */
int credential_read_config(const Service *service, const char *path, char **ret, size_t *ret_size);

/* Whether what is read there is encrypted. */
bool credential_config_is_encrypted(const Service *service);

/* What an error of credential_open() means. */
const char *credential_error(int error);

/* A directory that looks to the chain of keys like the service's $CREDENTIALS_DIRECTORY: in memory, mounted nowhere, so
 * that it goes with this program however that ends. */
typedef struct CredentialsCopy {
        char *directory; /* NULL: there is none */
        int mount_fd;
} CredentialsCopy;

/* ret->directory stays NULL where the service gets none of what is looked for. What could not be opened is said in
 * `findings`. 0 or a negative errno; -EPERM: only root may. */
int credentials_copy(const Service *service, Findings *findings, CredentialsCopy *ret);
void credentials_copy_done(CredentialsCopy *copy);
