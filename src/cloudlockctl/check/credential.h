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

/* A directory that looks to the chain of keys like the service's $CREDENTIALS_DIRECTORY: in memory, readable by us alone.
 * *ret stays NULL where the service gets none of what is looked for. What could not be opened is said in `findings`.
 * 0 or a negative errno. */
int credentials_copy(const Service *service, Findings *findings, char **ret);

/* Removes it again with what is in it; takes NULL. */
void credentials_remove(const char *directory);
