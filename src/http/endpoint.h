/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* "https://HOST[:PORT]", or http where that does not leave the machine. */

#include <stdbool.h>

#include "aws-names.h"

typedef struct Endpoint {
        bool plain;                        /* http */
        char authority[ENDPOINT_URL_SIZE]; /* for the Host header: in lower case, without the scheme's own port */
} Endpoint;

/* By endpoint_url_normalize()'s rules, and without a slash at the end. 0 or -EINVAL. */
int endpoint_parse(const char *url, Endpoint *ret);
