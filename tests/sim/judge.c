/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The judge knows the true time and the true table, and nothing of how the cores decide. What it holds against them is
 * the promise itself, and the steps of the argument in cloudlock-safety(7), so that a broken step shows long before it
 * takes two hosts to the same moment. */

#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "text.h"

/* Rounding of clocks that are counted in microseconds. */
#define ROUNDING_US USEC_PER_MSEC

static const char *const invariant_names[_INVARIANT_MAX] = {
        [INVARIANT_NONE] = "none", [INVARIANT_OVERLAP] = "overlap", [INVARIANT_EARLY_RELEASE] = "early-release",
        [INVARIANT_START_WITHOUT_LEASE] = "start-without-lease", [INVARIANT_START_BEFORE_GAP] = "start-before-gap",
        [INVARIANT_START_WITHIN_LEASE] = "start-within-lease", [INVARIANT_LEASE_BEYOND_HORIZON] = "lease-beyond-horizon",
        [INVARIANT_LEASE_BEYOND_RECORD] = "lease-beyond-record", [INVARIANT_EARLY_TAKEOVER] = "early-takeover",
        [INVARIANT_VERSION_REUSED] = "version-reused", [INVARIANT_VERSION_CHANGED] = "version-changed",
        [INVARIANT_EXPIRE_TIME_LOWERED] = "expire-time-lowered", [INVARIANT_LEASE_MS_MISSING] = "lease-ms-missing",
        [INVARIANT_FENCE_NOT_RAISED] = "fence-not-raised", [INVARIANT_FOREIGN_HELD] = "foreign-held",
        [INVARIANT_OWN_LOCK_LOST] = "own-lock-lost", [INVARIANT_UNJOURNALED] = "unjournaled",
        [INVARIANT_GUARD_LEFT] = "guard-left", [INVARIANT_WATCHDOG_LATE] = "watchdog-late",
        [INVARIANT_GUARD_LATE] = "guard-late", [INVARIANT_RUNS_BEYOND_LEASE] = "runs-beyond-lease",
        [INVARIANT_OUT_OF_TURN] = "out-of-turn", [INVARIANT_KEPT_BEYOND_TENURE] = "kept-beyond-tenure",
        [INVARIANT_OWN_LOCK_DELETED] = "own-lock-deleted",
        [INVARIANT_NOBODY_RUNS] = "nobody-runs",
};

const char *invariant_name(Invariant invariant) {
        return invariant_names[invariant];
}

/* Outside the assumptions only the overlap is of interest, and it is measured. */
void violate(World *w, const Host *h, Invariant invariant, const char *text) {
        if (w->violation || w->measure)
                return;
        note(w, h, "VIOLATION of %s: %s", invariant_name(invariant), text);
        w->violation = invariant;
        w->violation_text = text;
}

static usec_t allowance_us(usec_t us) {
        return us / DRIFT_DIVISOR + ROUNDING_US;
}

static uint64_t hash(const char *text) {
        return fnv1a(FNV_START, text, strlen(text));
}

static bool same_boot(const Record *record, const char *machine_id, const char *boot_id) {
        return record->is_ours_by_shape && strcmp(record->boot, boot_id) == 0 && strcmp(record->host, machine_id) == 0;
}

static bool is_of(const Record *record, const Host *h) {
        return same_boot(record, h->machine_id, h->boot_id);
}

static bool released(const Record *record) {
        return record->expire_time_ms == 0;
}

static bool host_runs(const Host *h) {
        return h->populated && h->powered && !h->still && !h->frozen;
}

static void measure_overlap(World *w, bool overlap) {
        if (overlap && w->overlap_since_us == 0) {
                w->overlap_since_us = w->now_us;
                w->statistics->overlaps++;
        } else if (!overlap && w->overlap_since_us > 0) {
                usec_t for_us = w->now_us - w->overlap_since_us;

                if (for_us > w->statistics->overlap_us_max)
                        w->statistics->overlap_us_max = for_us;
                w->statistics->overlaps_too_long += for_us > plan_overlap_us_max(w->plan);
                w->overlap_since_us = 0;
        }
}

static bool serves(const World *w, const Host *h) {
        return host_runs(h) || (w->plan->hold_on_exit && h->daemon_up && h->lock.state == LOCK_RUNNING);
}

/* A host is judged alone, too: nobody has to have taken the lock from it. */
static void judge_lease_is_over(World *w, const Host *h) {
        if (host_runs(h) && !h->original && w->now_us > h->granted_applied_us + h->granted_lease_us &&
            w->now_us >= h->unkillable_until_us)
                violate(w, h, INVARIANT_RUNS_BEYOND_LEASE, "the target runs after the last grant is over");
}

