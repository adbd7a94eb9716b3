/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picture.h"

#include <assert.h>
#include <string.h>

#include "text.h"

/* The wall clock is slewed and the store's Date counts whole seconds: what moves by less than this has not moved. */
#define TREMBLE_US USEC_PER_SEC

const PictureField picture_fields[_PICTURE_ID_MAX] = {
        [PICTURE_INSTANCE] = { "instance", "Instance", PICTURE_TEXT, PICTURE_CONSTANT },
        [PICTURE_LABEL] = { "label", "Label", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_TABLE] = { "table", "Table", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_REGION] = { "region", "Region", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_MY_ID] = { "myId", "MyId", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_HOLDER_ID] = { "holderId", NULL, PICTURE_TEXT, PICTURE_SILENT },
        [PICTURE_STATE] = { "state", "State", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_REASON] = { "reason", "Reason", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_STATUS] = { "status", "StatusText", PICTURE_TEXT, PICTURE_SILENT },
        [PICTURE_HELD] = { "held", "Held", PICTURE_BOOL, PICTURE_EMITS },
        [PICTURE_HOLDER] = { "holder", "Holder", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_HOLDER_HOST] = { "holderHost", "HolderHost", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_SINCE] = { "since", "SinceUSec", PICTURE_NUMBER, PICTURE_EMITS },
        [PICTURE_EXPIRES] = { "expires", "ExpiresUSec", PICTURE_ESTIMATE, PICTURE_INVALIDATES },
        [PICTURE_VERSION] = { "version", "Version", PICTURE_TEXT, PICTURE_SILENT },
        [PICTURE_LEASE] = { "leaseUSec", "LeaseUSec", PICTURE_NUMBER, PICTURE_EMITS },
        [PICTURE_GAP] = { "gapUSec", "GapUSec", PICTURE_NUMBER, PICTURE_EMITS },
        [PICTURE_RENEW] = { "renewUSec", "RenewUSec", PICTURE_NUMBER, PICTURE_EMITS },
        [PICTURE_POLL] = { "pollUSec", "PollUSec", PICTURE_NUMBER, PICTURE_EMITS },
        [PICTURE_FENCE] = { "fence", "Fence", PICTURE_NUMBER, PICTURE_EMITS },
        [PICTURE_LAST_RENEWAL] = { "lastRenewal", "LastRenewalUSec", PICTURE_MOMENT, PICTURE_INVALIDATES },
        [PICTURE_STORE_ANSWERED] = { "storeAnswered", NULL, PICTURE_MOMENT, PICTURE_SILENT },
        [PICTURE_STORE_FAILING] = { "storeFailing", "StoreFailing", PICTURE_BOOL, PICTURE_EMITS },
        [PICTURE_STORE_FAILING_SINCE] = { "storeFailingSince", NULL, PICTURE_MOMENT, PICTURE_SILENT },
        [PICTURE_STORE_ERROR] = { "storeError", "StoreError", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_CLOCK_SKEW] = { "clockSkewUSec", "ClockSkewUSec", PICTURE_SKEW, PICTURE_EMITS },
        [PICTURE_DUPLICATE_ID] = { "duplicateId", "DuplicateId", PICTURE_BOOL, PICTURE_EMITS },
        [PICTURE_STOP_AT] = { "stopAt", "StopAtUSec", PICTURE_MOMENT, PICTURE_INVALIDATES },
        [PICTURE_KILL_AT] = { "killAt", "KillAtUSec", PICTURE_MOMENT, PICTURE_INVALIDATES },
        [PICTURE_NEXT] = { "next", "Next", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_NEXT_AT] = { "nextAt", "NextUSec", PICTURE_ESTIMATE, PICTURE_INVALIDATES },
        [PICTURE_STATE_SINCE] = { "stateSince", "StateSinceUSec", PICTURE_MOMENT, PICTURE_EMITS },
        [PICTURE_PAUSED] = { "paused", "Paused", PICTURE_BOOL, PICTURE_EMITS },
        [PICTURE_KEPT] = { "kept", "Kept", PICTURE_BOOL, PICTURE_EMITS },
        [PICTURE_STAND_DOWN_UNTIL] = { "standDownUntil", "StandDownUntilUSec", PICTURE_MOMENT, PICTURE_EMITS },
        [PICTURE_SUCCESSOR] = { "successor", "Successor", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_WATCHDOG] = { "watchdogUSec", "WatchdogUSec", PICTURE_NUMBER, PICTURE_CONSTANT },
        [PICTURE_GUARD_WATCHED] = { "guardWatched", "GuardWatched", PICTURE_BOOL, PICTURE_EMITS },
        [PICTURE_HARDWARE_WATCHDOG] = { "hardwareWatchdog", "HardwareWatchdog", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_HARDWARE_WATCHDOG_TIMEOUT] = { "hardwareWatchdogUSec", "HardwareWatchdogUSec", PICTURE_NUMBER, PICTURE_EMITS },
        [PICTURE_HARDWARE_WATCHDOG_FED] = { "hardwareWatchdogFed", "HardwareWatchdogFedUSec", PICTURE_MOMENT, PICTURE_SILENT },
        [PICTURE_HOST_CLOCK] = { "hostClock", "HostClock", PICTURE_TEXT, PICTURE_EMITS },
        [PICTURE_ON_STUCK] = { "onStuck", "OnStuck", PICTURE_TEXT, PICTURE_CONSTANT },
        [PICTURE_TARGET_LIST] = { "targets", "Targets", PICTURE_TARGETS, PICTURE_EMITS },
};

