/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign.h"

#include <ctype.h>
#include <stddef.h>

const char *foreign_text(const char *text, char buf[static FOREIGN_TEXT_MAX + 1]) {
        size_t n = 0;

        for (; n < FOREIGN_TEXT_MAX && text[n]; n++)
                buf[n] = (char) (isprint((unsigned char) text[n]) ? text[n] : ' ');
        buf[n] = '\0';
        return buf;
}
