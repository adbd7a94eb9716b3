/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status-text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "text.h"
#include "text-clean.h"

/* One failed request among good ones is nothing to worry a person with. */
#define FAILING_US_MIN (5 * USEC_PER_SEC)

typedef struct Sentence {
        const ControlPicture *picture;
        const LockView *view;
        usec_t now_boot_us;
        char *buf;
        size_t size;
} Sentence;

#define SAY(s, ...) text_append((s)->buf, (s)->size, __VA_ARGS__)

static void say_span(const Sentence *s, const char *before, usec_t span_us) {
        char text[SPAN_TEXT_MAX];

        /* Tenths of a second are noise here. */
        if (span_us != USEC_INFINITY && span_us >= USEC_PER_SEC)
                span_us -= span_us % USEC_PER_SEC;
        SAY(s, "%s%s", before, format_span(text, sizeof(text), span_us));
}

static void say_name(const Sentence *s, const char *holder) {
        char name[RECORD_HOLDER_MAX + 1];

        SAY(s, "%s", holder_name(name, sizeof(name), holder));
}

static void say_holder(const Sentence *s) {
        say_name(s, s->view->record.holder);
}

static void say_targets(const Sentence *s) {
        size_t n = s->picture->n_targets;

        SAY(s, "%s", n > 0 ? s->picture->targets[0].unit : "the target");
        if (n > 1)
                SAY(s, " and %zu more", n - 1);
}

static void say_reason(const Sentence *s, const char *before) {
        if (s->view->reason[0])
                SAY(s, "%s%s", before, s->view->reason);
}

static bool store_fails(const Sentence *s) {
        return s->view->store_failing && s->view->store_failing_since_boot_us != 0 &&
               usec_sub(s->now_boot_us, s->view->store_failing_since_boot_us) >= FAILING_US_MIN;
}

static void say_store_fails(const Sentence *s, const char *before) {
        SAY(s, "%s", before);
        say_span(s, "store unreachable for ", usec_sub(s->now_boot_us, s->view->store_failing_since_boot_us));
}

static void say_error(const Sentence *s) {
        if (s->picture->store_error[0])
                SAY(s, " (%s)", s->picture->store_error);
}

static void say_starting_up(const Sentence *s) {
        if (store_fails(s)) {
                say_store_fails(s, "");
                SAY(s, "; nothing known of %s yet", s->picture->label);
                say_error(s);
                return;
        }
        SAY(s, "asking the store who holds %s", s->picture->label);
}

/* What was true when the store answered last, and how much of it can be told from here. */
static void say_last_seen(const Sentence *s) {
        const LockView *v = s->view;

        if (!v->has_record || v->record.expire_time_ms == 0) {
                SAY(s, "nobody held %s when last seen", s->picture->label);
                return;
        }
        say_holder(s);
        if (v->expires_boot_us == 0 || v->expires_boot_us == USEC_INFINITY)
                SAY(s, " held %s when last seen", s->picture->label);
        else if (v->expires_boot_us <= s->now_boot_us)
                SAY(s, "'s lease, as last seen, is over");
        else
                say_span(s, "'s lease, as last seen, ends in ", usec_sub(v->expires_boot_us, s->now_boot_us));
}

static void say_nobody_holds(const Sentence *s) {
        const LockView *v = s->view;

        SAY(s, "nobody holds %s", s->picture->label);
        if (v->handover_boot_us <= s->now_boot_us)
                return;
        SAY(s, ", which is left to ");
        say_name(s, v->successor);
        say_span(s, " for ", usec_sub(v->handover_boot_us, s->now_boot_us));
}

static void say_who_holds(const Sentence *s) {
        const LockView *v = s->view;

        if (!v->has_record || v->record.expire_time_ms == 0) {
                say_nobody_holds(s);
        } else if (v->expires_boot_us != 0 && v->expires_boot_us <= s->now_boot_us) {
                SAY(s, "%s has expired; ", s->picture->label);
                say_holder(s);
                SAY(s, " held it last");
        } else {
                say_holder(s);
                SAY(s, " holds %s", s->picture->label);
                if (v->expires_boot_us != 0 && v->expires_boot_us != USEC_INFINITY)
                        say_span(s, ", expires in ", usec_sub(v->expires_boot_us, s->now_boot_us));
        }
}

static void say_standby(const Sentence *s) {
        SAY(s, "standby: ");
        if (store_fails(s)) {
                say_store_fails(s, "");
                SAY(s, "; ");
                say_last_seen(s);
                say_reason(s, "; ");
                say_error(s);
        } else {
                say_who_holds(s);
                say_reason(s, "; ");
        }
}

static void say_waiting(const Sentence *s) {
        SAY(s, "holding, target starts ");
        if (s->view->next == LOCK_NEXT_TARGET_START)
                say_span(s, "in ", usec_sub(s->view->next_boot_us, s->now_boot_us));
        else
                say_span(s, "after the gap of ", s->picture->gap_us);
}

