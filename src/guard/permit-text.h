/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The permit as text: the boot as the guard sees it, and the units and cgroups that it keeps. Pure but for the stream; the
 * file is run-files.h's. */

#include <stdio.h>

#include "lease-text.h"
#include "settings.h"

/* 0 or a negative errno. */
int permit_format(FILE *file, const char boot_id[ID128_TEXT_SIZE], const Settings *settings, char *const *cgroups);

/* `text` is NUL-terminated behind its `size` bytes. 0; -EBADMSG: it does not begin with a boot. */
int permit_parse_boot(const char *text, size_t size, char ret_boot_id[ID128_TEXT_SIZE]);

/* Lines that say something else are passed over. The caller frees *ret. 0 or -ENOMEM. */
int permit_parse(const char *text, Settings *ret);
