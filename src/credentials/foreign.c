/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* A server or a command may repeat the token that it was given. Those are hundreds of characters long, and nothing else that
 * helps a person is a word of this length. */
#define WORD_LENGTH_MAX 64
#define WORD_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=%_-."
#define ELIDED "[...]"

const char *foreign_text(const char *text, char buf[static FOREIGN_TEXT_MAX + 1]) {
        size_t n = 0;

        while (n < FOREIGN_TEXT_MAX && *text) {
                size_t word = strspn(text, WORD_CHARACTERS);

                if (word > WORD_LENGTH_MAX) {
                        for (const char *p = ELIDED; *p && n < FOREIGN_TEXT_MAX; p++)
                                buf[n++] = *p;
                        text += word;
                } else {
                        buf[n++] = (char) (isprint((unsigned char) *text) ? *text : ' ');
                        text++;
                }
        }
        buf[n] = '\0';
        return buf;
}