static PictureValue text(const char *s) {
        return (PictureValue) { .known = s && *s, .text = s && *s ? s : NULL };
}

static PictureValue flag(bool b) {
        return (PictureValue) { .known = true, .flag = b };
}

static PictureValue number(uint64_t n) {
        return (PictureValue) { .known = true, .number = n };
}

/* Zero is how the view says "none". */
static PictureValue number_or_none(uint64_t n) {
        return n == 0 || n == USEC_INFINITY ? (PictureValue) {} : number(n);
}

static PictureValue skew(const LockView *view) {
        return view->skew_known ? (PictureValue) { .known = true, .skew_us = view->skew_us } : (PictureValue) {};
}

static PictureValue since(const Record *record) {
        int64_t ms = record ? record->start_time_ms : 0;

        /* Somebody else's record may hold any number. */
        return ms > 0 && ms < INT64_MAX / 1000 ? number((uint64_t) ms * 1000) : (PictureValue) {};
}

/* Moments still on CLOCK_BOOTTIME. */
static PictureValue get_on_boot_clock(const ControlPicture *p, PictureId id) {
        const LockView *v = &p->view;
        /* A released record keeps the name of who held it last. */
        const Record *holding = v->has_record && v->record.expire_time_ms != 0 ? &v->record : NULL;
        /* Of what is no record, what could be read: ForceUnlock() asks for it. */
        const Record *shown = v->has_record || v->unclear ? &v->record : NULL;

        switch (id) {
        case PICTURE_INSTANCE: return text(p->instance);
        case PICTURE_LABEL: return text(p->label);
        case PICTURE_TABLE: return text(p->table);
        case PICTURE_REGION: return text(p->region);
        case PICTURE_MY_ID: return text(p->my_id);
        case PICTURE_HOLDER_ID: return text(p->holder_id);
        case PICTURE_STATE: return text(lock_state_name(v->state));
        case PICTURE_REASON: return text(v->reason);
        case PICTURE_STATUS: return text(p->status);
        case PICTURE_HELD: return flag(v->held);
        case PICTURE_HOLDER: return text(v->unclear ? shown->holder : holding ? holding->holder : NULL);
        case PICTURE_HOLDER_HOST: return text(holding ? holding->host : NULL);
        case PICTURE_SINCE: return since(holding);
        case PICTURE_EXPIRES: return number_or_none(v->expires_boot_us);
        case PICTURE_VERSION: return text(shown ? shown->version : NULL);
        case PICTURE_LEASE: return number(p->lease_us);
        case PICTURE_GAP: return number(p->gap_us);
        case PICTURE_RENEW: return number(p->renew_us);
        case PICTURE_POLL: return number(p->poll_us);
        case PICTURE_FENCE: return number_or_none(v->held ? v->fence : 0);
        case PICTURE_LAST_RENEWAL: return number_or_none(v->renewed_boot_us);
        case PICTURE_STORE_ANSWERED: return number_or_none(v->store_answered_boot_us);
        case PICTURE_STORE_FAILING: return flag(v->store_failing);
        case PICTURE_STORE_FAILING_SINCE: return number_or_none(v->store_failing ? v->store_failing_since_boot_us : 0);
        case PICTURE_STORE_ERROR: return text(p->store_error);
        case PICTURE_CLOCK_SKEW: return skew(v);
        case PICTURE_DUPLICATE_ID: return flag(v->duplicate_id);
        case PICTURE_STOP_AT: return number_or_none(v->stop_boot_us);
        case PICTURE_KILL_AT: return number_or_none(v->kill_boot_us);
        case PICTURE_NEXT: return text(v->next == LOCK_NEXT_NONE ? NULL : lock_next_name(v->next));
        case PICTURE_NEXT_AT: return number_or_none(v->next == LOCK_NEXT_NONE ? 0 : v->next_boot_us);
        case PICTURE_STATE_SINCE: return number_or_none(v->state_since_boot_us);
        case PICTURE_PAUSED: return flag(v->paused);
        case PICTURE_KEPT: return flag(v->kept);
        case PICTURE_STAND_DOWN_UNTIL: return number_or_none(v->stand_down_boot_us);
        case PICTURE_SUCCESSOR: return text(v->successor);
        case PICTURE_WATCHDOG: return number(p->layers.watchdog_us);
        case PICTURE_GUARD_WATCHED: return p->layers.guard_up ? flag(p->layers.guard_watched) : (PictureValue) {};
        case PICTURE_HARDWARE_WATCHDOG: return text(p->layers.hardware);
        case PICTURE_HARDWARE_WATCHDOG_TIMEOUT: return number_or_none(p->layers.hardware_us);
        case PICTURE_HARDWARE_WATCHDOG_FED: return number_or_none(p->layers.fed_boot_us);
        case PICTURE_HOST_CLOCK: return text(p->layers.host_clock);
        case PICTURE_ON_STUCK: return text(p->layers.on_stuck);
        case PICTURE_TARGET_LIST: return (PictureValue) { .known = true };
        case _PICTURE_ID_MAX: break;
        }
        assert(false);
        return (PictureValue) {};
}

