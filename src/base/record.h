/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lock's item in the table, as values. Which attribute means what: cloudlock(7) and the original program. */

#include <stdbool.h>
#include <stdint.h>

#define RECORD_HOLDER_MAX 320
#define RECORD_VERSION_MAX 64
#define RECORD_ID_SIZE 33

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
