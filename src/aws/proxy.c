/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "parse.h"
#include "strv.h"
#include "text.h"

#define LIST_SEPARATORS ", \t"
#define SECURE_PORT "443"
#define ADDRESS_BYTES_MAX 16

/* "HOST", "HOST:PORT", "[IPV6]:PORT" or "IPV6", cut in two. */
typedef struct HostPort {
        char host[ENDPOINT_URL_SIZE]; /* without brackets */
        const char *port;             /* behind the colon, in what was cut; NULL: none */
} HostPort;

/* False where it is too long for any host. */
static bool cut(const char *s, HostPort *ret) {
        const char *bracket = *s == '[' ? strchr(s, ']') : NULL;
        const char *colon = strchr(bracket ?: s, ':');
        const char *begin = bracket ? s + 1 : s;
        const char *end = bracket ?: colon ?: s + strlen(s);

        if (!bracket && colon && strchr(colon + 1, ':')) /* a bare address of IPv6 has no port */
                colon = NULL, end = s + strlen(s);
        if ((size_t) (end - begin) >= sizeof(ret->host))
                return false;
        snprintf(ret->host, sizeof(ret->host), "%.*s", (int) (end - begin), begin);
        ret->port = colon ? colon + 1 : NULL;
        return true;
}

/* The address's length in bytes, 0 if it is a name. */
static size_t to_address(const char *host, unsigned char ret[static ADDRESS_BYTES_MAX]) {
        if (inet_pton(AF_INET, host, ret) == 1)
                return sizeof(struct in_addr);
        return inet_pton(AF_INET6, host, ret) == 1 ? sizeof(struct in6_addr) : 0;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, uint64_t bits) {
        unsigned char rest = (unsigned char) (0xff00u >> (bits % 8));

        return memcmp(a, b, bits / 8) == 0 && (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & rest) == 0);
}

/* Whether `entry`, an address or a network as 10.0.0.0/8, has the address in it. */
static bool has_address(char *entry, const unsigned char *address, size_t length) {
        unsigned char network[ADDRESS_BYTES_MAX];
        char *slash = strchr(entry, '/');
        uint64_t bits = length * 8;

        if (slash) {
                *slash = '\0';
                if (parse_u64(slash + 1, &bits) < 0 || bits > length * 8)
                        return false;
        }
        return to_address(entry, network) == length && same_bits(network, address, bits);
}

/* "example.com", ".example.com" and "*.example.com" all stand for the name and what is below it. */
static bool has_name(const char *entry, const char *host) {
        size_t length, host_length = strlen(host);

        entry += *entry == '*' && entry[1] == '.';
        entry += *entry == '.';
        length = strlen(entry);
        return length > 0 && length <= host_length && strcasecmp(host + host_length - length, entry) == 0 &&
               (length == host_length || host[host_length - length - 1] == '.');
}

static bool is_excepted(const char *entry, const HostPort *server) {
        unsigned char address[ADDRESS_BYTES_MAX];
        HostPort parts;
        size_t length;

        if (strcmp(entry, "*") == 0)
                return true;
        if (!cut(entry, &parts) || (parts.port && strcmp(parts.port, server->port ?: SECURE_PORT) != 0))
                return false;
        length = to_address(server->host, address);
        return length > 0 ? has_address(parts.host, address, length) : has_name(parts.host, server->host);
}

/* The list as libcurl understands it, which judges other hosts by it, such as STS's: they have the usual port. The host
 * that was asked about is in it by name where it is excepted. */
static int read_exceptions(const char *list, const HostPort *server, Proxy *proxy) {
        _cleanup_strv_ char **entries = NULL, **kept = NULL;
        int r = strv_split(list, LIST_SEPARATORS, &entries);

        for (char **entry = entries; r >= 0 && entry && *entry; entry++) {
                HostPort parts;

                if (is_excepted(*entry, server)) {
                        proxy->used = false;
                        r = strv_extend(&kept, server->host);
                }
                if (r >= 0 && cut(*entry, &parts) && (!parts.port || strcmp(parts.port, SECURE_PORT) == 0))
                        r = strv_extend(&kept, parts.host + (strncmp(parts.host, "*.", 2) == 0));
        }
        if (r < 0)
                return r;
        proxy->no_proxy = strv_join(kept, ",");
        return proxy->no_proxy ? 0 : -ENOMEM;
}