void judge_step(World *w) {
        unsigned running[LABELS_MAX] = {}, serving = 0;
        bool overlap;

        for (unsigned i = 0; i < w->plan->n_hosts; i++) {
                running[w->hosts[i].runs_label] += host_runs(&w->hosts[i]);
                serving += serves(w, &w->hosts[i]);
                judge_lease_is_over(w, &w->hosts[i]);
        }
        overlap = running[0] > 1 || running[1] > 1;
        if (w->measure)
                measure_overlap(w, overlap);
        else if (overlap)
                violate(w, NULL, INVARIANT_OVERLAP, "two hosts run the target");
        if (serving != 1)
                w->quiet_since_us = 0;
        else if (w->quiet_since_us == 0)
                w->quiet_since_us = w->now_us;
}

static bool journaled(const Host *h, const char *version) {
        for (size_t i = 0; i < h->n_journal; i++)
                if (strcmp(h->journal[i].text, version) == 0)
                        return true;
        return false;
}

void judge_remember(Host *h, const char *version) {
        h->old_versions[h->n_old_versions++] = hash(version);
}

/* The same write is sent again as it was, until it has grown old or another one is due. */
static bool may_replace_open(const World *w, const Host *h, const LockWrite *write) {
        return h->open_version[0] == '\0' || h->open_asked || strcmp(h->open_version, write->record.version) == 0 ||
               released(&write->record) != h->open_releases ||
               w->now_us >= h->first_sent_us + (usec_t) write->record.lease_ms * USEC_PER_MSEC / 5;
}

/* Whether or not it then gets as far as the network. */
void judge_attempt(World *w, Host *h, const LockWrite *write) {
        if (!may_replace_open(w, h, write))
                violate(w, h, INVARIANT_VERSION_CHANGED, "a retry has another version than the write that it repeats");
        h->open_asked = false;
        if (strcmp(h->open_version, write->record.version) == 0)
                return;
        strcpy(h->open_version, write->record.version);
        h->open_releases = released(&write->record);
        h->first_sent_us = w->now_us;
}

/* By its own count, which begins with the answer that first showed the version. */
static bool has_waited(const World *w, const Host *h, const LockWrite *write) {
        if (write->create || write->n_expected == 0 || strcmp(write->expected[0], h->shown_version) != 0)
                return true;
        return w->now_us >= h->shown_us + h->shown_lease_us || strcmp(h->expired_version, h->shown_version) == 0;
}

void judge_send(World *w, Host *h, const LockWrite *write) {
        uint64_t version = hash(write->record.version);

        if (h->lock.write_kind == WRITE_ACQUIRE && (h->paused || w->now_us < h->steps_back_until_us))
                violate(w, h, INVARIANT_OUT_OF_TURN, "a host takes the lock that was asked to leave it alone");
        if (h->lock.write_kind == WRITE_ACQUIRE && !has_waited(w, h, write))
                violate(w, h, INVARIANT_EARLY_TAKEOVER, "a takeover is sent before the lease was waited for");
        for (size_t i = 0; i < h->n_old_versions; i++)
                if (h->old_versions[i] == version)
                        violate(w, h, INVARIANT_VERSION_REUSED, "a restarted daemon sends a version of an earlier run");
        if (!journaled(h, write->record.version))
                violate(w, h, INVARIANT_UNJOURNALED, "a version is sent before it is in the journal");
}

static void judge_same_tenure(World *w, const Host *h, const Record *old, const Record *new, bool same_run) {
        if (new->lease_ms != old->lease_ms)
                violate(w, h, INVARIANT_LEASE_MS_MISSING, "a renewal changes lease_ms");
        if (!released(new) && same_run && new->expire_time_ms < old->expire_time_ms)
                violate(w, h, INVARIANT_EXPIRE_TIME_LOWERED, "a renewal lowers expire_time");
}

static void judge_takeover(World *w, const Host *h, const Item *item, const Record *new) {
        const Record *old = &item->record;
        /* A creation that lands again after a deletion looks as if it had been there all the time; its grant is not
         * renewed by that. */
        usec_t since_us = w->deleted_by_hand ? item->first_sent_us : item->applied_us;
        bool by_wait = old->is_ours_by_shape && w->now_us >= since_us + (usec_t) old->lease_ms * USEC_PER_MSEC;

        if (same_boot(old, new->host, new->boot))
                return; /* two acquisitions of one boot, one of which nobody heard of */
        if (old->is_ours_by_shape && new->fence <= old->fence)
                violate(w, h, INVARIANT_FENCE_NOT_RAISED, "a takeover does not raise the fence");
        if (!released(old) && !by_wait && strcmp(h->expired_version, old->version) != 0)
                violate(w, h, INVARIANT_EARLY_TAKEOVER, "a record is taken over before its lease is over by either rule");
}

