/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "endpoint.h"

#include <errno.h>
#include <string.h>

int endpoint_parse(const char *url, Endpoint *ret) {
        char normal[ENDPOINT_URL_SIZE];
        const char *bracket;
        char *authority, *port;
        bool plain;

        if (endpoint_url_normalize(url, normal) || strlen(normal) != strlen(url))
                return -EINVAL;
        plain = strncmp(normal, "http:", strlen("http:")) == 0;
        authority = strstr(normal, "//") + 2;
        bracket = strchr(authority, ']'); /* "[::1]:8000" has colons in its host as well */
        port = strchr(bracket ?: authority, ':');

        /* Clients leave the scheme's own port out of Host, and servers check the signature over what they expect. */
        if (port && strcmp(port, plain ? ":80" : ":443") == 0)
                *port = '\0';
        *ret = (Endpoint) { .plain = plain };
        strcpy(ret->authority, authority);
        return 0;
}