/* Where the proxy's host begins: behind scheme, user and password. Of two @ the first, so that what follows is no host:
 * libcurl refuses such a URL, and says so with the password in its words. */
static const char *behind_user(const char *s) {
        const char *at = strchr(s, '@');

        return at ? at + 1 : s;
}

static bool is_clean(const char *s) {
        for (; *s; s++)
                if (!isgraph((unsigned char) *s) || strchr("/?#\\", *s))
                        return false;
        return true;
}

/* Strict, because libcurl's words about a URL that it can't read quote the password. 0, -EINVAL or -ENOMEM. */
static int read_url(const char *value, Proxy *proxy) {
        bool secure = strncasecmp(value, "https://", strlen("https://")) == 0;
        bool plain = strncasecmp(value, "http://", strlen("http://")) == 0;
        const char *begin = secure || plain ? strstr(value, "//") + 2 : value, *host;
        char probe[ENDPOINT_URL_SIZE + 16], normal[ENDPOINT_URL_SIZE];
        _cleanup_secret_ char *rest = strdup(begin);
        size_t length;
        HostPort parts;

        if (!rest)
                return -ENOMEM;
        length = strlen(rest);
        if (length > 0 && rest[length - 1] == '/')
                rest[length - 1] = '\0';
        host = behind_user(rest);
        if (!is_clean(rest) || strlen(host) >= ENDPOINT_URL_SIZE || *host == '/' || *host == '\0')
                return -EINVAL;
        /* the rules for a host and a port are the same as those of an endpoint */
        snprintf(probe, sizeof(probe), "https://%s", host);
        if (endpoint_url_normalize(probe, normal) || !cut(host, &parts))
                return -EINVAL;
        snprintf(proxy->name, sizeof(proxy->name), "%s%s", host, parts.port ? "" : secure ? ":443" : ":80");
        if (asprintf(&proxy->url, "%s://%.*s%s", secure ? "https" : "http", (int) (host - rest), rest, proxy->name) < 0)
                return proxy->url = NULL, -ENOMEM;
        return 0;
}

static int read_all(const char *value, const char *list, const char *authority, Proxy *proxy) {
        HostPort server;
        int r = read_url(value, proxy);

        if (r < 0)
                return r;
        if (!cut(authority, &server))
                return -EINVAL;
        return list ? read_exceptions(list, &server, proxy) : 0;
}

void proxy_done(Proxy *proxy) {
        secret_free(proxy->url);
        free(proxy->no_proxy);
        *proxy = (Proxy) {};
}

int proxy_read(char *const *environment, const char *authority, bool plain, Proxy *ret,
               char ret_error[static PROXY_ERROR_MAX]) {
        const char *small = environment_get(environment, "https_proxy");
        const char *value = small ?: environment_get(environment, "HTTPS_PROXY");
        const char *list = environment_get(environment, "no_proxy") ?: environment_get(environment, "NO_PROXY");
        _cleanup_proxy_ Proxy proxy = { .from = small ? "https_proxy" : "HTTPS_PROXY", .used = !plain };
        int r = value ? read_all(value, list, authority, &proxy) : 0;

        if (r == -EINVAL)
                snprintf(ret_error, PROXY_ERROR_MAX, "%s: this is no proxy's URL; expected "
                         "http://[USER:PASSWORD@]HOST:PORT, with %%40 for an @ in the password and so on", proxy.from);
        if (r < 0)
                return r;
        *ret = value ? proxy : (Proxy) {};
        proxy = (Proxy) {};
        return 0;
}
