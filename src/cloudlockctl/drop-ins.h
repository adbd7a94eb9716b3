/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of drop-ins that come and go together: all of them, or none. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cleanup.h"

/* Ours are below 1 KiB; what somebody else put in their place is looked at up to here. */
#define DROP_IN_SIZE_MAX (64u * 1024)

typedef struct DropIn {
        char *path;
        char *before; /* what is there now; NULL: nothing */
        char *after;  /* what shall be there; NULL: nothing */
} DropIn;

typedef struct DropIns {
        DropIn *list;
        size_t n;
} DropIns;

void drop_ins_done(DropIns *drop_ins);
#define _cleanup_drop_ins_ _cleanup_(drop_ins_done)

/* Plans one file; `after` NULL: its removal. Copies both. 0, or a negative errno from looking at what is there. */
int drop_ins_add(DropIns *drop_ins, const char *path, const char *after);

/* Whether everything is already as planned. */
bool drop_ins_are_in_place(const DropIns *drop_ins);

/* Carries the plan out, on disk when it returns. On failure nothing is left changed, and *ret_path names the file that
 * failed, owned by `drop_ins`. 0 or a negative errno. */
int drop_ins_apply(const DropIns *drop_ins, const char **ret_path);

/* Puts back what was there before. 0, or the first negative errno; it tries every file nevertheless. */
int drop_ins_revert(const DropIns *drop_ins);

/* Says for each file that differs what was (or would be) done with it; `with_text`: also what is in it. */
void drop_ins_print(const DropIns *drop_ins, FILE *out, bool with_text);
