/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lock-row.h"

#include <string.h>

#include "answer.h"
#include "cleanup.h"
#include "record.h"
#include "state.h"
#include "text.h"

/* Whole seconds: tenths would be noise. */
static void format_left(char *buf, size_t size, usec_t at_us, usec_t now_us) {
        usec_t left_us = usec_sub(at_us, now_us);

        if (at_us > 0)
                format_span(buf, size, left_us - left_us % USEC_PER_SEC);
}

static void read_targets(json_object *status, LockCells *ret) {
        json_object *targets = answer_array(status, "targets");
        size_t n = targets ? json_object_array_length(targets) : 0;
        const char *state;

        if (n == 0)
                return;
        snprintf(ret->target, sizeof(ret->target), "%s", answer_text(json_object_array_get_idx(targets, 0), "unit") ?: "?");
        if (n > 1)
                text_append(ret->target, sizeof(ret->target), " and %zu more", n - 1);
        state = answer_text(json_object_array_get_idx(targets, 0), "activeState") ?: "unknown";
        for (size_t i = 1; i < n; i++)
                if (!text_is(answer_text(json_object_array_get_idx(targets, i), "activeState"), state))
                        state = "mixed";
        snprintf(ret->active, sizeof(ret->active), "%s", state);
}

static void read_next(json_object *status, usec_t now_us, LockCells *ret) {
        const char *next = answer_text(status, "next");
        usec_t at_us = answer_usec(status, "nextAt");
        char left[SPAN_TEXT_MAX] = "";

        if (!next || strcmp(next, "none") == 0)
                return;
        format_left(left, sizeof(left), at_us, now_us);
        snprintf(ret->next, sizeof(ret->next), "%s%s: %s", at_us > now_us ? "in " : "", at_us > now_us ? left : "now",
                 next_text(status, next));
}

/* Of what a person should know beside the state, the gravest. */
static const char *remark_of(json_object *status) {
        if (answer_flag(status, "storeFailing"))
                return " (store fails)";
        if (answer_flag(status, "paused"))
                return " (paused)";
        return answer_flag(status, "kept") ? " (kept)" : "";
}

void lock_row_read(const LockRow *row, const ShowStyle *style, usec_t now_realtime_us, LockCells *ret) {
        const char *state, *holder;
        usec_t lease_us;

        *ret = (LockCells) { .colour = "" };
        if (!row->status) {
                snprintf(ret->state, sizeof(ret->state), "%s", row->is_awaited ? "" : "not running");
                return;
        }
        state = answer_text(row->status, "state") ?: "?";
        holder = answer_text(row->status, "holder");
        lease_us = answer_usec(row->status, "leaseUSec");
        snprintf(ret->state, sizeof(ret->state), "%s%s", state, remark_of(row->status));
        ret->colour = mood_colour(status_mood(row->status), style);
        if (holder)
                holder_name(ret->holder, sizeof(ret->holder), holder);
        if (lease_us > 0)
                format_span(ret->lease, sizeof(ret->lease), lease_us);
        if (holder)
                format_left(ret->left, sizeof(ret->left), answer_usec(row->status, "expires"), now_realtime_us);
        read_targets(row->status, ret);
        read_next(row->status, now_realtime_us, ret);
}
