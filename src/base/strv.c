/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "strv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char **strv_free(char **v) {
        for (char **i = v; i && *i; i++)
                free(*i);
        free(v);
        return NULL;
}

char **strv_free_secrets(char **v) {
        for (char **i = v; i && *i; i++)
                explicit_bzero(*i, strlen(*i));
        return strv_free(v);
}

size_t strv_length(char *const *v) {
        size_t n = 0;

        while (v && v[n])
                n++;
        return n;
}

bool strv_contains(char *const *v, const char *s) {
        for (; v && *v; v++)
                if (strcmp(*v, s) == 0)
                        return true;
        return false;
}

static int compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

void strv_sort(char **v) {
        if (v)
                qsort(v, strv_length(v), sizeof(char *), compare);
}

static int strv_extend_n(char ***v, const char *s, size_t length) {
        _cleanup_free_ char *copy = strndup(s, length);
        size_t n = strv_length(*v);
        char **grown;

        if (!copy)
                return -ENOMEM;
        grown = reallocarray(*v, n + 2, sizeof(char *));
        if (!grown)
                return -ENOMEM;
        grown[n] = TAKE_PTR(copy);
        grown[n + 1] = NULL;
        *v = grown;
        return 0;
}

int strv_extend(char ***v, const char *s) {
        return strv_extend_n(v, s, strlen(s));
}

int strv_split(const char *s, const char *separators, char ***ret) {
        _cleanup_strv_ char **v = NULL;

        for (s += strspn(s, separators); *s; s += strspn(s, separators)) {
                size_t length = strcspn(s, separators);
                int r = strv_extend_n(&v, s, length);

                if (r < 0)
                        return r;
                s += length;
        }
        *ret = TAKE_PTR(v);
        return 0;
}

char *strv_join(char *const *v, const char *separator) {
        size_t length = 1;
        char *joined, *p;

        for (char *const *i = v; i && *i; i++)
                length += strlen(*i) + strlen(separator);
        joined = p = malloc(length);
        if (!joined)
                return NULL;
        *p = '\0';
        for (char *const *i = v; i && *i; i++) {
                if (i != v)
                        p = stpcpy(p, separator);
                p = stpcpy(p, *i);
        }
        return joined;
}

const char *environment_get(char *const *environment, const char *name) {
        size_t length = strlen(name);

        for (; environment && *environment; environment++)
                if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
                        return (*environment)[length + 1] ? *environment + length + 1 : NULL;
        return NULL;
}
