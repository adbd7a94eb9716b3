/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aws-names.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "parse.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define PORT_MAX 65535

bool region_is_valid(const char *s) {
        size_t length = strlen(s);

        return length > 0 && length < REGION_SIZE && strspn(s, LOWER DIGITS "-") == length && *s != '-' &&
               s[length - 1] != '-';
}

/* The length of a host at `s`: a name, an IPv4 address, or an IPv6 address in brackets. 0 if there is none. */
static size_t host_length(const char *s) {
        char text[INET6_ADDRSTRLEN];
        struct in6_addr address;
        size_t length;

        if (*s != '[')
                return *s == '-' || *s == '.' ? 0 : strspn(s, LOWER DIGITS "-.");
        length = strspn(s + 1, DIGITS "abcdef:.");
        if (length >= sizeof(text) || s[length + 1] != ']')
                return 0;
        memcpy(text, s + 1, length);
        text[length] = '\0';
        return inet_pton(AF_INET6, text, &address) == 1 ? length + 2 : 0;
}

static bool is_loopback(const char *host, size_t length) {
        char name[INET_ADDRSTRLEN];
        struct in_addr address;

        if (length >= sizeof(name))
                return false;
        memcpy(name, host, length);
        name[length] = '\0';
        if (strcmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0)
                return true;
        /* An address, not a name that begins like one: 127.0.0.0/8 is all loopback. */
        return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool port_is_valid(const char *s) {
        uint64_t port;

        return !*s || (*s == ':' && parse_u64(s + 1, &port) >= 0 && port > 0 && port <= PORT_MAX);
}

/* `url` is in lower case and without trailing slashes. */
static const char *find_problem(const char *url) {
        bool plain = strncmp(url, "http://", strlen("http://")) == 0;
        const char *host;
        size_t length;

        if (!plain && strncmp(url, "https://", strlen("https://")) != 0)
                return "is no https URL";
        host = strchr(url, '/') + 2;
        length = host_length(host);
        if (length == 0 || !port_is_valid(host + length))
                return "is more, or less, than https://HOST[:PORT]";
        if (plain && !is_loopback(host, length))
                return "is unencrypted and leads off this machine";
        return NULL;
}

const char *endpoint_url_normalize(const char *url, char ret_url[static ENDPOINT_URL_SIZE]) {
        char normal[ENDPOINT_URL_SIZE];
        size_t length = strlen(url);
        const char *problem;

        while (length > 0 && url[length - 1] == '/')
                length--;
        if (length >= sizeof(normal))
                return "is too long";
        for (size_t i = 0; i < length; i++)
                normal[i] = (char) (url[i] >= 'A' && url[i] <= 'Z' ? url[i] - 'A' + 'a' : url[i]);
        normal[length] = '\0';
        problem = find_problem(normal);
        if (!problem)
                strcpy(ret_url, normal);
        return problem;
}
