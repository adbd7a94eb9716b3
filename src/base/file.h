/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whole small files, read and written without surprises. */

#include <stddef.h>

/* Reads a regular file of at most `size_max` bytes; never follows a link in the last component and never
 * blocks on a FIFO. `*ret` is NUL-terminated and the caller's to free.
 * 0, or -ENOENT, -ELOOP (a link), -ENOTTY (not a regular file), -EFBIG, another errno. */
int read_small_file(const char *path, size_t size_max, char **ret, size_t *ret_size);

/* The same from a file descriptor that is already open (a credential, /proc). */
int read_small_fd(int fd, size_t size_max, char **ret, size_t *ret_size);

/* Replaces `path` in one step: a temporary name beside it, then rename(2). Leaves nothing behind on failure.
 * Everybody may read it, whatever the umask. 0 or a negative errno. */
int write_file_atomic(const char *path, const char *data, size_t size);
