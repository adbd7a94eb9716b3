/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who held the lock when, as far as this host saw it: the last tenures, and how each ended. Pure; the daemon keeps the
 * text in its state directory, where a person may read it, too. */

#include <stdbool.h>
#include <stddef.h>

#include "lock.h"

#define HISTORY_MAX 64
/* Two times of 27 characters, the longest word for how, a host, a holder, and what is between them. */
#define HISTORY_LINE_MAX (2 * 27 + 10 + RECORD_ID_SIZE + RECORD_HOLDER_MAX + 8)
#define HISTORY_TEXT_MAX (HISTORY_MAX * HISTORY_LINE_MAX + 128)

typedef enum HistoryHow {
        HISTORY_ACQUIRED, /* goes on */
        HISTORY_RELEASED,
        HISTORY_EXPIRED,    /* and nobody has taken it yet */
        HISTORY_LOST,       /* it was this host's, and somebody else's record stands there now */
        HISTORY_TAKEN_OVER, /* this host saw the next holder's record, and not how this tenure ended */
        HISTORY_DELETED,
        _HISTORY_HOW_MAX,
} HistoryHow;

/* "acquired", "taken-over", … */
const char *history_how_name(HistoryHow how);

typedef struct HistoryChange {
        usec_t since_us, until_us; /* on the wall clock, the beginning as the record says; until 0: goes on, or unknown */
        HistoryHow how;
        char holder[RECORD_HOLDER_MAX + 1];
        char host[RECORD_ID_SIZE]; /* empty: the record names none */
        uint64_t fence;            /* 0: unknown; not kept in the text */
} HistoryChange;

/* All zero: empty. */
typedef struct History {
        HistoryChange ring[HISTORY_MAX];
        size_t first, n;
        uint64_t n_seen; /* tenures that began, of all times; not kept in the text */
} History;

/* From the oldest, `i` < n. */
const HistoryChange *history_get(const History *history, size_t i);

/* Takes notice of what the lock shows at `now_boot_us`; `own` is this host's holder id. Whether anything changed. */
bool history_note(History *history, const LockView *view, const char *own, usec_t now_boot_us, usec_t wall_minus_boot_us);

/* Never longer than HISTORY_TEXT_MAX with its NUL. */
void history_format(const History *history, char buf[static HISTORY_TEXT_MAX]);

/* 0; -EBADMSG: not what history_format() writes, *ret untouched. Cuts `text` up. */
int history_parse(char *text, History *ret);
