/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* "https://HOST[:PORT]", or http where that does not leave the machine. */

#include <stdbool.h>

#define ENDPOINT_AUTHORITY_MAX 300 /* a DNS name is 253 bytes at most; and a port */

typedef struct Endpoint {
        bool plain;                                 /* http */
        char authority[ENDPOINT_AUTHORITY_MAX + 1]; /* for the Host header: without the scheme's own port */
} Endpoint;

/* No path, query or user; http to a loopback address only. 0 or -EINVAL. */
int endpoint_parse(const char *url, Endpoint *ret);
