/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "lock-internal.h"

#define MSEC(us) ((int64_t) ((us) / USEC_PER_MSEC))

/* How far beyond what any host may write a record's times can lie before it needs a person: Date's resolution, the
 * width of a slow answer, a server's clock. */
#define SLACK_MS MSEC(2 * USEC_PER_MINUTE)

bool record_is_released(const Record *record) {
        return record->expire_time_ms == 0;
}

static const LockVersion *find_version(const Lock *lock, const char *version) {
        for (size_t i = 0; i < lock->n_ours; i++)
                if (strcmp(lock->ours[i].text, version) == 0)
                        return &lock->ours[i];
        return NULL;
}

bool version_is_ours(const Lock *lock, const char *version) {
        return find_version(lock, version) != NULL;
}

bool version_creates(const Lock *lock, const char *version) {
        const LockVersion *found = find_version(lock, version);

        return found && found->creates;
}

/* Name alone proves nothing: only this boot of this machine can have journaled the version. */
bool record_is_mine(const Lock *lock, const Record *record) {
        return record->is_ours_by_shape && strcmp(record->host, lock->p.host) == 0 &&
               strcmp(record->boot, lock->p.boot) == 0 && version_is_ours(lock, record->version);
}

bool record_needs_person(const Record *record, const LockAnswer *answer) {
        int64_t date_ms = answer->date_s * 1000;

        if (record->is_ours_by_shape && (record->lease_ms < MSEC(LEASE_US_MIN) || record->lease_ms > MSEC(LEASE_US_MAX)))
                return true;
        return record->expire_time_ms < 0 || record->start_time_ms < 0 ||
               record->expire_time_ms > date_ms + MSEC(LEASE_US_MAX + EXPIRE_HEADROOM_US) + SLACK_MS ||
               record->start_time_ms > date_ms + MSEC(LEASE_US_MAX) + SLACK_MS;
}

static size_t name_length(const char *holder) {
        return strcspn(holder, "#");
}

bool record_is_duplicate_id(const Lock *lock, const Record *record) {
        size_t length = name_length(lock->p.holder);

        return name_length(record->holder) == length && memcmp(record->holder, lock->p.holder, length) == 0 &&
               !(record->is_ours_by_shape && strcmp(record->host, lock->p.host) == 0);
}

/* As operators name hosts: my_id, all of `holder`, or the host id. */
bool successor_is_me(const Lock *lock, const char *successor) {
        size_t length = name_length(lock->p.holder);

        return strcmp(successor, lock->p.holder) == 0 || strcmp(successor, lock->p.host) == 0 ||
               (strlen(successor) == length && memcmp(successor, lock->p.holder, length) == 0);
}

bool records_equal(const Record *a, const Record *b) {
        return strcmp(a->version, b->version) == 0 && strcmp(a->holder, b->holder) == 0 &&
               strcmp(a->host, b->host) == 0 && strcmp(a->boot, b->boot) == 0 &&
               a->expire_time_ms == b->expire_time_ms && a->start_time_ms == b->start_time_ms &&
               a->is_ours_by_shape == b->is_ours_by_shape && a->lease_ms == b->lease_ms && a->fence == b->fence &&
               strcmp(a->successor, b->successor) == 0;
}

/* The latest that the store's clock can show now. */
int64_t store_time_high_ms(const Lock *lock, const LockNow *now) {
        return ((int64_t) now->boot_us + lock->offset_high_us) / 1000 + 1;
}

/* The gap, or the longest lease that anybody may have been granted. */
usec_t creator_wait_us(const Lock *lock) {
        usec_t lease_us = (usec_t) lock->longest_lease_ms * USEC_PER_MSEC;

        if (lease_us < lock->p.lease_us)
                lease_us = lock->p.lease_us;
        lease_us = usec_add(lease_us, drift_us(lease_us));
        return lease_us > lock->p.gap_us ? lease_us : lock->p.gap_us;
}

/* With no record the creator waits until whoever held before a deletion has run out; nobody lowers that. A released
 * record of this host was held by nobody in between: its gap is over when it would have been. */
static int64_t next_start_time_ms(const Lock *lock, const LockNow *now) {
        const Record *old = &lock->record;
        int64_t now_ms = store_time_high_ms(lock, now);

        if (!lock->has_record)
                return now_ms + MSEC(usec_sub(creator_wait_us(lock), lock->p.gap_us));
        if (old->start_time_ms > now_ms)
                return old->start_time_ms;
        if (old->is_ours_by_shape && record_is_released(old) && strcmp(old->host, lock->p.host) == 0)
                return old->start_time_ms;
        return now_ms;
}

