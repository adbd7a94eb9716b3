/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "cleanup.h"

/* Tokens are hundreds of characters long, and nothing else that helps a person is a word of this length. */
#define WORD_LENGTH_MAX 64
#define WORD_CHARACTERS SECRET_CHARACTERS "=%_-.\\"
/* Nor is it as long as a secret access key, which is base64 of 30 bytes. */
#define SECRET_LENGTH 40
#define SECRET_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define ELIDED "[...]"

/* The length of what must not be repeated at the head of `text`; `run` is that of its first characters of a secret's. */
static size_t hidden_length(const char *text, size_t run) {
        size_t word = strspn(text, WORD_CHARACTERS);

        if (word > WORD_LENGTH_MAX)
                return word;
        return run == SECRET_LENGTH ? run : 0;
}

const char *foreign_text(const char *text, char buf[static FOREIGN_TEXT_MAX + 1]) {
        size_t n = 0;

        while (n < FOREIGN_TEXT_MAX && *text) {
                size_t run = strspn(text, SECRET_CHARACTERS), hidden = hidden_length(text, run);
                size_t shown = hidden > 0 ? strlen(ELIDED) : MAX(run, (size_t) 1);
                const char *from = hidden > 0 ? ELIDED : text;

                for (size_t i = 0; i < shown && n < FOREIGN_TEXT_MAX; i++)
                        buf[n++] = (char) (isprint((unsigned char) from[i]) ? from[i] : '?');
                text += hidden > 0 ? hidden : shown;
        }
        buf[n] = '\0';
        return buf;
}
