/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A command line's words, as botocore splits credential_process: Python's shlex.split(), which follows POSIX shell in quotes
 * and backslashes and knows neither variables nor operators. Pure. */

/* The words, the caller's to free (strv_free()); NULL if there are none. 0; -EINVAL: a quote is not closed, or a
 * backslash is last; -ENOMEM. */
int words_split(const char *text, char ***ret);