static void say_running(const Sentence *s) {
        const char *state = s->picture->n_targets > 0 ? s->picture->targets[0].active_state : "active";

        /* With cloudlock_on_target_exit=hold the target comes and goes. */
        if (strcmp(state, "inactive") == 0 || strcmp(state, "failed") == 0) {
                SAY(s, "holding for ");
                say_targets(s);
                SAY(s, " (%s)", state);
        } else {
                SAY(s, "running ");
                say_targets(s);
        }
        SAY(s, ", fence %" PRIu64, s->view->fence);
}

/* Held, and no renewal succeeds: how long that goes on, and how long it can, matters more than what runs. */
static bool say_lease_at_risk(const Sentence *s) {
        if (!store_fails(s))
                return false;
        say_store_fails(s, "");
        if (s->view->stop_boot_us > s->now_boot_us)
                say_span(s, "; lease good for ", usec_sub(s->view->stop_boot_us, s->now_boot_us));
        say_error(s);
        return true;
}

static void say_lapsed(const Sentence *s) {
        SAY(s, "lease ran out, ");
        say_targets(s);
        SAY(s, " is stopped until %s is renewed", s->picture->label);
        say_reason(s, ": ");
        if (store_fails(s)) {
                say_store_fails(s, "; ");
                say_error(s);
        }
}

/* Who has it now says it all; else the reason does: the record was deleted, or is none. */
static void say_lost(const Sentence *s) {
        bool has_holder = s->view->has_record && s->view->record.expire_time_ms != 0;

        SAY(s, "lost %s%s", s->picture->label, has_holder ? " to " : "");
        if (has_holder)
                say_holder(s);
        SAY(s, ", killing ");
        say_targets(s);
        if (!has_holder)
                say_reason(s, ": ");
}

/* Whether another host does the work is the first question about one that stands down. */
static void say_standing_down(const Sentence *s) {
        const LockView *v = s->view;
        char when[SPAN_TEXT_MAX];

        SAY(s, "standing down until ");
        if (v->next == LOCK_NEXT_STAND_UP)
                SAY(s, "%s", format_timestamp(when, sizeof(when),
                                              v->next_boot_us + s->picture->wall_minus_boot_us));
        else
                SAY(s, "told otherwise");
        say_reason(s, ": ");
        if (store_fails(s)) {
                say_store_fails(s, "; ");
                SAY(s, "; ");
                say_last_seen(s);
                say_error(s);
                return;
        }
        if (!v->has_record || v->record.expire_time_ms == 0 ||
            (v->expires_boot_us != 0 && v->expires_boot_us <= s->now_boot_us))
                return;
        SAY(s, "; ");
        say_holder(s);
        SAY(s, " holds %s", s->picture->label);
}

static void say_state(const Sentence *s) {
        switch (s->view->state) {
        case LOCK_STARTING_UP: say_starting_up(s); return;
        case LOCK_STANDBY: say_standby(s); return;
        case LOCK_ACQUIRING:
                SAY(s, "acquiring %s", s->picture->label);
                return;
        case LOCK_WAITING:
                if (!say_lease_at_risk(s))
                        say_waiting(s);
                return;
        case LOCK_STARTING:
                if (say_lease_at_risk(s))
                        return;
                SAY(s, "holding, starting ");
                say_targets(s);
                return;
        case LOCK_RUNNING:
                if (!say_lease_at_risk(s))
                        say_running(s);
                return;
        case LOCK_LAPSED: say_lapsed(s); return;
        case LOCK_STOPPING:
                SAY(s, "stopping ");
                say_targets(s);
                SAY(s, " before releasing");
                say_reason(s, ": ");
                return;
        case LOCK_RELEASING:
                SAY(s, "releasing %s", s->picture->label);
                say_reason(s, ": ");
                return;
        case LOCK_LOST: say_lost(s); return;
        case LOCK_STANDING_DOWN: say_standing_down(s); return;
        case LOCK_REFUSING:
                SAY(s, "refusing to lead");
                say_reason(s, ": ");
                return;
        case LOCK_FAULT:
                SAY(s, "%s needs a person", s->picture->label);
                say_reason(s, ": ");
                return;
        case LOCK_STOPPED:
                SAY(s, "stopped, %s is not held here", s->picture->label);
                return;
        case _LOCK_STATE_MAX: break;
        }
        assert(false);
}

void status_text(const ControlPicture *picture, usec_t now_boot_us, char *buf, size_t size) {
        Sentence s = {
                .picture = picture, .view = &picture->view, .now_boot_us = now_boot_us, .buf = buf, .size = size,
        };

        buf[0] = '\0';
        say_state(&s);
        if (picture->view.duplicate_id)
                SAY(&s, "; another machine uses the id %s", picture->my_id);
        text_clean(buf);
}
