/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lock's item in the table, as values. Which attribute means what: cloudlock(7) and the original program. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_HOLDER_MAX 320
#define RECORD_VERSION_MAX 64
#define RECORD_ID_SIZE 33

/* Of the host id, behind the '#' in the holder that a cloudlock writes; an original writes its bare my_id. */
#define HOLDER_DIGITS 8

typedef struct Record {
        char holder[RECORD_HOLDER_MAX + 1];   /* my_id, '#', 8 hex digits; a bare my_id from the original */
        char version[RECORD_VERSION_MAX + 1]; /* a UUID, new at every write */
        int64_t expire_time_ms;               /* store time, ms since the epoch; 0: released */
        int64_t start_time_ms;                /* store time; the gap counts from it */
        bool is_ours_by_shape;                /* lease_ms, host, boot and fence are all there: written by cloudlock */
        int64_t lease_ms;
        char host[RECORD_ID_SIZE];
        char boot[RECORD_ID_SIZE];
        uint64_t fence;
        char successor[RECORD_HOLDER_MAX + 1]; /* of a released one: who may try first, as an operator named it; "": anybody */
} Record;

/* The part of a record's holder that its operator wrote, my_id: all but '#' and the digits at its end. Returns `buf`. */
char *holder_name(char *buf, size_t size, const char *holder);
