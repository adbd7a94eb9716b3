/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ini.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

#define BLANKS " \t\r\n\v\f"

typedef struct Ini {
        IniHandler handler;
        void *userdata;
        char *section, *key; /* NULL: none yet, and none in this section */
        char *value;         /* room for the whole file */
        size_t value_size;
        size_t indent; /* of the key's line */
        const char *problem;
} Ini;

typedef struct Span {
        const char *begin;
        size_t size;
} Span;

static bool is_blank(char c) {
        return c && strchr(BLANKS, c);
}

static Span strip(const char *begin, size_t size) {
        while (size > 0 && is_blank(*begin))
                begin++, size--;
        while (size > 0 && is_blank(begin[size - 1]))
                size--;
        return (Span) { begin, size };
}

static int flush(Ini *ini) {
        int r;

        if (!ini->key)
                return 0;
        while (ini->value_size > 0 && is_blank(ini->value[ini->value_size - 1]))
                ini->value_size--;
        ini->value[ini->value_size] = '\0';
        r = ini->handler(&(IniEntry) { ini->section, ini->key, ini->value }, ini->userdata);
        ini->key = secret_free(ini->key);
        return r;
}

static void add_to_value(Ini *ini, Span text) {
        memcpy(ini->value + ini->value_size, text.begin, text.size);
        ini->value_size += text.size;
        ini->value[ini->value_size] = '\0';
}

static int begin_section(Ini *ini, Span line) {
        const char *end = memrchr(line.begin, ']', line.size);

        if (!end || end == line.begin + 1)
                return ini->problem = "the section's name does not end with ']'", -EINVAL;
        free(ini->section);
        ini->section = strndup(line.begin + 1, (size_t) (end - line.begin) - 1);
        if (!ini->section)
                return -ENOMEM;
        return ini->handler(&(IniEntry) { .section = ini->section }, ini->userdata);
}

static int begin_entry(Ini *ini, Span line) {
        size_t key_size = 0;

        while (key_size < line.size && line.begin[key_size] != '=' && line.begin[key_size] != ':')
                key_size++;
        if (!ini->section)
                return ini->problem = "there is no [section] before it", -EINVAL;
        if (key_size == line.size)
                return ini->problem = "it is neither [section] nor key = value", -EINVAL;
        if (key_size == 0)
                return ini->problem = "there is no key before the '='", -EINVAL;
        ini->key = strndup(line.begin, strip(line.begin, key_size).size);
        if (!ini->key)
                return -ENOMEM;
        for (char *c = ini->key; *c; c++)
                *c = (char) tolower((unsigned char) *c);
        ini->value_size = 0;
        add_to_value(ini, strip(line.begin + key_size + 1, line.size - key_size - 1));
        return 0;
}

static int parse_line(Ini *ini, const char *begin, size_t size) {
        Span line = strip(begin, size);
        size_t indent = (size_t) (line.begin - begin);
        int r;

        if (line.size > 0 && (*line.begin == '#' || *line.begin == ';'))
                return 0;
        /* An empty line is one of the value where more of it follows. */
        if (ini->key && (line.size == 0 || indent > ini->indent)) {
                add_to_value(ini, (Span) { "\n", 1 });
                add_to_value(ini, line);
                return 0;
        }
        if (line.size == 0)
                return 0;
        r = flush(ini);
        if (r < 0)
                return r;
        ini->indent = indent;
        return *line.begin == '[' ? begin_section(ini, line) : begin_entry(ini, line);
}

static void ini_done(Ini *ini) {
        free(ini->section);
        secret_free(ini->key);
        secret_free(ini->value);
}

int ini_parse(const char *data, size_t size, IniHandler handler, void *userdata, unsigned *ret_line,
              const char **ret_problem) {
        _cleanup_(ini_done) Ini ini = { .handler = handler, .userdata = userdata };
        const char *end = data + size;
        unsigned line = 0;
        int r = 0;

        if (memchr(data, '\0', size)) {
                *ret_line = 1;
                *ret_problem = "the file has a NUL byte in it";
                return -EINVAL;
        }
        ini.value = calloc(1, size + 2);
        if (!ini.value)
                return -ENOMEM;
        while (r >= 0 && data < end) {
                const char *line_end = memchr(data, '\n', (size_t) (end - data)) ?: end;

                line++;
                r = parse_line(&ini, data, (size_t) (line_end - data));
                data = line_end + 1;
        }
        if (r >= 0)
                r = flush(&ini);
        explicit_bzero(ini.value, size);
        if (r == -EINVAL && ini.problem) {
                *ret_line = line;
                *ret_problem = ini.problem;
        }
        return r < 0 ? r : 0;
}

int ini_parse_nested(const char *value, IniHandler handler, void *userdata) {
        if (*value != '\n')
                return 0;
        while (*value) {
                size_t size = strcspn(value, "\n"), key_size = strcspn(value, "=\n");
                int r = 0;

                if (key_size < size) {
                        Span key_span = strip(value, key_size), value_span = strip(value + key_size + 1, size - key_size - 1);
                        _cleanup_free_ char *key = strndup(key_span.begin, key_span.size);
                        _cleanup_secret_ char *text = strndup(value_span.begin, value_span.size);

                        if (!key || !text)
                                return -ENOMEM;
                        r = handler(&(IniEntry) { .key = key, .value = text }, userdata);
                }
                if (r < 0)
                        return r;
                value += size + (value[size] == '\n');
        }
        return 0;
}
