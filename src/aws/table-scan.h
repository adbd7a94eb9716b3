/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every item of a table, a page at a time, for people who look at all locks in it. Pure: bytes in, bytes out, as
 * dynamodb.h. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html */

#include <json-c/json.h>

#include "dynamodb.h"

typedef struct ScanItem {
        char *label;    /* NULL: it can't be read */
        bool is_record; /* else of the record holder and version alone, "" where they can't be read */
        Record record;
} ScanItem;

typedef struct ScanPage {
        ScanItem *items;
        size_t n;
        char *last; /* the label that the next page begins behind; NULL: there is none */
} ScanPage;

ScanPage *scan_page_free(ScanPage *page);

static inline void scan_page_freep(ScanPage **p) {
        scan_page_free(*p);
}

/* The page behind the label `after`; NULL: the first. The body is the caller's to free. 0 or -ENOMEM. */
int scan_request(const DynamoDBContext *context, const char *after, char **ret);

/* `answer` is the JSON of a sound answer. 0, -EBADMSG (it is none to Scan), -ENOMEM. */
int scan_read(json_object *answer, ScanPage **ret);
