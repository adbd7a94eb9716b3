/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <string.h>

#include "cleanup.h"

/* What fits on a line behind its label. */
#define VALUE_MAX 512

#define LABEL_WIDTH 10

#define ANSI_GREEN "\033[0;1;32m"
#define ANSI_YELLOW "\033[0;1;33m"
#define ANSI_RED "\033[0;1;31m"
#define ANSI_NORMAL "\033[0m"

typedef enum Mood {
        MOOD_IDLE,    /* the target does not run here, and should not */
        MOOD_ACTIVE,  /* it runs here */
        MOOD_CHANGE,  /* on the way from one to the other */
        MOOD_TROUBLE, /* a person may want to look */
        _MOOD_MAX,
} Mood;

static const struct {
        const char *utf8, *ascii, *color;
} moods[_MOOD_MAX] = {
        [MOOD_IDLE] = { "○", "-", "" },
        [MOOD_ACTIVE] = { "●", "*", ANSI_GREEN },
        [MOOD_CHANGE] = { "●", "*", ANSI_YELLOW },
        [MOOD_TROUBLE] = { "×", "x", ANSI_RED },
};

static const struct {
        const char *state;
        Mood mood;
} state_moods[] = {
        { "running", MOOD_ACTIVE },   { "acquiring", MOOD_CHANGE }, { "waiting", MOOD_CHANGE },
        { "starting", MOOD_CHANGE },  { "stopping", MOOD_CHANGE },  { "releasing", MOOD_CHANGE },
        { "lapsed", MOOD_TROUBLE },   { "lost", MOOD_TROUBLE },     { "standing-down", MOOD_TROUBLE },
        { "refusing", MOOD_TROUBLE }, { "fault", MOOD_TROUBLE },
};

static const struct {
        const char *name, *text;
} next_texts[] = {
        { "poll", "look at the table" },          { "takeover", "takeover, if the holder does not renew" },
        { "target-start", "start of the target" }, { "renew", "renewal" },
        { "stop", "stop of the target" },          { "kill", "kill of the target" },
        { "stand-up", "end of the stand-down" },
};

/* NULL where it is missing, empty or no string. */
static const char *get_text(json_object *status, const char *key) {
        json_object *value;

        if (!json_object_object_get_ex(status, key, &value) || !json_object_is_type(value, json_type_string))
                return NULL;
        return json_object_get_string_len(value) > 0 ? json_object_get_string(value) : NULL;
}

static bool get_int(json_object *status, const char *key, int64_t *ret) {
        json_object *value;

        if (!json_object_object_get_ex(status, key, &value) || !json_object_is_type(value, json_type_int))
                return false;
        *ret = json_object_get_int64(value);
        return true;
}

/* 0 where it is missing: no moment and no length that is shown is zero. */
static usec_t get_usec(json_object *status, const char *key) {
        int64_t value;

        return get_int(status, key, &value) && value > 0 ? (usec_t) value : 0;
}

static bool get_flag(json_object *status, const char *key) {
        json_object *value;

        return json_object_object_get_ex(status, key, &value) && json_object_get_boolean(value);
}

/* C0, DEL and, in UTF-8, C1: a terminal would obey them. */
void show_safely(FILE *out, const char *text) {
        const unsigned char *p = (const unsigned char *) text;

        for (; *p; p++) {
                bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

                fputc(*p < 0x20 || *p == 0x7f || c1 ? '?' : *p, out);
                if (c1)
                        p++;
        }
}

static void put_row(FILE *out, const char *label, const char *format, ...) _printf_(3, 4);

