/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What somebody else wrote, made harmless for a message: printable, without what may be a secret, cut. */

#define FOREIGN_TEXT_MAX 200

/* Returns `buf`. A peer may send back what it was sent, the session token included, in whatever encoding. */
const char *foreign_text(const char *text, char buf[static FOREIGN_TEXT_MAX + 1]);
