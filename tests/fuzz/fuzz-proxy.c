/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* HTTPS_PROXY, NO_PROXY and the address of a store, a line each: what is accepted is a URL to libcurl too, whose words
 * about one that it can't read would quote the password; read again it is the same; and what is refused quotes nothing. */

#include <curl/curl.h>

#include "aws-names.h"
#include "endpoint.h"
#include "fuzz.h"
#include "proxy.h"
#include "text.h"

#define SECRET "wJalrXUtnFEMI"

static char *variable(const char *name, const char *value) {
        char *text;

        require(asprintf(&text, "%s=%s", name, value) >= 0);
        return text;
}

static void check_is_url(const char *url) {
        CURLU *parts = curl_url();

        require(parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK);
        curl_url_cleanup(parts);
}

static void check_again(const Proxy *proxy) {
        _cleanup_free_ char *text = variable("https_proxy", proxy->url);
        char *const environment[] = { text, NULL };
        char error[PROXY_ERROR_MAX];
        _cleanup_proxy_ Proxy again = {};

        require(proxy_read(environment, "dynamodb.eu-central-1.amazonaws.com", false, &again, error) == 0);
        require(again.used && strcmp(again.url, proxy->url) == 0 && strcmp(again.name, proxy->name) == 0);
}

static void check_proxy(const char *url, const char *exceptions, const char *authority) {
        _cleanup_free_ char *one = variable("HTTPS_PROXY", url), *other = variable("NO_PROXY", exceptions);
        char *const environment[] = { one, other, NULL };
        char error[PROXY_ERROR_MAX] = "";
        _cleanup_proxy_ Proxy proxy = {};

        if (proxy_read(environment, authority, false, &proxy, error) < 0)
                return require(*error && !strstr(error, SECRET) && !text_has_control(error));
        if (!proxy.url)
                return require(!*url);
        check_is_url(proxy.url);
        check_again(&proxy);
        require(proxy.used || *exceptions);
        require(*proxy.name && !text_has_control(proxy.name) && !strstr(proxy.name, SECRET));
}

static void check_endpoint(const char *url) {
        char normal[ENDPOINT_URL_SIZE] = "-", again[ENDPOINT_URL_SIZE];
        const char *problem = endpoint_url_normalize(url, normal);
        Endpoint endpoint;

        if (problem)
                return require(strcmp(normal, "-") == 0 && endpoint_parse(url, &endpoint) < 0);
        require(!endpoint_url_normalize(normal, again) && strcmp(normal, again) == 0);
        check_is_url(normal);
        if (endpoint_parse(normal, &endpoint) == 0)
                require(*endpoint.authority && endpoint.plain == (strncmp(normal, "http://", 7) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_text(data, size), *secret = NULL;
        char *rest = text;
        const char *url = fuzz_line(&rest), *exceptions = fuzz_line(&rest), *address = fuzz_line(&rest);

        /* The fuzzer reads SECRET off the comparisons; where it puts it itself, nothing is secret. */
        if (strstr(text, SECRET) || strstr(exceptions, SECRET) || strstr(address, SECRET))
                return 0;
        require(asprintf(&secret, "http://u:" SECRET "@%s", url) >= 0);
        check_proxy(url, exceptions, "dynamodb.eu-central-1.amazonaws.com");
        check_proxy(secret, exceptions, "10.1.2.3:8000");
        check_endpoint(address);
        return 0;
}
