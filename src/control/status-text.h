/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one sentence that a person reads in systemctl status: STATUS=. Pure. */

#include "control.h"

/* `buf` may be the picture's own `status`. Always one line of UTF-8, cut to `size`. */
void status_text(const ControlPicture *picture, usec_t now_boot_us, char *buf, size_t size);
