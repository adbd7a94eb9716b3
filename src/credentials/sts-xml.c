/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sts-xml.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cleanup.h"
#include "foreign.h"
#include "text.h"
#include "time-stamp.h"

#define DEPTH_MAX 16
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:"
#define BLANKS " \t\r\n"
#define CREDENTIALS_PATH "AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/"

typedef struct Name {
        const char *begin;
        size_t size;
} Name;

typedef struct Reader {
        const char *p; /* of text that ends with a NUL and has no other */
        Name open[DEPTH_MAX];
        size_t depth;
        bool root_seen;
} Reader;

/* "<" is behind; "/" as well where it is an end. 0 or -EBADMSG. */
static int read_name(Reader *reader, Name *ret) {
        *ret = (Name) { reader->p, strspn(reader->p, NAME_CHARACTERS) };
        reader->p += ret->size;
        return ret->size > 0 ? 0 : -EBADMSG;
}

static int read_end(Reader *reader) {
        Name name, open;

        if (read_name(reader, &name) < 0 || reader->depth == 0)
                return -EBADMSG;
        open = reader->open[--reader->depth];
        reader->p += strspn(reader->p, BLANKS);
        if (name.size != open.size || memcmp(name.begin, open.begin, name.size) != 0 || *reader->p++ != '>')
                return -EBADMSG;
        return 0;
}

/* name="value"; what it says is of no interest here. */
static int skip_attribute(Reader *reader) {
        Name name;
        char quote;

        if (read_name(reader, &name) < 0 || *reader->p++ != '=')
                return -EBADMSG;
        quote = *reader->p;
        if (quote != '"' && quote != '\'')
                return -EBADMSG;
        reader->p++;
        for (; *reader->p != quote; reader->p++)
                if (!*reader->p || *reader->p == '<')
                        return -EBADMSG;
        reader->p++;
        return 0;
}

/* An element's beginning; one without content ends here, too. */
static int read_begin(Reader *reader, bool *ret_is_empty) {
        Name name;

        if (reader->depth == DEPTH_MAX || (reader->depth == 0 && reader->root_seen) || read_name(reader, &name) < 0)
                return -EBADMSG;
        for (;;) {
                size_t blanks = strspn(reader->p, BLANKS);

                reader->p += blanks;
                if (*reader->p == '>' || strncmp(reader->p, "/>", 2) == 0)
                        break;
                if (blanks == 0 || skip_attribute(reader) < 0)
                        return -EBADMSG;
        }
        *ret_is_empty = *reader->p == '/';
        reader->p += *ret_is_empty ? 2 : 1;
        reader->root_seen = true;
        reader->open[reader->depth++] = name;
        return 0;
}

static bool is_at(const Reader *reader, const char *path) {
        for (size_t i = 0; i < reader->depth; i++) {
                const Name *name = &reader->open[i];

                if (strncmp(path, name->begin, name->size) != 0)
                        return false;
                path += name->size;
                if (*path != (i + 1 < reader->depth ? '/' : '\0'))
                        return false;
                path++;
        }
        return reader->depth > 0;
}

/* "&amp;" and its like; `*p` is behind it then. 0 where it is something else. */
static char read_entity(const char **p) {
        static const struct {
                const char *text;
                char c;
        } entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' },
                         { "&#39;", '\'' }, { "&#34;", '"' }, { "&#x27;", '\'' }, { "&#x2B;", '+' }, { "&#43;", '+' },
                         { "&#10;", '\n' }, { "&#xA;", '\n' }, { "&#13;", '\r' }, { "&#xD;", '\r' } };

        for (size_t i = 0; i < ELEMENTSOF(entities); i++)
                if (strncmp(*p, entities[i].text, strlen(entities[i].text)) == 0)
                        return *p += strlen(entities[i].text), entities[i].c;
        return '\0';
}

/* Text up to the next '<', without entities, to `out` (room for all of it) where it is wanted. */
static int read_text(Reader *reader, char *out) {
        const char *p = reader->p;

        while (*p && *p != '<') {
                char c = *p == '&' ? read_entity(&p) : *p++;

                if (!c || (reader->depth == 0 && !strchr(BLANKS, c)))
                        return -EBADMSG;
                if (out)
                        *out++ = c;
        }
        if (out)
                *out = '\0';
        reader->p = p;
        return 0;
}

/* <?xml …?> at the beginning. */
static int skip_declaration(Reader *reader) {
        const char *end;

        reader->p += strspn(reader->p, BLANKS);
        if (strncmp(reader->p, "<?xml", strlen("<?xml")) != 0)
                return 0;
        end = strstr(reader->p, "?>");
        if (!end)
                return -EBADMSG;
        reader->p = end + 2;
        return 0;
}