static void begin_tenure(Lock *lock, const LockNow *now, Record *record) {
        uint64_t previous = lock->highest_fence;

        record->start_time_ms = next_start_time_ms(lock, now);
        record->lease_ms = MSEC(lock->p.lease_us);
        record->fence = previous + 1 > (uint64_t) record->start_time_ms ? previous + 1 : (uint64_t) record->start_time_ms;
        lock->start_floor_ms = lock->expire_high_ms = 0;
}

static void expect(LockWrite *write, const char *version) {
        strcpy(write->expected[write->n_expected++], version);
}

/* Conditional on what may be in the table: the version shown, and every one of ours whose fate is unknown, this
 * write's own included, so that a retry of an applied write succeeds. */
static void fill_condition(Lock *lock, LockWrite *write, bool acquire) {
        write->n_expected = 0;
        write->create = acquire && !lock->has_record;
        if (lock->has_record && !version_is_ours(lock, lock->record.version))
                expect(write, lock->record.version);
        for (size_t i = 0; i < lock->n_ours; i++)
                expect(write, lock->ours[i].text);
        memcpy(write->journal, lock->ours, sizeof(write->journal));
        write->n_journal = lock->n_ours;
}

/* What our writes are conditional on besides each other; once the table shows something else, none can land. */
static void remember_base(Lock *lock) {
        if (!lock->has_record)
                lock->base[0] = '\0';
        else if (!version_is_ours(lock, lock->record.version))
                strcpy(lock->base, lock->record.version);
}

/* Forgetting a version costs the lock, never the promise: should it surface, it counts as foreign. */
static void make_room(Lock *lock) {
        size_t drop = lock->has_record && strcmp(lock->ours[0].text, lock->record.version) == 0;

        if (lock->n_ours < LOCK_JOURNAL_MAX)
                return;
        memmove(&lock->ours[drop], &lock->ours[drop + 1], (LOCK_JOURNAL_MAX - drop - 1) * sizeof(lock->ours[0]));
        lock->n_ours--;
}

/* Never lowered within a tenure, though the store's time should step back: somebody may go by what was written. */
static int64_t next_expire_time_ms(Lock *lock, WriteKind kind, const LockNow *now) {
        int64_t expire_time_ms = store_time_high_ms(lock, now) + lock->write.record.lease_ms + MSEC(EXPIRE_HEADROOM_US);

        if (kind == WRITE_RELEASE)
                return 0;
        if (kind == WRITE_RENEW && lock->record.expire_time_ms > lock->expire_high_ms)
                lock->expire_high_ms = lock->record.expire_time_ms;
        if (expire_time_ms > lock->expire_high_ms)
                lock->expire_high_ms = expire_time_ms;
        return lock->expire_high_ms;
}

static void remember_version(Lock *lock, const char *version, bool creates) {
        LockVersion *entry = &lock->ours[lock->n_ours++];

        strcpy(entry->text, version);
        entry->creates = creates;
}

void prepare_write(Lock *lock, WriteKind kind, const LockNow *now) {
        LockWrite *write = &lock->write;
        Record *record = &write->record;

        remember_base(lock);
        make_room(lock);
        *record = lock->has_record ? lock->record : (Record) {};
        if (kind == WRITE_ACQUIRE)
                begin_tenure(lock, now, record);
        else if (record->start_time_ms < lock->start_floor_ms)
                record->start_time_ms = lock->start_floor_ms;
        lock_draw_version(lock, now, record->version);
        strcpy(record->holder, lock->p.holder);
        strcpy(record->host, lock->p.host);
        strcpy(record->boot, lock->p.boot);
        strcpy(record->successor, kind == WRITE_RELEASE ? lock->successor : "");
        record->is_ours_by_shape = true;
        record->expire_time_ms = next_expire_time_ms(lock, kind, now);
        remember_version(lock, record->version, kind == WRITE_ACQUIRE && !lock->has_record);
        fill_condition(lock, write, kind == WRITE_ACQUIRE);
        lock->write_kind = kind;
        lock->write_open = true;
        lock->write_first_sent = *now;
}
