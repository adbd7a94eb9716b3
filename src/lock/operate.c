/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What operators ask for: what of it is possible now, and what it changes. */

#include <stdio.h>
#include <string.h>

#include "lock-internal.h"

bool holds_on_exit(const Lock *lock) {
        return lock->p.hold_on_exit || lock->kept;
}

bool stands_down(const Lock *lock, const LockNow *now) {
        return lock->paused || now->boot_us < lock->stand_down_boot_us;
}

/* Nothing of ours may run under the record to be deleted: neither what this daemon started, nor an earlier run of it,
 * nor what an acquisition whose fate is open would allow. */
bool may_unlock(const Lock *lock) {
        return lock->own == OWN_NONE && lock->permit == PERMIT_NONE && !lock->write_open;
}

static LockRefusal refuses_release(const Lock *lock, const LockWish *wish) {
        if (lock->own != OWN_HELD || lock->exiting)
                return LOCK_REFUSED_NOT_HELD;
        return successor_is_me(lock, wish->successor) ? LOCK_REFUSED_SAME_HOST : LOCK_ACCEPTED;
}

static LockRefusal refuses_unlock(const Lock *lock, const LockDelete *unlock) {
        if (!may_unlock(lock))
                return LOCK_REFUSED_HELD;
        if (!lock->has_record && !lock->unclear)
                return LOCK_REFUSED_NO_RECORD;
        return strcmp(unlock->holder, lock->record.holder) == 0 && strcmp(unlock->version, lock->record.version) == 0 ?
                LOCK_ACCEPTED : LOCK_REFUSED_OTHER_RECORD;
}

LockRefusal lock_refuses(const Lock *lock, const LockEvent *event) {
        switch (event->type) {
        case LOCK_EVENT_RELEASE:
                return refuses_release(lock, &event->wish);
        case LOCK_EVENT_FORCE_UNLOCK:
                return refuses_unlock(lock, &event->wish.unlock);
        case LOCK_EVENT_KEEP:
        case LOCK_EVENT_RENEW:
                return lock->own == OWN_HELD && !lock->exiting ? LOCK_ACCEPTED : LOCK_REFUSED_NOT_HELD;
        case LOCK_EVENT_UNKEEP:
                return lock->kept ? LOCK_ACCEPTED : LOCK_REFUSED_NOT_KEPT;
        case LOCK_EVENT_PAUSE:
                /* A permit without a lock: what was held before is being ended, or a restarted daemon has not looked yet. */
                return lock->own == OWN_HELD || lock->permit != PERMIT_NONE ? LOCK_REFUSED_HELD : LOCK_ACCEPTED;
        case LOCK_EVENT_RESUME:
                return lock->paused || lock->release_wanted || lock->stand_down_boot_us != 0 ?
                        LOCK_ACCEPTED : LOCK_REFUSED_NOT_STANDING_DOWN;
        case LOCK_EVENT_TICK:
        case LOCK_EVENT_READ:
        case LOCK_EVENT_READ_UNCLEAR:
        case LOCK_EVENT_WRITTEN:
        case LOCK_EVENT_CONDITION_FAILED:
        case LOCK_EVENT_REQUEST_FAILED:
        case LOCK_EVENT_UNITS:
        case LOCK_EVENT_GUARD_STARTED:
        case LOCK_EVENT_GUARD_FAILED:
        case LOCK_EVENT_LEASE_UNWRITABLE:
        case LOCK_EVENT_STOP:
        case LOCK_EVENT_CLOCK_JUMP:
        case LOCK_EVENT_TABLE:
        case _LOCK_EVENT_MAX:
                break;
        }
        return LOCK_ACCEPTED;
}

/* The stand-down counts from when the lock is given up: a stop that takes longer must not end in another start. */
static void wish_release(Lock *lock, const LockNow *now, const LockEvent *event) {
        lock->release_wanted = true;
        lock->release_for_us = event->wish.for_us;
        strcpy(lock->successor, event->wish.successor);
        lock->retry_boot_us = lock->look_boot_us = now->boot_us;
        snprintf(lock->reason, sizeof(lock->reason), "%s", LOCK_REASON_RELEASED);
}

/* A deletion takes its turn; what is under way may show that it is not to be done any more. */
static void wish_unlock(Lock *lock, const LockNow *now, const LockEvent *event) {
        lock->unlock_state = UNLOCK_WANTED;
        lock->unlock = event->wish.unlock;
        lock->retry_boot_us = now->boot_us;
}

static void resume(Lock *lock) {
        lock->paused = lock->release_wanted = false;
        lock->successor[0] = '\0';
        lock->stand_down_boot_us = 0;
        lock->reason[0] = '\0';
}

void end_tenure(Lock *lock, const LockNow *now) {
        lock->own = OWN_NONE;
        lock->horizon_known = false;
        lock->kept = false;
        if (!lock->release_wanted)
                return;
        lock->release_wanted = false;
        if (lock->successor[0])
                lock->reason[0] = lock->successor[0] = '\0'; /* what was released names it now */
        else
                lock->stand_down_boot_us = usec_add(now->boot_us, lock->release_for_us);
}

void take_wish(Lock *lock, const LockNow *now, const LockEvent *event) {
        if (lock_refuses(lock, event) != LOCK_ACCEPTED)
                return;
        if (event->type == LOCK_EVENT_RELEASE)
                wish_release(lock, now, event);
        else if (event->type == LOCK_EVENT_FORCE_UNLOCK)
                wish_unlock(lock, now, event);
        else if (event->type == LOCK_EVENT_PAUSE)
                lock->paused = true;
        else if (event->type == LOCK_EVENT_RESUME)
                resume(lock);
        else if (event->type == LOCK_EVENT_RENEW)
                lock->renew_boot_us = lock->retry_boot_us = now->boot_us;
        else
                lock->kept = event->type == LOCK_EVENT_KEEP;
}
