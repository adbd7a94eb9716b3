/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* HTTPS_PROXY and NO_PROXY. */

#include <errno.h>

#include "check.h"
#include "cleanup.h"
#include "proxy.h"

#define V(assignment) ((char *) (assignment))
#define SECRET "wJalrXUtnFEMI"
#define STORE "dynamodb.eu-central-1.amazonaws.com"

static void test_urls(void) {
        static const struct {
                char *environment[3];
                const char *url, *name, *from;
        } rows[] = {
                { { V("HTTPS_PROXY=http://proxy.example:3128") }, "http://proxy.example:3128", "proxy.example:3128", "HTTPS_PROXY" },
                { { V("HTTPS_PROXY=http://a:1"), V("https_proxy=http://b:2/") }, "http://b:2", "b:2", "https_proxy" },
                { { V("HTTPS_PROXY=proxy.example") }, "http://proxy.example:80", "proxy.example:80", "HTTPS_PROXY" },
                { { V("https_proxy=HTTPS://Proxy.Example") }, "https://Proxy.Example:443", "Proxy.Example:443", "https_proxy" },
                { { V("HTTPS_PROXY=http://user:" SECRET "%40@p:1") }, "http://user:" SECRET "%40@p:1", "p:1", "HTTPS_PROXY" },
                { { V("HTTPS_PROXY=http://u:b@[2001:db8::1]:3128") }, "http://u:b@[2001:db8::1]:3128", "[2001:db8::1]:3128",
                  "HTTPS_PROXY" },
                { { V("HTTPS_PROXY=http://[::1]") }, "http://[::1]:80", "[::1]:80", "HTTPS_PROXY" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_proxy_ Proxy proxy = {};
                char error[PROXY_ERROR_MAX] = "";

                CHECK_EQ(proxy_read(rows[i].environment, STORE, false, &proxy, error), 0);
                CHECK_STR(proxy.url, rows[i].url);
                CHECK_STR(proxy.name, rows[i].name);
                CHECK_STR(proxy.from, rows[i].from);
                CHECK(proxy.used && !proxy.no_proxy);
        }
}

static void test_refusals(void) {
        static const char *const urls[] = {
                "http://", "http://user:" SECRET "@", "http://user:" SECRET "@:3128", "http://user:" SECRET "@p:port",
                "http://user:" SECRET "@p:65536", "http://user:" SECRET "@[::1", "http://user:" SECRET "@p/path",
                "http://user:" SECRET "/@p:1", "http://user:" SECRET " @p:1", "socks5://user:" SECRET "@p:1", "http://p?" SECRET,
                "http://user:" SECRET "@p:1#x", "http:///", "//", "/", "http://user:" SECRET "\\@p:1",
                "http://user:" SECRET "@@p:1", "http://user:" SECRET "@b@[2001:db8::1]:3128", "http://user:" SECRET "@[:b1]:3128",
        };

        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                _cleanup_free_ char *assignment = NULL;
                _cleanup_proxy_ Proxy proxy = {};
                char error[PROXY_ERROR_MAX] = "";

                if (asprintf(&assignment, "HTTPS_PROXY=%s", urls[i]) < 0)
                        return;
                CHECK_EQ(proxy_read((char *const[]) { assignment, NULL }, STORE, false, &proxy, error), -EINVAL);
                CHECK_STR(error, "HTTPS_PROXY: this is no proxy's URL; expected http://[USER:PASSWORD@]HOST:PORT, with %40 for an "
                          "@ in the password and so on");
                CHECK(!proxy.url);
        }
}

