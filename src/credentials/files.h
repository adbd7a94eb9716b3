/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files that others write: keys, tokens, AWS's shared ones. Unlike read_small_file() links are followed, since Kubernetes
 * hands its tokens over behind one; what can't be read in one go, a FIFO, is still refused. */

#include <stddef.h>

/* `*ret` is NUL-terminated and the caller's to wipe and free. /dev/null is an empty file.
 * 0, -ENOTTY (not a regular file), -EFBIG, another errno. */
int files_read(const char *path, size_t size_max, char **ret, size_t *ret_size);

/* The same for a line of printable characters, without white space at its ends. -EBADMSG: it is empty, or not one. */
int files_read_line(const char *path, size_t size_max, char **ret);

/* What tells that a file was replaced or written: which one it is, its size and times. 0 where there is none. */
unsigned long long files_mark(const char *path);
