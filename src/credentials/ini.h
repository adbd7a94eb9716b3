/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The syntax of AWS's shared files, as botocore reads it (Python's RawConfigParser): "[section]", "key = value" or
 * "key: value", whole lines of '#' and ';' are comments, lines that are indented deeper than their key continue its
 * value. Pure. */

#include <stddef.h>

typedef struct IniEntry {
        const char *section, *key; /* the key in lower case */
        const char *value;         /* lines of a longer one separated by '\n'; wiped after the call */
} IniEntry;

/* Called for each entry, and once for each section header, with key and value NULL. Negative: ends the parsing. */
typedef int (*IniHandler)(const IniEntry *entry, void *userdata);

/* 0; -EINVAL with *ret_line (from 1) and *ret_problem, a clause; -ENOMEM; what the handler said. */
int ini_parse(const char *data, size_t size, IniHandler handler, void *userdata, unsigned *ret_line,
              const char **ret_problem);

/* Calls `handler` for each "key = value" line of a value that begins with a line break, as a nested section has it. */
int ini_parse_nested(const char *value, IniHandler handler, void *userdata);
