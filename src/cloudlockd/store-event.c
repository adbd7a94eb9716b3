/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-event.h"

static LockEventType event_type(const StoreAnswer *answer, bool write) {
        switch (answer->outcome) {
        case STORE_OK:
                return write ? LOCK_EVENT_WRITTEN : LOCK_EVENT_READ;
        case STORE_CONDITION_FAILED:
                return LOCK_EVENT_CONDITION_FAILED;
        case STORE_UNCLEAR:
                return LOCK_EVENT_READ_UNCLEAR;
        case STORE_RETRY:
        case STORE_PERSON: /* tried again all the same: a right that is given back is noticed by itself */
                break;
        }
        return LOCK_EVENT_REQUEST_FAILED;
}

LockEvent store_event(const StoreAnswer *answer, bool write, const LockNow *sent) {
        return (LockEvent) {
                .type = event_type(answer, write),
                .answer = { .sent = *sent, .date_s = answer->date_s },
                .has_record = answer->has_record,
                .record = answer->record,
        };
}
