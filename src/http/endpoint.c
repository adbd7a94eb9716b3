/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define AUTHORITY_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"

/* What `s` goes on with behind `prefix`; NULL if it does not begin so. */
static const char *behind(const char *s, const char *prefix) {
        size_t length = strlen(prefix);

        return strncasecmp(s, prefix, length) == 0 ? s + length : NULL;
}

/* Where the port's colon is, or the end: "[::1]:8000" has colons in its host as well. */
static size_t host_length(const char *authority) {
        const char *bracket = strchr(authority, ']');
        const char *host_end = bracket ?: authority;

        return (size_t) (host_end - authority) + strcspn(host_end, ":");
}

static bool is_loopback(const char *host) {
        struct in_addr address;

        if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
                return true;
        return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

int endpoint_parse(const char *url, Endpoint *ret) {
        const char *secure = behind(url, "https://"), *plain = behind(url, "http://");
        const char *authority = secure ?: plain;
        Endpoint endpoint = { .plain = !secure };
        char host[ENDPOINT_AUTHORITY_MAX + 1];
        size_t length;

        if (!authority || !*authority || strlen(authority) > ENDPOINT_AUTHORITY_MAX ||
            strspn(authority, AUTHORITY_CHARACTERS) != strlen(authority))
                return -EINVAL;
        length = host_length(authority);
        memcpy(host, authority, length);
        host[length] = '\0';
        if (!*host || (endpoint.plain && !is_loopback(host)))
                return -EINVAL;

        /* Clients leave the scheme's own port out of Host, and servers check the signature over what they expect. */
        strcpy(endpoint.authority, strcmp(authority + length, endpoint.plain ? ":80" : ":443") == 0 ? host : authority);
        *ret = endpoint;
        return 0;
}
