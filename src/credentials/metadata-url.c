/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata-url.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "endpoint.h"
#include "keys.h"

#define ADDRESSES_MAX 3

static const struct {
        const char *addresses[ADDRESSES_MAX + 1];
        const char *text;
} services[] = {
        [METADATA_CONTAINER] = {
                { "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]" },
                "a loopback address, 169.254.170.2, 169.254.170.23 and [fd00:ec2::23]",
        },
        [METADATA_INSTANCE] = {
                { "169.254.169.254", "[fd00:ec2::254]" }, "a loopback address, 169.254.169.254 and [fd00:ec2::254]",
        },
};

const char *metadata_addresses(MetadataService service) {
        return services[service].text;
}

/* ADDRESS or ADDRESS:PORT in its one spelling: what is spelled otherwise is refused, and not looked at more closely. */
static bool is_service_address(MetadataService service, const char *authority) {
        for (const char *const *address = services[service].addresses; *address; address++) {
                size_t length = strlen(*address);

                if (strncasecmp(authority, *address, length) == 0 &&
                    (!authority[length] ||
                     (authority[length] == ':' && authority[length + 1] &&
                      strspn(authority + length + 1, "0123456789") == strlen(authority + length + 1))))
                        return true;
        }
        return false;
}

int metadata_url_check(MetadataService service, const char *url, bool *ret_plain) {
        const char *authority = strstr(url, "://");
        char base[ENDPOINT_URL_SIZE];
        Endpoint endpoint;
        size_t length;

        if (!authority || strlen(url) > METADATA_URL_MAX || !fits_a_header(url))
                return -EINVAL;
        authority += strlen("://");
        length = (size_t) (authority - url) + strcspn(authority, "/?#");
        if (length >= sizeof(base))
                return -EINVAL;
        *(char *) mempcpy(base, url, length) = '\0';
        if (endpoint_parse(base, &endpoint) >= 0) {
                *ret_plain = endpoint.plain;
                return 0;
        }
        if (strncasecmp(base, "http://", strlen("http://")) != 0 || !is_service_address(service, base + strlen("http://")))
                return -EINVAL;
        *ret_plain = true;
        return 0;
}
