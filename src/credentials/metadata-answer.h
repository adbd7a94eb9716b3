/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the metadata service of an instance says before it gives keys: a token, which goes into a header, and the name of a
 * role, which goes into a path. Pure. */

#include <stdbool.h>
#include <stddef.h>

/* Whether it is a word that fits a header. `body` ends with a NUL that `size` does not count. */
bool metadata_token_is_sound(const char *body, size_t size);

/* Of the first line, as long as it is a role's name as IAM allows it; 0: it is none. The same `body`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
size_t metadata_role_length(const char *body, size_t size);
