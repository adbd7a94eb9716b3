/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One line of the file, read as a POSIX shell reads an assignment (XCU 2.2, Quoting), because the original's users
 * source theirs; but nothing is expanded, and what a shell would do beyond assigning is refused. The messages are
 * fixed sentences: a line that is wrong may well hold a secret. */

#include <errno.h>
#include <string.h>

#include "config-internal.h"
#include "text.h"

#define BLANK " \t"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define METACHARACTERS ";&|<>()"
#define EXPORT "export"

#define NOT_AN_ASSIGNMENT "this is no assignment; expected KEY=VALUE, without blanks around the '='"
#define UNCLOSED "a quotation mark is not closed on this line; close it"
#define EXPANSION "'$' and '`' are not expanded in this file; write the value itself, or put it in single quotes"
#define META "one of " METACHARACTERS " stands outside quotation marks; put the value in single quotes"
#define CONTINUED "a line cannot be continued with '\\'; write the assignment on one line"
#define TRAILING "something follows the value; expected one assignment a line; put a value with blanks in quotation marks"
#define CONTROL "a control character is in the value; remove it"

static const char *skip_blank(const char *s) {
        return s + strspn(s, BLANK);
}

static const char *decode_single(const char **s, char **out) {
        const char *start = *s + 1, *end = strchr(start, '\'');

        if (!end)
                return UNCLOSED;
        *out = mempcpy(*out, start, (size_t) (end - start));
        *s = end + 1;
        return NULL;
}

static const char *decode_double(const char **s, char **out) {
        for ((*s)++; **s != '"'; (*s)++) {
                if (!**s)
                        return UNCLOSED;
                if (**s == '$' || **s == '`')
                        return EXPANSION;
                /* Before anything else a backslash stands for itself here. */
                if (**s == '\\' && (*s)[1] && strchr("$`\"\\", (*s)[1]))
                        (*s)++;
                *(*out)++ = **s;
        }
        (*s)++;
        return NULL;
}

static const char *decode_bare(const char **s, char **out) {
        if (**s == '\\') {
                (*s)++;
                if (!**s)
                        return CONTINUED;
        } else if (**s == '$' || **s == '`')
                return EXPANSION;
        else if (strchr(METACHARACTERS, **s))
                return META;
        *(*out)++ = *(*s)++;
        return NULL;
}

/* One word: a mixture of bare, single- and double-quoted parts. Returns what is wrong with it, or NULL. */
static const char *decode_word(const char **s, char *out) {
        const char *start = out, *problem = NULL;

        while (!problem && **s && !strchr(BLANK, **s)) {
                if (**s == '\'')
                        problem = decode_single(s, &out);
                else if (**s == '"')
                        problem = decode_double(s, &out);
                else
                        problem = decode_bare(s, &out);
        }
        for (; !problem && start < out; start++)
                if ((unsigned char) *start < ' ' || *start == 0x7f)
                        problem = CONTROL;
        return problem;
}

/* "export A B": what the lines before have assigned reaches us anyway. */
static bool is_list_of_names(const char *s) {
        for (; *s; s = skip_blank(s)) {
                size_t length = strspn(s, LETTERS "0123456789");

                if (length == 0 || (s[length] && !strchr(BLANK, s[length])))
                        return false;
                s += length;
        }
        return true;
}

static const char *skip_export(const char *s) {
        size_t length = strlen(EXPORT);

        return strncmp(s, EXPORT, length) == 0 && s[length] && strchr(BLANK, s[length]) ? skip_blank(s + length) : NULL;
}

static int parse_assignment(const char *s, char **ret_key, char **ret_value, const char **ret_problem) {
        size_t length = strspn(s, LETTERS "0123456789");
        _cleanup_free_ char *key = strndup(s, length);
        /* Zeroed, so that what is wiped at the end is all that was decoded, also after a failure. */
        _cleanup_secret_ char *value = calloc(strlen(s) + 1, 1);
        const char *problem;

        if (!key || !value)
                return -ENOMEM;
        if (length == 0 || strchr("0123456789", *s) || s[length] != '=' || (s[length + 1] && strchr(BLANK, s[length + 1])))
                return *ret_problem = NOT_AN_ASSIGNMENT, -EINVAL;
        s += length + 1;
        problem = decode_word(&s, value);
        s = skip_blank(s);
        if (!problem && *s && *s != '#')
                problem = TRAILING;
        if (problem)
                return *ret_problem = problem, -EINVAL;
        *ret_key = TAKE_PTR(key);
        *ret_value = TAKE_PTR(value);
        return 1;
}

int config_line_parse(const char *line, size_t length, char **ret_key, char **ret_value, const char **ret_problem) {
        _cleanup_secret_ char *copy = NULL;
        const char *s, *exported;

        if (length > 0 && line[length - 1] == '\r')
                length--;
        copy = strndup(line, length);
        if (!copy)
                return -ENOMEM;
        s = skip_blank(copy);
        if (!*s || *s == '#' || *s == ';')
                return 0;
        exported = skip_export(s);
        if (exported && is_list_of_names(exported))
                return 0;
        return parse_assignment(exported ? exported : s, ret_key, ret_value, ret_problem);
}