/* The text of the element that has just begun. */
static int take_text(Reader *reader, bool is_empty, char **ret) {
        size_t size = is_empty ? 0 : strcspn(reader->p, "<");

        if (*ret)
                return -EBADMSG;
        *ret = calloc(1, size + 1);
        if (!*ret)
                return -ENOMEM;
        return is_empty ? 0 : read_text(reader, *ret);
}

static int read_markup(Reader *reader, const char *path, char **text) {
        bool is_empty;
        int r;

        if (*reader->p++ != '<')
                return -EBADMSG;
        if (*reader->p == '/') {
                reader->p++;
                return read_end(reader);
        }
        r = read_begin(reader, &is_empty);
        if (r >= 0 && is_at(reader, path)) {
                r = take_text(reader, is_empty, text);
                /* An element with others in it has no text of its own. */
                if (r >= 0 && !is_empty && strncmp(reader->p, "</", 2) != 0)
                        r = -EBADMSG;
        }
        if (r >= 0 && is_empty)
                reader->depth--;
        return r;
}

static int find_in(Reader *reader, const char *path, char **text) {
        int r = skip_declaration(reader);

        while (r >= 0) {
                r = read_text(reader, NULL);
                if (r < 0 || !*reader->p)
                        break;
                r = read_markup(reader, path, text);
        }
        if (r >= 0 && (reader->depth > 0 || !reader->root_seen))
                r = -EBADMSG;
        return r;
}

int sts_xml_find(const char *data, size_t size, const char *path, char **ret) {
        _cleanup_secret_ char *copy = NULL, *text = NULL;
        Reader reader = { 0 };
        int r;

        if (memchr(data, '\0', size))
                return -EBADMSG;
        copy = strndup(data, size);
        if (!copy)
                return -ENOMEM;
        reader.p = copy;
        r = find_in(&reader, path, &text);
        if (r < 0)
                return r;
        if (!text)
                return -ENOENT;
        *ret = TAKE_PTR(text);
        return 0;
}

static int find_word(const char *data, size_t size, const char *path, char **ret,
                     char ret_error[static CREDENTIALS_ERROR_MAX]) {
        int r = sts_xml_find(data, size, path, ret);

        if (r >= 0 && **ret && fits_a_header(*ret))
                return 0;
        if (r == -ENOMEM)
                return r;
        if (r == -EBADMSG)
                snprintf(ret_error, CREDENTIALS_ERROR_MAX, "is not the XML that STS sends");
        else
                snprintf(ret_error, CREDENTIALS_ERROR_MAX, "has %s %s", r < 0 ? "no" : "an unusable", strrchr(path, '/') + 1);
        return -EINVAL;
}

int sts_xml_keys(const char *data, size_t size, Keys *ret, int64_t *ret_expires_s,
                 char ret_error[static CREDENTIALS_ERROR_MAX]) {
        _cleanup_secret_ char *key_id = NULL, *secret = NULL, *token = NULL, *expiry = NULL;
        int64_t expires_s;
        int r = find_word(data, size, CREDENTIALS_PATH "AccessKeyId", &key_id, ret_error);

        if (r >= 0)
                r = find_word(data, size, CREDENTIALS_PATH "SecretAccessKey", &secret, ret_error);
        if (r >= 0)
                r = find_word(data, size, CREDENTIALS_PATH "SessionToken", &token, ret_error);
        if (r >= 0)
                r = find_word(data, size, CREDENTIALS_PATH "Expiration", &expiry, ret_error);
        if (r < 0)
                return r;
        if (time_stamp_parse(expiry, &expires_s) < 0)
                return snprintf(ret_error, CREDENTIALS_ERROR_MAX, "has an Expiration that is no time of ISO 8601"), -EINVAL;
        r = keys_set(ret, key_id, secret, token);
        if (r >= 0)
                *ret_expires_s = expires_s;
        return r;
}

void sts_xml_error(const char *data, size_t size, char ret_code[static STS_CODE_MAX + 1], size_t message_size,
                   char *ret_message) {
        _cleanup_secret_ char *code = NULL, *message = NULL;
        char text[FOREIGN_TEXT_MAX + 1];

        ret_code[0] = ret_message[0] = '\0';
        if (sts_xml_find(data, size, "ErrorResponse/Error/Code", &code) < 0)
                return;
        text_append(ret_code, STS_CODE_MAX + 1, "%s", foreign_text(code, text));
        if (sts_xml_find(data, size, "ErrorResponse/Error/Message", &message) >= 0)
                text_append(ret_message, message_size, "%s", foreign_text(message, text));
}
