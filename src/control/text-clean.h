/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Texts that leave the process: the message bus ends the connection of whoever sends it bytes that are no UTF-8 (a
 * sentence that was cut in the middle of a character, say), and a line break in STATUS= begins another assignment. */

/* Each byte that is no UTF-8 becomes '?', each control character a blank. Returns `s`; takes NULL. */
char *text_clean(char *s);

/* A cleaned copy, the caller's to free, of "" for NULL; NULL when out of memory. */
char *text_clean_copy(const char *s);