/* Before the item changes. */
void judge_apply(World *w, const Host *h, const Message *m) {
        Item *item = &w->items[m->label];
        const Record *new = &m->write.record;

        if (h->original)
                return;
        if (!new->is_ours_by_shape || new->lease_ms <= 0)
                violate(w, h, INVARIANT_LEASE_MS_MISSING, "a record says nothing of its lease");
        if (released(new) && h->populated && h->runs_label == m->label && !(item->there && released(&item->record)))
                violate(w, h, INVARIANT_EARLY_RELEASE, "the lock is released while the target runs");
        if (!item->there || item->unclear || item->by_hand)
                return;
        if (m->acquires)
                judge_takeover(w, h, item, new);
        else
                judge_same_tenure(w, h, &item->record, new, item->run == m->run);
}

void judge_delete(World *w, const Host *h) {
        if (h->lock.own == OWN_HELD || h->has_lease)
                violate(w, h, INVARIANT_OWN_LOCK_DELETED, "a host deletes the record under which its target may run");
}

/* Before each step. */
void judge_wish(Host *h, const LockEvent *event) {
        if (event->type == LOCK_EVENT_RELEASE && lock_refuses(&h->lock, event) == LOCK_ACCEPTED)
                h->step_back_us = event->wish.successor[0] ? 0 : event->wish.for_us;
        if (event->type == LOCK_EVENT_RESUME)
                h->step_back_us = h->steps_back_until_us = 0;
}

/* After each step. */
void judge_wishes(World *w, Host *h) {
        if (h->lock.own == OWN_HELD)
                return;
        h->step_back_us = 0;
        if (h->lock.own == OWN_NONE && h->lock.kept)
                violate(w, h, INVARIANT_KEPT_BEYOND_TENURE, "a keep outlives the tenure that it was asked for");
}

/* The stand-down begins with the release. Counted on BOOTTIME alone, which may be slewed fast by a twelfth. */
static void remember_release(const World *w, Host *h) {
        usec_t for_us = h->step_back_us;

        h->steps_back_until_us = for_us == USEC_INFINITY ? USEC_INFINITY : w->now_us + for_us - for_us / 10;
}

static bool left_to_another(const Host *h, const Record *record) {
        return released(record) && record->successor[0] && !successor_is_me(&h->lock, record->successor);
}

static void remember_shown(const World *w, Host *h, const Record *record) {
        usec_t lease_us = (usec_t) record->lease_ms * USEC_PER_MSEC;

        strcpy(h->shown_version, record->version);
        h->shown_us = w->now_us;
        h->shown_lease_us = left_to_another(h, record) ? HANDOVER_US : released(record) ? 0 : lease_us;
}

/* Rule (b), as the man page states it: Date and wall clock, agreeing, both past expire_time by the margin. */
static void judge_read(World *w, Host *h, const Message *m) {
        LockNow now = host_now(w, h);
        int64_t limit_ms = m->record.expire_time_ms + (int64_t) (EXPIRED_MARGIN_US / USEC_PER_MSEC);
        int64_t skew_us = (int64_t) now.wall_us - m->date_s * (int64_t) USEC_PER_SEC;

        if (m->has_record && strcmp(h->shown_version, m->record.version) != 0)
                remember_shown(w, h, &m->record);
        if (m->has_record && !released(&m->record) && m->date_s * 1000 > limit_ms &&
            (int64_t) (now.wall_us / USEC_PER_MSEC) > limit_ms &&
            llabs(skew_us) < (int64_t) (CLOCK_SKEW_US_DEFAULT + DATE_RESOLUTION_US + w->now_us - h->request_sent_us))
                strcpy(h->expired_version, m->record.version);
}

void judge_answer(World *w, Host *h, const Message *m) {
        if (m->outcome == LOCK_EVENT_READ)
                judge_read(w, h, m);
        if (m->outcome == LOCK_EVENT_REQUEST_FAILED)
                return;
        /* A read may tell what became of the write, or leave it open; a deletion is sent when none is. */
        h->open_asked = !m->is_write;
        if (m->is_write)
                h->open_version[0] = '\0';
        if (m->outcome != LOCK_EVENT_WRITTEN || m->is_delete)
                return;
        if (released(&m->write.record)) {
                remember_shown(w, h, &m->write.record);
                remember_release(w, h);
        }
        h->granted_applied_us = m->applied_us;
        h->granted_lease_us = released(&m->write.record) ? 0 : (usec_t) m->write.record.lease_ms * USEC_PER_MSEC;
        h->granted_record_end_us = m->write.record.expire_time_ms * 1000 - (int64_t) EXPIRE_HEADROOM_US - EPOCH_US -
                                   m->date_off_us;
}

