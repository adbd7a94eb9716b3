/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "service.h"
#include "strv.h"
#include "text.h"

#define BLANKS " \t\r"
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

int environment_set(char ***environment, const char *name, const char *value) {
        size_t length = strlen(name);
        _cleanup_secret_ char *assignment = NULL;

        if (asprintf(&assignment, "%s=%s", name, value) < 0)
                return assignment = NULL, -ENOMEM;
        for (char **e = *environment; e && *e; e++)
                if (strncmp(*e, name, length) == 0 && (*e)[length] == '=') {
                        secret_free(*e);
                        *e = TAKE_PTR(assignment);
                        return 0;
                }
        return strv_extend(environment, assignment);
}

typedef struct Value {
        char *out;  /* where the next character goes */
        char *kept; /* blanks behind it are not the value's */
        char quote; /* in quotation marks; NUL: not */
        bool bare;  /* begun without: from here on quotation marks stand for themselves */
} Value;

static void put(Value *v, char c, bool keep) {
        *v->out++ = c;
        if (keep)
                v->kept = v->out;
}

/* Behind a backslash; returns how many characters that took. Before the end of a line it joins lines. */
static size_t decode_escape(Value *v, const char *s) {
        if (v->quote && !strchr("\"\\`$\n", s[1]))
                put(v, '\\', true);
        if (s[1] != '\n')
                put(v, s[1], true);
        v->bare = v->bare || !v->quote;
        return 2;
}

/* Returns where the value ended. */
static const char *decode_value(const char *s, char *out) {
        Value v = { .out = out, .kept = out };

        while (*s && (v.quote || *s != '\n')) {
                if (v.quote ? *s == v.quote : !v.bare && (*s == '\'' || *s == '"')) {
                        v.quote = v.quote ? '\0' : *s;
                        s++;
                } else if (*s == '\\' && v.quote != '\'' && s[1])
                        s += decode_escape(&v, s);
                else {
                        bool blank = strchr(BLANKS, *s);

                        if (v.quote || v.bare || !blank)
                                put(&v, *s, v.quote || !blank);
                        v.bare = v.bare || (!v.quote && !blank);
                        s++;
                }
        }
        *v.kept = '\0';
        return s;
}

int environment_file_parse(const char *text, char ***environment) {
        while (*text) {
                _cleanup_free_ char *name = NULL;
                _cleanup_secret_ char *value = NULL;
                size_t length;
                int r;

                text += strspn(text, BLANKS "\n");
                length = strspn(text, NAME_CHARACTERS);
                if (length == 0 || text[length] != '=') {
                        text += strcspn(text, "\n");
                        continue;
                }
                name = strndup(text, length);
                value = calloc(strlen(text) + 1, 1);
                if (!name || !value)
                        return -ENOMEM;
                text += length + 1;
                text = decode_value(text + strspn(text, BLANKS), value);
                r = environment_set(environment, name, value);
                if (r < 0)
                        return r;
        }
        return 0;
}