static void put_row(FILE *out, const char *label, const char *format, ...) {
        char value[VALUE_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(value, sizeof(value), format, ap);
        va_end(ap);
        fprintf(out, "%*s%s ", LABEL_WIDTH, label, *label ? ":" : " ");
        show_safely(out, value);
        fputc('\n', out);
}

/* "2026-11-24 08:44:38 UTC; 5min ago", "…; in 28min". Returns `buf`. */
static char *format_moment(char buf[VALUE_MAX], usec_t at_us, usec_t now_us) {
        char stamp[VALUE_MAX / 4], span[SPAN_TEXT_MAX];

        format_timestamp(stamp, sizeof(stamp), at_us);
        if (at_us > now_us)
                snprintf(buf, VALUE_MAX, "%s; in %s", stamp, format_span(span, sizeof(span), at_us - now_us));
        else
                snprintf(buf, VALUE_MAX, "%s; %s ago", stamp, format_span(span, sizeof(span), now_us - at_us));
        return buf;
}

static void put_moment(FILE *out, const char *label, json_object *status, const char *key, usec_t now_us) {
        char moment[VALUE_MAX];
        usec_t at_us = get_usec(status, key);

        if (at_us > 0)
                put_row(out, label, "%s", format_moment(moment, at_us, now_us));
}

static void put_headline(FILE *out, const ShowStyle *style, Mood mood, const char *instance, const char *text) {
        const char *dot = style->utf8 ? moods[mood].utf8 : moods[mood].ascii;

        fprintf(out, "%s%s%s ", style->color ? moods[mood].color : "", dot, style->color ? ANSI_NORMAL : "");
        show_safely(out, instance);
        fputs(" - ", out);
        show_safely(out, text);
        fputc('\n', out);
}

static Mood state_to_mood(const char *state) {
        for (size_t i = 0; i < ELEMENTSOF(state_moods); i++)
                if (strcmp(state_moods[i].state, state) == 0)
                        return state_moods[i].mood;
        return MOOD_IDLE;
}

static void put_state(FILE *out, json_object *status, usec_t now_us) {
        const char *state = get_text(status, "state"), *reason = get_text(status, "reason");
        usec_t since_us = get_usec(status, "stateSince");
        char moment[VALUE_MAX];

        if (state && since_us > 0)
                put_row(out, "State", "%s since %s", state, format_moment(moment, since_us, now_us));
        else if (state)
                put_row(out, "State", "%s", state);
        if (reason)
                put_row(out, "Reason", "%s", reason);
        if (get_flag(status, "duplicateId"))
                put_row(out, "Warning", "another machine uses this cloudlock_my_id; give each host its own");
}

static void put_lock(FILE *out, json_object *status, usec_t now_us) {
        const char *label = get_text(status, "label"), *table = get_text(status, "table");
        const char *region = get_text(status, "region"), *my_id = get_text(status, "holderId");
        const char *holder = get_text(status, "holder"), *host = get_text(status, "holderHost");
        bool held = get_flag(status, "held");

        if (label && table)
                put_row(out, "Lock", "%s in table %s%s%s", label, table, region ? ", " : "", region ? region : "");
        if (my_id)
                put_row(out, "My id", "%s", my_id);
        if (holder && held)
                put_row(out, "Holder", "%s (this host)", holder);
        else if (holder)
                put_row(out, "Holder", "%s%s%s%s", holder, host ? " (host " : "", host ? host : "", host ? ")" : "");
        put_moment(out, "Since", status, "since", now_us);
        put_moment(out, "Expires", status, "expires", now_us);
}

static void put_tenure(FILE *out, json_object *status, usec_t now_us) {
        int64_t fence;

        if (get_int(status, "fence", &fence) && fence > 0)
                put_row(out, "Fence", "%" PRId64, fence);
        put_moment(out, "Renewed", status, "lastRenewal", now_us);
        put_moment(out, "Stop at", status, "stopAt", now_us);
        put_moment(out, "Kill at", status, "killAt", now_us);
}

static void put_targets(FILE *out, json_object *status) {
        json_object *targets;

        if (!json_object_object_get_ex(status, "targets", &targets) || !json_object_is_type(targets, json_type_array))
                return;
        for (size_t i = 0; i < json_object_array_length(targets); i++) {
                json_object *target = json_object_array_get_idx(targets, i);
                const char *unit = get_text(target, "unit"), *state = get_text(target, "activeState");

                if (unit)
                        put_row(out, i == 0 ? "Targets" : "", "%s (%s)", unit, state ? state : "unknown");
        }
}

static void put_next(FILE *out, json_object *status, usec_t now_us) {
        const char *next = get_text(status, "next");
        usec_t at_us = get_usec(status, "nextAt");
        char span[SPAN_TEXT_MAX];

        if (!next || strcmp(next, "none") == 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(next_texts); i++)
                if (strcmp(next_texts[i].name, next) == 0) {
                        next = next_texts[i].text;
                        break;
                }
        if (at_us > now_us)
                put_row(out, "Next", "in %s: %s", format_span(span, sizeof(span), at_us - now_us), next);
        else
                put_row(out, "Next", "now: %s", next);
}

static void put_store(FILE *out, json_object *status, usec_t now_us) {
        const char *error = get_text(status, "storeError");
        usec_t since_us = get_usec(status, "storeFailingSince"), answered_us = get_usec(status, "storeAnswered");
        char span[SPAN_TEXT_MAX], moment[VALUE_MAX];
        int64_t skew_us;

        if (get_flag(status, "storeFailing")) {
                put_row(out, "Store", "fails%s%s", since_us > 0 ? " since " : "",
                        since_us > 0 ? format_moment(moment, since_us, now_us) : "");
                if (error)
                        put_row(out, "Error", "%s", error);
        } else if (answered_us > 0)
                put_row(out, "Store", "answered %s ago",
                        format_span(span, sizeof(span), usec_sub(now_us, answered_us)));
        if (get_int(status, "clockSkewUSec", &skew_us))
                put_row(out, "Clock", "%s %s the store's",
                        format_span(span, sizeof(span), skew_us < 0 ? -(usec_t) skew_us : (usec_t) skew_us),
                        skew_us < 0 ? "behind" : "ahead of");
}

static void put_plan(FILE *out, json_object *status) {
        usec_t lease_us = get_usec(status, "leaseUSec"), renew_us = get_usec(status, "renewUSec");
        char gap[SPAN_TEXT_MAX], lease[SPAN_TEXT_MAX], renew[SPAN_TEXT_MAX], poll[SPAN_TEXT_MAX];

        if (lease_us == 0 || renew_us == 0)
                return;
        put_row(out, "Plan", "lease %s, renewed every %s, gap %s, a standby looks every %s",
                format_span(lease, sizeof(lease), lease_us), format_span(renew, sizeof(renew), renew_us),
                format_span(gap, sizeof(gap), get_usec(status, "gapUSec")),
                format_span(poll, sizeof(poll), get_usec(status, "pollUSec")));
}

void show_status(FILE *out, const ShowStyle *style, json_object *status, usec_t now_realtime_us) {
        const char *instance = get_text(status, "instance"), *state = get_text(status, "state");
        const char *sentence = get_text(status, "status");

        put_headline(out, style, state_to_mood(state ? state : ""), instance ? instance : "?",
                     sentence ? sentence : state ? state : "?");
        put_state(out, status, now_realtime_us);
        put_lock(out, status, now_realtime_us);
        put_tenure(out, status, now_realtime_us);
        put_targets(out, status);
        put_next(out, status, now_realtime_us);
        put_store(out, status, now_realtime_us);
        put_plan(out, status);
}

void show_not_running(FILE *out, const ShowStyle *style, const char *instance) {
        put_headline(out, style, MOOD_IDLE, instance, "not running");
        put_row(out, "Start", "systemctl start cloudlock@%s.service", instance);
}

ShowStyle show_style(FILE *out) {
        const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

        return (ShowStyle) {
                .color = isatty(fileno(out)) && (!no_color || !*no_color) && (!term || strcmp(term, "dumb") != 0),
                .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
        };
}
