/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where metadata services may be: keys come from there, so over plain http only from addresses that don't leave the
 * machine or its hypervisor. Pure. */

#include <stdbool.h>

#define METADATA_URL_MAX 1024

typedef enum MetadataService {
        METADATA_CONTAINER, /* ECS: 169.254.170.2; EKS: 169.254.170.23, fd00:ec2::23 */
        METADATA_INSTANCE,  /* EC2: 169.254.169.254, fd00:ec2::254 */
} MetadataService;

/* https anywhere; http to a loopback address, or one of the service's own. A path is fine, a user is not. 0 with *ret_plain:
 * it is http; or -EINVAL. */
int metadata_url_check(MetadataService service, const char *url, bool *ret_plain);

/* The addresses, for a message. */
const char *metadata_addresses(MetadataService service);
