/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "words.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cleanup.h"
#include "strv.h"

#define BLANKS " \t\r\n"

/* Takes one character off `*p`, which is not at a quote's end, to `*out`; within double quotes a backslash is one unless
 * it stands before what it could be needed for. */
static int take_character(const char **p, char quote, char **out) {
        const char *s = *p;

        if (*s == '\\' && quote != '\'') {
                if (!s[1])
                        return -EINVAL;
                if (quote != '"' || s[1] == '"' || s[1] == '\\')
                        s++;
        }
        *(*out)++ = *s;
        *p = s + 1;
        return 0;
}

/* Takes a word off `*p`, which is at its first character. */
static int take_word(const char **p, char *word) {
        char quote = '\0';

        for (; **p && (quote || !strchr(BLANKS, **p));) {
                int r = 0;

                if (quote && **p == quote)
                        quote = '\0', (*p)++;
                else if (!quote && (**p == '\'' || **p == '"'))
                        quote = *(*p)++;
                else
                        r = take_character(p, quote, &word);
                if (r < 0)
                        return r;
        }
        *word = '\0';
        return quote ? -EINVAL : 0;
}

int words_split(const char *text, char ***ret) {
        _cleanup_free_ char *word = malloc(strlen(text) + 1);
        _cleanup_strv_ char **words = NULL;

        if (!word)
                return -ENOMEM;
        for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
                int r = take_word(&text, word);

                if (r >= 0)
                        r = strv_extend(&words, word);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(words);
        return 0;
}
