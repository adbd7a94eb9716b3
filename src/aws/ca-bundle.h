/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is wrong with a file of certificates to trust; libcurl says of all of it that it can't set it. */

#include <stddef.h>

#define CA_BUNDLE_PROBLEM_MAX 128

/* Whether `path` is a file that begins with, or holds, a certificate in PEM form. 0, or -EINVAL with a clause as "which
 * holds no certificate in PEM form". Reads the file. */
int ca_bundle_check(const char *path, char ret_problem[static CA_BUNDLE_PROBLEM_MAX]);
