/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lock.h"

static const char *const state_names[_LOCK_STATE_MAX] = {
        [LOCK_STARTING_UP] = "starting-up",     [LOCK_STANDBY] = "standby",     [LOCK_ACQUIRING] = "acquiring",
        [LOCK_WAITING] = "waiting",             [LOCK_STARTING] = "starting",   [LOCK_RUNNING] = "running",
        [LOCK_LAPSED] = "lapsed",               [LOCK_STOPPING] = "stopping",   [LOCK_RELEASING] = "releasing",
        [LOCK_LOST] = "lost",                   [LOCK_STANDING_DOWN] = "standing-down",
        [LOCK_REFUSING] = "refusing",           [LOCK_FAULT] = "fault",         [LOCK_STOPPED] = "stopped",
};

static const char *const next_names[_LOCK_NEXT_MAX] = {
        [LOCK_NEXT_NONE] = "none",
        [LOCK_NEXT_POLL] = "poll",
        [LOCK_NEXT_TAKEOVER] = "takeover",
        [LOCK_NEXT_TARGET_START] = "target-start",
        [LOCK_NEXT_RENEW] = "renew",
        [LOCK_NEXT_STOP] = "stop",
        [LOCK_NEXT_KILL] = "kill",
        [LOCK_NEXT_STAND_UP] = "stand-up",
};

static const char *const refusal_names[_LOCK_REFUSAL_MAX] = {
        [LOCK_ACCEPTED] = "",
        [LOCK_REFUSED_NOT_HELD] = "NotHeld",
        [LOCK_REFUSED_HELD] = "Held",
        [LOCK_REFUSED_NOT_KEPT] = "NotKept",
        [LOCK_REFUSED_NOT_STANDING_DOWN] = "NotStandingDown",
        [LOCK_REFUSED_SAME_HOST] = "SameHost",
        [LOCK_REFUSED_NO_RECORD] = "NoRecord",
        [LOCK_REFUSED_OTHER_RECORD] = "OtherRecord",
};

const char *lock_state_name(LockState state) {
        return state_names[state];
}

const char *lock_next_name(LockNext next) {
        return next_names[next];
}

const char *lock_refusal_name(LockRefusal refusal) {
        return refusal_names[refusal];
}
