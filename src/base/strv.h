/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* NULL-terminated vectors of strings, owned by the caller. */

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

size_t strv_length(char *const *v);
bool strv_contains(char *const *v, const char *s);

/* Appends a copy. 0, or -ENOMEM with *v unchanged. */
int strv_extend(char ***v, const char *s);

/* In the order of strcmp(). NULL is fine. */
void strv_sort(char **v);

/* Splits at any of `separators`, dropping empty parts. 0, or -ENOMEM. */
int strv_split(const char *s, const char *separators, char ***ret);

/* A newly allocated "a b c", or NULL when out of memory. */
char *strv_join(char *const *v, const char *separator);

/* The value of NAME=VALUE in an environment, or NULL: also for an empty one, which AWS's tools take for unset. NULL for
 * no environment. */
const char *environment_get(char *const *environment, const char *name);

/* strv_free() that wipes each string before. */
char **strv_free_secrets(char **v);
