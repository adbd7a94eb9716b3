/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A lock on a bench: time is data, events are fed by hand, the actions of the last step are looked at. */

#include "check.h"
#include "cleanup.h"
#include "lock-internal.h"

#define EPOCH_S INT64_C(1763928000) /* store time when the bench's CLOCK_BOOTTIME is 0 */
#define SEC USEC_PER_SEC
#define MIN_ USEC_PER_MINUTE

static const char self_host[] = "11111111111111111111111111111111", self_boot[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char peer_host[] = "22222222222222222222222222222222", peer_boot[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

static Lock lock;
static LockNow now;
static LockActions actions;
static LockParameters parameters;
static int64_t wall_off_us;

static inline void set_now(usec_t boot_us) {
        now = (LockNow) { boot_us, boot_us, boot_us, (usec_t) (EPOCH_S * 1000000 + wall_off_us) + boot_us };
}

static inline void step(LockEvent event) {
        lock_step(&lock, &now, &event, &actions);
}

static inline const LockAction *find(LockActionType type) {
        for (size_t i = 0; i < actions.n; i++)
                if (actions.list[i].type == type)
                        return &actions.list[i];
        return NULL;
}

/* What the last step had written to the lease file; all 0: nothing. */
static inline LockLease lease_written(void) {
        const LockAction *action = find(LOCK_ACTION_LEASE);

        return action ? action->lease : (LockLease) {};
}

static inline void tick_at(usec_t boot_us) {
        set_now(boot_us);
        step((LockEvent) { .type = LOCK_EVENT_TICK });
}

static inline void jump_to(usec_t boot_us) {
        set_now(boot_us);
}

static inline LockAnswer answer(void) {
        return (LockAnswer) { .sent = now, .date_s = EPOCH_S + (int64_t) (now.boot_us / SEC) };
}

static inline void read_none(void) {
        step((LockEvent) { .type = LOCK_EVENT_READ, .answer = answer() });
}

static inline void read_record(const Record *record) {
        step((LockEvent) { .type = LOCK_EVENT_READ, .answer = answer(), .has_record = true, .record = *record });
}

static inline void written(void) {
        step((LockEvent) { .type = LOCK_EVENT_WRITTEN, .answer = answer() });
}

static inline void units_are(UnitPhase guard, UnitPhase target, bool populated) {
        step((LockEvent) { .type = LOCK_EVENT_UNITS, .units = {
                .asked_boot_us = now.boot_us, .bound = true, .guard = guard, .target = target,
                .targets_down = target == UNIT_INACTIVE || target == UNIT_FAILED,
                .populated = populated, .stop_budget_us = 5 * SEC } });
}

static inline void units_quiet_now(void) {
        units_are(UNIT_INACTIVE, UNIT_INACTIVE, false);
}

static inline void units_running(void) {
        units_are(UNIT_ACTIVE, UNIT_ACTIVE, true);
}

/* Gap 2 min, lease 10 min, renew 1 min, poll 10 s. */
static inline void set_up(void) {
        wall_off_us = 0;
        parameters = (LockParameters) {
                .gap_us = 2 * MIN_, .lease_us = 10 * MIN_, .renew_us = MIN_, .poll_us = 10 * SEC,
                .max_clock_skew_us = 40 * SEC, .request_us = 10 * SEC, .seed = { 1, 2, 3, 4 },
        };
        strcpy(parameters.holder, "self#11111111");
        strcpy(parameters.host, self_host);
        strcpy(parameters.boot, self_boot);
        set_now(1000 * SEC);
        lock_init(&lock, &parameters, &now);
        step((LockEvent) { .type = LOCK_EVENT_TICK });
        step((LockEvent) { .type = LOCK_EVENT_TABLE });
        units_quiet_now();
}

static inline int64_t store_ms(void) {
        return EPOCH_S * 1000 + (int64_t) (now.boot_us / 1000);
}

static inline Record peer_record(void) {
        Record r = {
                .is_ours_by_shape = true, .lease_ms = 600000, .fence = 77,
                .expire_time_ms = store_ms() + 645000, .start_time_ms = store_ms() - 3600000,
        };

        strcpy(r.holder, "peer#22222222");
        strcpy(r.version, "peer-version-1");
        strcpy(r.host, peer_host);
        strcpy(r.boot, peer_boot);
        return r;
}

/* A released record of the peer is taken; the gap begins. */
static inline void come_to_wait(void) {
        Record r = peer_record();

        set_up();
        r.expire_time_ms = 0;
        read_record(&r);
        written();
}

/* The gap runs out as well, guard and target come up. */
static inline void come_to_run(void) {
        come_to_wait();
        jump_to(lock.gap_end.boot_us);
        units_quiet_now();
        written(); /* the renewals of the meantime, in one */
        tick_at(now.boot_us);
        step((LockEvent) { .type = LOCK_EVENT_GUARD_STARTED });
        units_running();
}