static void test_exceptions(void) {
        static const struct {
                const char *authority, *list;
                bool used;
                const char *for_curl;
        } rows[] = {
                { STORE, "amazonaws.com", false, STORE ",amazonaws.com" },
                { STORE, ".amazonaws.com", false, STORE ",.amazonaws.com" },
                { STORE, "*.amazonaws.com", false, STORE ",.amazonaws.com" },
                { STORE, STORE, false, STORE "," STORE },
                { STORE, "a.example ,\tEU-Central-1.AmazonAWS.com", false, "a.example," STORE ",EU-Central-1.AmazonAWS.com" },
                { STORE, "*", false, STORE ",*" },
                { STORE, "zonaws.com,com.,x" STORE, true, "zonaws.com,com.,x" STORE },
                { STORE, STORE ":443", false, STORE "," STORE },
                { STORE, STORE ":8443", true, "" },
                { STORE, "10.0.0.0/8,::1", true, "10.0.0.0/8,::1" },
                { STORE, ",.,*.,", true, ".,." },
                { "store.example:8443", "store.example:8443", false, "store.example" },
                { "store.example:8443", "store.example", false, "store.example,store.example" },
                { "store.example:8443", "example:8443", false, "store.example" },
                { "store.example:8443", "store.example:443", true, "store.example" },
                { "192.0.2.7", "192.0.2.7", false, "192.0.2.7,192.0.2.7" },
                { "192.0.2.7:8443", "192.0.2.7:8443", false, "192.0.2.7" },
                { "192.0.2.7", "192.0.2.0/29", false, "192.0.2.7,192.0.2.0/29" },
                { "192.0.2.8", "192.0.2.0/29", true, "192.0.2.0/29" },
                { "192.0.2.7", "0.0.0.0/0", false, "192.0.2.7,0.0.0.0/0" },
                { "192.0.2.7", "2.7,.2.7,192.0.2.0/33,192.0.2.7/x", true, "2.7,.2.7,192.0.2.0/33,192.0.2.7/x" },
                { "[2001:db8::1]:8443", "2001:db8:0::1", false, "2001:db8::1,2001:db8:0::1" },
                { "[2001:db8::1]:8443", "[2001:db8::1]:8443", false, "2001:db8::1" },
                { "[2001:db8::1]", "[2001:db8::1]", false, "2001:db8::1,2001:db8::1" },
                { "[2001:db8::1]", "2001:db8::/33", false, "2001:db8::1,2001:db8::/33" },
                { "[2001:db8::1]", "2001:db9::/32,1.2.3.4", true, "2001:db9::/32,1.2.3.4" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *assignment = NULL;
                _cleanup_proxy_ Proxy proxy = {};
                char error[PROXY_ERROR_MAX];

                if (asprintf(&assignment, "NO_PROXY=%s", rows[i].list) < 0)
                        return;
                CHECK_EQ(proxy_read((char *const[]) { V("HTTPS_PROXY=http://p:1"), assignment, NULL }, rows[i].authority, false,
                                    &proxy, error), 0);
                CHECK_STR(proxy.no_proxy, rows[i].for_curl);
                if (proxy.used != rows[i].used)
                        CHECK_STR(rows[i].list, rows[i].used ? "through the proxy" : "past the proxy");
        }
}

static void test_without(void) {
        _cleanup_proxy_ Proxy none = {}, plain = {}, small = {};
        char error[PROXY_ERROR_MAX];

        CHECK_EQ(proxy_read((char *const[]) { V("https_proxy="), V("NO_PROXY=*"), V("http_proxy=http://p:1"), NULL }, STORE,
                            false, &none, error), 0);
        CHECK(!none.url && !none.used && !none.from);
        CHECK_EQ(proxy_read((char *const[]) { V("HTTPS_PROXY=http://p:1"), NULL }, "127.0.0.1:8000", true, &plain, error), 0);
        CHECK(plain.url && !plain.used);
        CHECK_EQ(proxy_read((char *const[]) { V("HTTPS_PROXY=http://p:1"), V("NO_PROXY=a"), V("no_proxy=b"), NULL }, STORE,
                            false, &small, error), 0);
        CHECK_STR(small.no_proxy, "b");
}

static const Case cases[] = {
        { "URLs", test_urls },
        { "what is no URL of a proxy", test_refusals },
        { "NO_PROXY", test_exceptions },
        { "no proxy", test_without },
};

int main(void) {
        return RUN_CASES(cases);
}
