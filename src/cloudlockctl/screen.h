/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A terminal's second screen, which what is redrawn in place goes to; the first one is as it was afterwards. */

#include <stdbool.h>
#include <stdio.h>

/* Whether `out` is a terminal that has one. */
bool screen_is_there(FILE *out);

void screen_enter(FILE *out);
void screen_leave(FILE *out);

/* `frame`, lines that end in "\n", in place of what is there. */
void screen_draw(FILE *out, const char *frame);
