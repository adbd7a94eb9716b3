/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text-clean.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The bytes of the character that begins at `s`, or 0: none does. RFC 3629: no surrogates, nothing longer than it
 * needs to be, nothing beyond U+10FFFF. */
static size_t character_length(const unsigned char *s) {
        static const struct {
                unsigned char mask, lead;
                uint32_t code_min;
        } forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

        for (size_t n = 0; n < sizeof(forms) / sizeof(forms[0]); n++) {
                uint32_t code = *s & (unsigned char) ~forms[n].mask;

                if ((*s & forms[n].mask) != forms[n].lead)
                        continue;
                for (size_t i = 1; i <= n; i++) {
                        if ((s[i] & 0xc0) != 0x80)
                                return 0;
                        code = code << 6 | (s[i] & 0x3f);
                }
                if (code < forms[n].code_min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
                        return 0;
                return n + 1;
        }
        return 0;
}

char *text_clean(char *s) {
        if (!s)
                return NULL;
        for (char *p = s; *p;) {
                size_t length = character_length((unsigned char *) p);

                if (length == 0)
                        *p = '?';
                else if (length == 1 && ((unsigned char) *p < ' ' || *p == 0x7f))
                        *p = ' ';
                p += length > 0 ? length : 1;
        }
        return s;
}

char *text_clean_copy(const char *s) {
        return text_clean(strdup(s ? s : ""));
}
