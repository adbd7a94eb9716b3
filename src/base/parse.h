/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Strict parsers for single words. */

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only: no sign, no blank, no base prefix. 0, -EINVAL or -ERANGE. */
int parse_u64(const char *s, uint64_t *ret);

/* systemd's booleans: 1/yes/y/true/t/on and 0/no/n/false/f/off. 0 or -EINVAL. */
int parse_bool(const char *s, bool *ret);

/* An instance, as in cloudlock@INSTANCE.service and as a directory of its own under /run/cloudlock: 1 to
 * INSTANCE_NAME_MAX of [A-Za-z0-9:_.\-], not "." or "..". */
#define INSTANCE_NAME_MAX 64
bool instance_name_is_valid(const char *s);

/* NAME.service as systemd.unit(5) allows it, templates' instances included, at most 255 characters. */
bool service_name_is_valid(const char *s);
