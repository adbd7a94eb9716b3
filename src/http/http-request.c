/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "clock-us.h"
#include "http-internal.h"
#include "text.h"
#include "time-limits.h"

/* DynamoDB closes idle connections after about a minute. */
#define CONNECTION_AGE_S_MAX 45L

/* libcurl's for a proxy whose URL has none. */
#define PROXY_PORT 1080
#define SECURE_PORT 443

/* What every request has in common.
 *
 * Sessions of TLS are not resumed. tests/bench/requests: that would save 5 of the 9 million instructions and 850 of the
 * 4,900 bytes of a renewal, of which there is one each 2 min, and would have an old session vouch for a server whose
 * authority is not trusted any more. */
static bool set_limits(HttpTransfer *t) {
        return curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
               /* else dropping a lookup that hangs waits for it: seconds in which the loop stands still */
               curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_MAXAGE_CONN, CONNECTION_AGE_S_MAX) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "cloudlock/" PACKAGE_VERSION) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, http_on_body) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, http_on_header) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->reason) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t) == CURLE_OK;
}

/* An empty string turns libcurl's look at the environment off. Metadata services, which are what is plain, are never
 * asked through a proxy. */
static bool set_way(HttpTransfer *t, const HttpRequest *request) {
        const HttpOptions *options = http_options(t->http);
        bool direct = request->plain || request->direct;

        return curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, request->plain ? "http" : "https") == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_PROXY, direct ? "" : options->proxy ?: "") == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_NOPROXY, direct ? "*" : options->no_proxy ?: "") == CURLE_OK;
}

static bool set_method(HttpTransfer *t, const HttpRequest *request) {
        if (request->body &&
            (curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long) request->body_size) != CURLE_OK ||
             curl_easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS, request->body) != CURLE_OK))
                return false;
        return !request->method || curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
}

static bool is_literal(const char *host) {
        struct in_addr address;

        return *host == '[' || inet_pton(AF_INET, host, &address) == 1;
}

/* Whether the name ends in the entry, at a dot. */
static bool is_within(const char *name, const char *entry, size_t length) {
        size_t name_length = strlen(name);

        if (length == 0 || length > name_length || strncasecmp(name + name_length - length, entry, length) != 0)
                return false;
        return length == name_length || name[name_length - length - 1] == '.';
}

/* As libcurl reads CURLOPT_NOPROXY, for names; where this were wrong, libcurl would look up the other name itself. */
static bool goes_past_proxy(const char *name, const char *no_proxy) {
        size_t length;

        for (const char *p = no_proxy ?: ""; *(p += strspn(p, ", ")); p += length) {
                length = strcspn(p, ", ");
                if ((length == 1 && *p == '*') || is_within(name, p + (*p == '.'), length - (*p == '.')))
                        return true;
        }
        return false;
}

static void curl_freep(char **p) {
        curl_free(*p);
}

static void curl_url_cleanupp(CURLU **url) {
        curl_url_cleanup(*url);
}

static bool take_way(HttpTransfer *t, const char *url, bool is_proxy) {
        _cleanup_(curl_url_cleanupp) CURLU *parts = curl_url();
        _cleanup_(curl_freep) char *host = NULL, *port = NULL, *scheme = NULL;

        if (!parts)
                return false;
        if (curl_url_set(parts, CURLUPART_URL, url, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
            curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
            curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
                return true; /* libcurl will say what is wrong with it */
        if (is_literal(host) || strlen(host) >= sizeof(t->name))
                return true;
        if (curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK)
                t->port = atoi(port); /* NOLINT(cert-err34-c): libcurl has checked it */
        else
                t->port = is_proxy && strcmp(scheme, "https") != 0 ? PROXY_PORT : SECURE_PORT;
        strcpy(t->name, host);
        t->is_proxy = is_proxy;
        return true;
}

/* Which name has to be looked up. */
static bool find_way(HttpTransfer *t, const HttpRequest *request) {
        const HttpOptions *options = http_options(t->http);

        if (request->plain)
                return true;
        if (!take_way(t, request->url, false))
                return false;
        if (request->direct || !options->proxy || !*options->proxy ||
            (*t->name && goes_past_proxy(t->name, options->no_proxy)))
                return true;
        t->name[0] = '\0';
        return take_way(t, options->proxy, true);
}

bool http_request_set(HttpTransfer *t, const HttpRequest *request) {
        return set_limits(t) && set_way(t, request) && set_method(t, request) && find_way(t, request) &&
               curl_easy_setopt(t->easy, CURLOPT_URL, request->url) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, (long) request->fresh) == CURLE_OK &&
               /* a holder, which reads next to nothing, would keep two connections that nobody comes back to */
               curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, (long) request->fresh) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

/* The first untried address, and the first of the other family, which libcurl tries beside it after 200 ms. */
static void take_next(HttpTransfer *t, char *next, size_t size) {
        char list[LOOKUP_TEXT_SIZE], *p = list;
        bool has[2] = { false, false };

        memcpy(list, t->untried, sizeof(list));
        t->untried[0] = next[0] = '\0';
        for (const char *address; (address = strsep(&p, ",")) && *address;) {
                bool *has_family = &has[*address == '['];

                if (*has_family)
                        text_append(t->untried, sizeof(t->untried), "%s%s", *t->untried ? "," : "", address);
                else
                        text_append(next, size, "%s%s", *next ? "," : "", address);
                *has_family = true;
        }
}

/* Takes the place of what libcurl was told before. */
static bool set_addresses(HttpTransfer *t) {
        char next[LOOKUP_TEXT_SIZE], entry[WAY_NAME_SIZE + LOOKUP_TEXT_SIZE + 8];

        take_next(t, next, sizeof(next));
        snprintf(entry, sizeof(entry), "%s:%d:%s", t->name, t->port, next);
        curl_slist_free_all(t->way);
        t->way = curl_slist_append(NULL, entry);
        return t->way && curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->way) == CURLE_OK;
}

/* Not one address after the other by libcurl: 7.88 moves on from one that is silent only at half of the time, and then
 * begins with the next one only when that one's time is over (lib/connect.c: baller_start_next() connects to nothing).
 * A timeout of 0 would mean none to libcurl. */
bool http_request_set_next(HttpTransfer *t) {
        usec_t now_us = clock_us(CLOCK_MONOTONIC), left_us = usec_sub(t->end_us, now_us);
        usec_t connect_us = usec_sub(t->connect_end_us, now_us);

        if (*t->untried && !set_addresses(t))
                return false;
        if (*t->untried)
                connect_us /= 2;
        return trust_apply(http_trust(t->http), t->easy) &&
               curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, MAX((long) (left_us / USEC_PER_MSEC), 1L)) == CURLE_OK &&
               curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, MAX((long) (connect_us / USEC_PER_MSEC), 1L)) == CURLE_OK;
}
