/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a region and the address of a store may look like, wherever they come from. */

#include <stdbool.h>

#define REGION_SIZE 64        /* a DNS label, for the region becomes one; and NUL */
#define ENDPOINT_URL_SIZE 271 /* a host name of 253, the scheme and a port; and NUL */

/* Lower-case letters, digits and '-', as all regions have: botocore's rule without the capitals. */
bool region_is_valid(const char *s);

/* https://HOST[:PORT], or http where that does not leave the machine; no path, query or user. Writes the one spelling
 * of it, in lower case and without slashes at the end. NULL, or what is wrong, as "is no https URL"; ret_url is untouched
 * then. */
const char *endpoint_url_normalize(const char *url, char ret_url[static ENDPOINT_URL_SIZE]);
