/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The table as the lock sees it: a consistent read, a conditional write and a conditional deletion of one item, and a
 * look at what kind of table it is in, asynchronously on sd-event. One call is one attempt; trying again is the
 * caller's (the core's) decision. */

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "record.h"
#include "time-span.h"

#define STORE_ERROR_MAX 512

typedef enum StoreOutcome {
        STORE_OK,
        STORE_CONDITION_FAILED, /* of a write or deletion: surely not applied by this attempt */
        STORE_UNCLEAR,          /* of a read: the item is there, but not a lock record */
        STORE_RETRY,            /* no answer, throttled, 5xx, broken answer: it may have been applied */
        STORE_PERSON,           /* trying again will not help until a person acts: rights, table, keys */
} StoreOutcome;

typedef struct StoreAnswer {
        StoreOutcome outcome;
        int64_t date_s;      /* Date header, seconds since the epoch; 0: none */
        bool has_record;     /* of a read */
        Record record;       /* of STORE_UNCLEAR holder and version alone, "" where they can't be read */
        char error[STORE_ERROR_MAX]; /* a sentence for a person unless STORE_OK */
} StoreAnswer;

typedef void (*StoreHandler)(const StoreAnswer *answer, void *userdata);

typedef struct StoreConfig {
        const char *region, *table, *endpoint, *label;         /* endpoint: URL without trailing slash */
        const char *aws_key_id, *aws_secret, *aws_session_token; /* NULL: look along the rest of the chain */
        char *const *environment; /* as Config.aws_environment: keys, proxies, AWS_CA_BUNDLE; NULL: nothing */
        const char *credentials_directory; /* of systemd's credentials; NULL: none */
        const char *ca_bundle;    /* the profile's, where AWS_CA_BUNDLE is not set; NULL: the system's */
} StoreConfig;

typedef struct StoreWrite {
        const Record *record;
        bool create;                  /* the condition also holds when there is no version */
        const char *const *expected;  /* versions, any of which fulfils the condition */
        size_t n_expected;
} StoreWrite;

/* Of the item that was shown. What could not be read is "", and then not part of the condition; a version that could not
 * be read must be none that a lock has: missing, or no string. */
typedef struct StoreDelete {
        const char *version, *holder;
} StoreDelete;

typedef enum TableVerdict {
        TABLE_FINE,
        TABLE_REFUSED,     /* it can't hold a lock */
        TABLE_NOT_ALLOWED, /* nothing is known to be wrong with it, but the keys have no right to look at everything */
        TABLE_RETRY,       /* nothing is known */
} TableVerdict;

typedef struct TableAnswer {
        TableVerdict verdict;
        char error[STORE_ERROR_MAX]; /* a sentence for a person unless TABLE_FINE */
        const char *assumption;      /* of NOT_ALLOWED: what has to be true of the table then; a clause, a literal */
        bool streams_images;         /* it has a stream of new and old images, which a global table of 2017 needs */
} TableAnswer;

typedef void (*TableHandler)(const TableAnswer *answer, void *userdata);

typedef struct Store Store;

/* Copies the configuration. 0 or a negative errno; -EINVAL: endpoint or proxy are no such. */
int store_new(sd_event *event, const StoreConfig *config, Store **ret);
Store *store_free(Store *store);

static inline void store_freep(Store **s) {
        store_free(*s);
}

/* At most one request is under way; beginning another one cancels it, without its handler being called. The handler
 * is called exactly once otherwise, never from inside these functions. `timeout_us` bounds the whole attempt,
 * looking for the keys included.
 * 0 or a negative errno (nothing was sent then). */
int store_read(Store *store, usec_t timeout_us, StoreHandler handler, void *userdata);
int store_write(Store *store, const StoreWrite *write, usec_t timeout_us, StoreHandler handler, void *userdata);
int store_delete(Store *store, const StoreDelete *delete, usec_t timeout_us, StoreHandler handler, void *userdata);
void store_cancel(Store *store);

/* Where the keys of the latest request are from, a noun, and what is wrong where they can't be renewed: "profile lock of
 * /etc/aws/credentials". NULL: there were none yet. Borrowed until the loop turns. */
const char *store_key_source(const Store *store);

/* Looks at the table, beside the read or write that is under way, and in the same terms: one look at a time.
 * `timeout_us` bounds each of its requests, up to three. */
int store_look_at_table(Store *store, usec_t timeout_us, TableHandler handler, void *userdata);
void store_look_cancel(Store *store);
