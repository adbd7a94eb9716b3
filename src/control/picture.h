/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one place that turns a ControlPicture into named values, for D-Bus and for Varlink alike, and that knows which
 * of them changed. */

#include <stdbool.h>
#include <stdint.h>

#include "control.h"

typedef enum PictureType {
        PICTURE_TEXT,
        PICTURE_BOOL,
        PICTURE_NUMBER,
        PICTURE_MOMENT, /* microseconds since the epoch, derived from CLOCK_BOOTTIME */
        PICTURE_ESTIMATE, /* a moment, too, that is worked out anew at each look and trembles */
        PICTURE_SKEW,   /* signed microseconds; it is measured anew all the time and trembles */
        PICTURE_TARGETS,
} PictureType;

typedef enum PictureEmission {
        PICTURE_EMITS,
        PICTURE_INVALIDATES, /* moves with each renewal: whoever wants it asks */
        PICTURE_CONSTANT,
        PICTURE_SILENT, /* a sentence that ticks is read, not announced */
} PictureEmission;

typedef enum PictureId {
        PICTURE_INSTANCE,
        PICTURE_LABEL,
        PICTURE_TABLE,
        PICTURE_REGION,
        PICTURE_MY_ID,
        PICTURE_HOLDER_ID,
        PICTURE_STATE,
        PICTURE_REASON,
        PICTURE_STATUS,
        PICTURE_HELD,
        PICTURE_HOLDER,
        PICTURE_HOLDER_HOST,
        PICTURE_SINCE,
        PICTURE_EXPIRES,
        PICTURE_VERSION,
        PICTURE_LEASE,
        PICTURE_GAP,
        PICTURE_RENEW,
        PICTURE_POLL,
        PICTURE_FENCE,
        PICTURE_LAST_RENEWAL,
        PICTURE_STORE_ANSWERED,
        PICTURE_STORE_FAILING,
        PICTURE_STORE_FAILING_SINCE,
        PICTURE_STORE_ERROR,
        PICTURE_CLOCK_SKEW,
        PICTURE_DUPLICATE_ID,
        PICTURE_STOP_AT,
        PICTURE_KILL_AT,
        PICTURE_NEXT,
        PICTURE_NEXT_AT,
        PICTURE_STATE_SINCE,
        PICTURE_PAUSED,
        PICTURE_KEPT,
        PICTURE_STAND_DOWN_UNTIL,
        PICTURE_SUCCESSOR,
        PICTURE_WATCHDOG,
        PICTURE_GUARD_WATCHED,
        PICTURE_HARDWARE_WATCHDOG,
        PICTURE_HARDWARE_WATCHDOG_TIMEOUT,
        PICTURE_HARDWARE_WATCHDOG_FED,
        PICTURE_HOST_CLOCK,
        PICTURE_ON_STUCK,
        PICTURE_TARGET_LIST,
        _PICTURE_ID_MAX,
} PictureId;

typedef struct PictureField {
        const char *member;   /* of Varlink's Status() */
        const char *property; /* of D-Bus; NULL: not shown there */
        PictureType type;
        PictureEmission emission;
} PictureField;

extern const PictureField picture_fields[_PICTURE_ID_MAX];

/* What the field's type says is filled in; the rest, and everything of an unknown value, is zero. Text belongs to the
 * picture. Targets are known, and read from the picture itself. */
typedef struct PictureValue {
        bool known;
        const char *text;
        bool flag;
        uint64_t number; /* of a moment: on the wall clock */
        int64_t skew_us;
} PictureValue;

PictureValue picture_get(const ControlPicture *picture, PictureId id);

/* What was announced last. All zero: nothing yet. */
typedef struct PictureMarks {
        bool taken;
        uint64_t values[_PICTURE_ID_MAX];
        usec_t wall_minus_boot_us;
} PictureMarks;

/* Whether a change of the field is told to whoever watches. */
bool picture_is_told(PictureId id);

/* Says for each field whether it differs from `marks` by more than trembling, and brings those marks up to date.
 * Returns how many do. */
unsigned picture_compare(const ControlPicture *picture, PictureMarks *marks, bool ret_changed[_PICTURE_ID_MAX]);
