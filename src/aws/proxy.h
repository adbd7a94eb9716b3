/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What HTTPS_PROXY and NO_PROXY say: which proxy there is, and whether one host is reached through it. Pure.
 * As botocore reads them, and curl: small letters before capitals, http:// and port 80 where the proxy's URL says no
 * other. */

#include <stdbool.h>

#include "aws-names.h"

#define PROXY_ERROR_MAX 256
#define PROXY_NAME_SIZE ENDPOINT_URL_SIZE

typedef struct Proxy {
        char *url;                  /* for libcurl; it may hold a password. NULL: no proxy */
        char *no_proxy;             /* for libcurl, which knows no ports in it; NULL: nothing is excepted */
        const char *from;           /* the variable that names it; a constant */
        char name[PROXY_NAME_SIZE]; /* HOST:PORT, for messages */
        bool used;                  /* on the way to the host that was asked about */
} Proxy;

/* For requests to `authority`, HOST[:PORT] as Endpoint has it, over TLS or `plain`; requests that are plain go past any
 * proxy. 0, -ENOMEM, or -EINVAL with a sentence that names the variable and quotes nothing of it. */
int proxy_read(char *const *environment, const char *authority, bool plain, Proxy *ret,
               char ret_error[static PROXY_ERROR_MAX]);

/* Wipes the password. */
void proxy_done(Proxy *proxy);
#define _cleanup_proxy_ _cleanup_(proxy_done)