/* After an answer was taken in. */
void judge_held(World *w, const Host *h) {
        const Lock *lock = &h->lock;

        if (lock->own != OWN_HELD || !lock->has_record)
                return;
        if (!is_of(&lock->record, h))
                violate(w, h, INVARIANT_FOREIGN_HELD, "a record of another machine or boot counts as held");
        else if (!journaled(h, lock->record.version))
                violate(w, h, INVARIANT_FOREIGN_HELD, "a record that is not in the journal counts as held");
}

/* A creation that arrives twice, and late, may land once more after a deletion: nobody promises to know it again. */
void judge_lost(World *w, const Host *h, const LockEvent *event) {
        if (event->type == LOCK_EVENT_READ && event->has_record && h->lock.own == OWN_NONE && is_of(&event->record, h) &&
            !released(&event->record) && !w->deleted_by_hand)
                violate(w, h, INVARIANT_OWN_LOCK_LOST, "a record of this very boot counts as lost");
}

/* The lease file, whenever it is written: nobody may take the record before granted_applied + lease at the earliest. */
void judge_lease(World *w, Host *h) {
        Item *item = &w->items[h->lease_label];
        usec_t horizon_us = h->granted_applied_us + h->granted_lease_us;
        usec_t by_raw_us = true_time_of_raw_us(w, h, h->lease.kill_raw_us) + KILL_MARGIN_US;
        usec_t by_boot_us = true_time_us(w, h, h->lease.kill_boot_us) + KILL_MARGIN_US;
        usec_t end_us = by_raw_us < by_boot_us ? by_raw_us : by_boot_us;

        if (h->lease.fence < item->fence_used && !w->deleted_by_hand)
                violate(w, h, INVARIANT_FENCE_NOT_RAISED, "a lease has a lower fence than an earlier one");
        if (h->lease.fence > item->fence_used)
                item->fence_used = h->lease.fence;
        /* What is kept of an earlier lease was judged when it was granted. */
        if (end_us <= w->now_us + KILL_MARGIN_US || h->lease.kill_raw_us <= h->judged_kill_raw_us)
                return;
        h->judged_kill_raw_us = h->lease.kill_raw_us;
        if (by_raw_us > horizon_us + ROUNDING_US || (!h->slewed && by_boot_us > horizon_us + ROUNDING_US))
                violate(w, h, INVARIANT_LEASE_BEYOND_HORIZON, "the lease file reaches beyond what others have to wait");
        if ((int64_t) end_us > h->granted_record_end_us + (int64_t) allowance_us(h->granted_lease_us))
                violate(w, h, INVARIANT_LEASE_BEYOND_RECORD, "the lease file reaches beyond expire_time less its headroom");
}

/* After each step of a guard. What it goes by is the file as it read it last, and both clocks. */
void judge_guard(World *w, const Host *h) {
        const Guard *guard = &h->guard;
        const Lease *file = &guard->file;
        GuardNow now = host_guard_now(w, h);

        if (!guard->has_lease)
                return;
        if (guard->phase == GUARD_RUNNING && (now.boot_us >= file->stop_boot_us || now.raw_us >= file->stop_raw_us))
                violate(w, h, INVARIANT_GUARD_LATE, "the guard lets the target run after stop_at on one of the clocks");
        if (guard->phase == GUARD_STOPPING && (now.boot_us >= file->kill_boot_us || now.raw_us >= file->kill_raw_us))
                violate(w, h, INVARIANT_GUARD_LATE, "the guard does not kill after kill_at on one of the clocks");
}

/* When the target's program begins. A record that was deleted by hand under its holder is not looked at: whoever creates
 * the next one waits for that holder. */
void judge_start(World *w, const Host *h) {
        const Item *item = &w->items[h->runs_label];
        int64_t gap_end_us = item->record.start_time_ms * 1000 + (int64_t) h->gap_us - EPOCH_US;

        if (w->now_us > h->granted_applied_us + h->granted_lease_us)
                violate(w, h, INVARIANT_START_WITHOUT_LEASE, "the target starts after the last grant is over");
        if (!item->there || item->unclear || item->by_hand || !is_of(&item->record, h))
                return;
        if ((int64_t) w->now_us < gap_end_us - w->date_off_us_max)
                violate(w, h, INVARIANT_START_BEFORE_GAP, "the target starts before the gap is over");
        for (unsigned i = 0; i < w->plan->n_hosts; i++)
                if (i != h->id && !w->hosts[i].original && w->now_us < item->busy_until_us[i])
                        violate(w, h, INVARIANT_START_WITHIN_LEASE, "the target starts while another host's lease may last");
}