static bool is_moment(PictureType type) {
        return type == PICTURE_MOMENT || type == PICTURE_ESTIMATE;
}

PictureValue picture_get(const ControlPicture *picture, PictureId id) {
        PictureValue value = get_on_boot_clock(picture, id);

        /* Wraps on purpose: on a machine that believes in 1970 the difference is below zero. */
        if (value.known && is_moment(picture_fields[id].type))
                value.number += picture->wall_minus_boot_us;
        return value;
}

static uint64_t mark_text(uint64_t hash, const char *s) {
        /* With its NUL, so that neighbours do not run into each other. */
        return s ? fnv1a(hash, s, strlen(s) + 1) : hash;
}

static uint64_t mark_targets(const ControlPicture *picture) {
        uint64_t hash = FNV_START;

        for (size_t i = 0; i < picture->n_targets; i++) {
                hash = mark_text(hash, picture->targets[i].unit);
                hash = mark_text(hash, picture->targets[i].active_state);
        }
        return hash;
}

/* One number that stands for the value; a moment's does not move with the wall clock. */
static uint64_t mark(const ControlPicture *picture, PictureId id) {
        PictureValue value = get_on_boot_clock(picture, id);

        /* Each poll sets the next one. */
        if (id == PICTURE_NEXT_AT && picture->view.next == LOCK_NEXT_POLL)
                return 0;
        switch (picture_fields[id].type) {
        case PICTURE_TEXT: return mark_text(FNV_START, value.text);
        case PICTURE_BOOL: return value.flag;
        case PICTURE_NUMBER:
        case PICTURE_MOMENT:
        case PICTURE_ESTIMATE: return value.number;
        case PICTURE_SKEW: return (uint64_t) value.skew_us;
        case PICTURE_TARGETS: return mark_targets(picture);
        }
        assert(false);
        return 0;
}

/* Both may have wrapped below zero. */
static bool moved(uint64_t before, uint64_t now) {
        int64_t by = (int64_t) (now - before);

        return by >= (int64_t) TREMBLE_US || by <= -(int64_t) TREMBLE_US;
}

bool picture_is_told(PictureId id) {
        PictureEmission emission = picture_fields[id].emission;

        return emission == PICTURE_EMITS || emission == PICTURE_INVALIDATES;
}

unsigned picture_compare(const ControlPicture *picture, PictureMarks *marks, bool ret_changed[_PICTURE_ID_MAX]) {
        bool wall_moved = moved(marks->wall_minus_boot_us, picture->wall_minus_boot_us);
        unsigned n = 0;

        for (PictureId id = 0; id < _PICTURE_ID_MAX; id++) {
                uint64_t now = mark(picture, id), before = marks->values[id];
                PictureType type = picture_fields[id].type;
                bool trembles = type == PICTURE_SKEW || type == PICTURE_ESTIMATE;
                bool changed = trembles ? moved(before, now) : before != now;

                if (!marks->taken || (is_moment(type) && now != 0 && wall_moved))
                        changed = true;
                if (changed)
                        marks->values[id] = now;
                ret_changed[id] = changed;
                n += changed;
        }
        if (!marks->taken || wall_moved)
                marks->wall_minus_boot_us = picture->wall_minus_boot_us;
        marks->taken = true;
        return n;
}
