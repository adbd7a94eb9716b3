/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <string.h>

/* Items nest 32 deep, each level an object for the type and one for the value; and a little around them. */
#define DEPTH_MAX 72

/* json-c counts in int; no answer of DynamoDB to one item is longer. */
#define SIZE_BYTES_MAX ((size_t) 1024 * 1024)

#define BLANKS " \t\r\n"
#define OUTSIDE_STRINGS "{}[]:,+-.0123456789eEtrufalsn" BLANKS
#define GZIP_MAGIC "\x1f\x8b"

/* What it has read may be keys. */
static void tokener_freep(json_tokener **t) {
        if (!*t)
                return;
        explicit_bzero((*t)->pb->buf, (size_t) (*t)->pb->size);
        json_tokener_free(*t);
}

static void wipe(json_object *value) {
        if (json_object_is_type(value, json_type_string)) {
                /* json-c hands out its own bytes, and has no other way to overwrite them. */
                explicit_bzero((char *) (uintptr_t) json_object_get_string(value),
                               (size_t) json_object_get_string_len(value));
        } else if (json_object_is_type(value, json_type_array)) {
                for (size_t i = 0; i < json_object_array_length(value); i++)
                        wipe(json_object_array_get_idx(value, i));
        } else if (json_object_is_type(value, json_type_object)) {
                json_object_object_foreach(value, name, member) {
                        (void) name;
                        wipe(member);
                }
        }
}

void json_put_wiped(json_object *object) {
        wipe(object);
        json_object_put(object);
}

static size_t count_members(json_object *value) {
        size_t n = 0;

        if (json_object_is_type(value, json_type_array)) {
                for (size_t i = 0; i < json_object_array_length(value); i++)
                        n += count_members(json_object_array_get_idx(value, i));
        } else if (json_object_is_type(value, json_type_object)) {
                json_object_object_foreach(value, name, member) {
                        (void) name;
                        n += 1 + count_members(member);
                }
        }
        return n;
}

/* Of text that json-c takes for JSON: every member has one colon outside of strings, and nothing else stands there than
 * what JSON knows (json-c lets names in single quotes pass, and NaN). False, or *ret_colons. */
static bool count_colons(const char *data, size_t size, size_t *ret_colons) {
        bool in_string = false;
        size_t n = 0;

        for (size_t i = 0; i < size; i++) {
                if (in_string && data[i] == '\\')
                        i++;
                else if (data[i] == '"')
                        in_string = !in_string;
                else if (!in_string && !strchr(OUTSIDE_STRINGS, data[i]))
                        return false;
                else if (!in_string && data[i] == ':')
                        n++;
        }
        *ret_colons = n;
        return true;
}

static bool begins_with(const char *data, size_t size, const char *beginning) {
        return size >= strlen(beginning) && memcmp(data, beginning, strlen(beginning)) == 0;
}

/* What can be said without a parser. */
static JsonProblem look_at_bytes(const char *data, size_t size) {
        size_t begin = 0;

        if (size > SIZE_BYTES_MAX)
                return JSON_PROBLEM_LARGE;
        if (begins_with(data, size, GZIP_MAGIC))
                return JSON_PROBLEM_COMPRESSED;
        if (memchr(data, 0, size))
                return JSON_PROBLEM_BYTES;
        while (begin < size && strchr(BLANKS, data[begin]))
                begin++;
        if (begin == size)
                return JSON_PROBLEM_EMPTY;
        if (data[begin] == '<')
                return JSON_PROBLEM_MARKUP;
        return data[begin] == '{' ? JSON_PROBLEM_NONE : JSON_PROBLEM_NO_OBJECT;
}

static JsonProblem problem_of(enum json_tokener_error error) {
        if (error == json_tokener_success)
                return JSON_PROBLEM_NONE;
        if (error == json_tokener_continue)
                return JSON_PROBLEM_CUT;
        if (error == json_tokener_error_depth)
                return JSON_PROBLEM_DEEP;
        return error == json_tokener_error_parse_utf8_string ? JSON_PROBLEM_BYTES : JSON_PROBLEM_SYNTAX;
}

int json_parse(const char *data, size_t size, json_object **ret) {
        _cleanup_(tokener_freep) json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
        _cleanup_json_ json_object *object = NULL;
        JsonProblem problem = look_at_bytes(data, size);
        size_t colons;

        if (!tokener)
                return -ENOMEM;
        if (problem != JSON_PROBLEM_NONE)
                return (int) problem;
        /* Room for all of it, or growing would leave copies behind. */
        if (printbuf_memset(tokener->pb, 0, '\0', (int) size) < 0)
                return -ENOMEM;
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS |
                                                JSON_TOKENER_VALIDATE_UTF8);
        object = json_tokener_parse_ex(tokener, data, (int) size);
        problem = problem_of(json_tokener_get_error(tokener));
        if (problem != JSON_PROBLEM_NONE)
                return (int) problem;
        for (size_t end = json_tokener_get_parse_end(tokener); end < size; end++)
                if (!strchr(BLANKS, data[end]))
                        return JSON_PROBLEM_MORE;

        /* json-c keeps the last of members with one name; another reader may have kept the first. */
        if (!count_colons(data, size, &colons))
                return JSON_PROBLEM_SYNTAX;
        if (colons != count_members(object))
                return JSON_PROBLEM_TWICE;
        *ret = TAKE_PTR(object);
        return JSON_PROBLEM_NONE;
}

int json_parse_strict(const char *data, size_t size, json_object **ret) {
        int r = json_parse(data, size, ret);

        return r > 0 ? -EBADMSG : r;
}

const char *json_problem_text(JsonProblem problem) {
        static const char *const texts[_JSON_PROBLEM_MAX] = {
                [JSON_PROBLEM_NONE] = "is sound",
                [JSON_PROBLEM_EMPTY] = "is empty",
                [JSON_PROBLEM_LARGE] = "is too large",
                [JSON_PROBLEM_COMPRESSED] = "is compressed, which was not asked for",
                [JSON_PROBLEM_MARKUP] = "is a page for people (HTML or XML)",
                [JSON_PROBLEM_BYTES] = "has bytes in it that are no text",
                [JSON_PROBLEM_CUT] = "is cut off",
                [JSON_PROBLEM_DEEP] = "is nested too deeply",
                [JSON_PROBLEM_SYNTAX] = "is no JSON",
                [JSON_PROBLEM_NO_OBJECT] = "is no JSON object",
                [JSON_PROBLEM_MORE] = "has something behind its end",
                [JSON_PROBLEM_TWICE] = "says something twice",
        };

        return texts[problem];
}

const char *json_string_member(json_object *object, const char *name) {
        json_object *member;
        const char *text;

        if (!json_object_object_get_ex(object, name, &member) || !json_object_is_type(member, json_type_string))
                return NULL;
        text = json_object_get_string(member);
        return strlen(text) == (size_t) json_object_get_string_len(member) ? text : NULL;
}

int json_put(json_object *object, const char *name, json_object *value) {
        if (!value)
                return -ENOMEM;
        if (json_object_object_add(object, name, value) < 0) {
                json_object_put(value);
                return -ENOMEM;
        }
        return 0;
}

int json_put_string(json_object *object, const char *name, const char *value) {
        return json_put(object, name, json_object_new_string(value));
}

int json_format(json_object *object, char **ret) {
        const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        char *copy = text ? strdup(text) : NULL;

        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}
