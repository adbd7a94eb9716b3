/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What somebody else wrote, made harmless for a message: printable, without what is too long for a word, cut. */

#define FOREIGN_TEXT_MAX 160

/* Returns `buf`. */
const char *foreign_text(const char *text, char buf[static FOREIGN_TEXT_MAX + 1]);
