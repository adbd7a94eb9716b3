/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <string.h>

#include "answer.h"
#include "cleanup.h"
#include "colour.h"
#include "columns.h"
#include "state.h"
#include "text.h"

/* What fits on a line behind its label. */
#define VALUE_MAX 512

#define LABEL_WIDTH 10
#define HEADLINE_INDENT 2

typedef struct Page {
        FILE *out;
        const ShowStyle *style;
        json_object *status;
        usec_t now_us;
} Page;

void show_safely_n(FILE *out, const char *text, size_t size) {
        const unsigned char *p = (const unsigned char *) text, *end = p + size;

        for (; p < end && *p; p++) {
                bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

                fputc(*p < 0x20 || *p == 0x7f || c1 ? '?' : *p, out);
                if (c1)
                        p++;
        }
}

void show_safely(FILE *out, const char *text) {
        show_safely_n(out, text, strlen(text));
}

static void put_row(const Page *page, const char *label, const char *format, ...) _printf_(3, 4);

static void put_row(const Page *page, const char *label, const char *format, ...) {
        char value[VALUE_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(value, sizeof(value), format, ap);
        va_end(ap);
        fprintf(page->out, "%*s%s ", LABEL_WIDTH, label, *label ? ":" : " ");
        columns_wrap(page->out, value, LABEL_WIDTH + 2, page->style->width);
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

static void put_moment(const Page *page, const char *label, const char *key) {
        char moment[VALUE_MAX];
        usec_t at_us = answer_usec(page->status, key);

        if (at_us > 0)
                put_row(page, label, "%s", format_moment(moment, at_us, page->now_us));
}

static void put_headline(FILE *out, const ShowStyle *style, Mood mood, const char *instance, const char *text) {
        const char *colour = mood_colour(mood, style);
        char line[VALUE_MAX];

        snprintf(line, sizeof(line), "%s - %s", instance, text);
        fprintf(out, "%s%s%s ", colour, mood_mark(mood, style), *colour ? ANSI_NORMAL : "");
        columns_wrap(out, line, HEADLINE_INDENT, style->width);
}

static void put_state(const Page *page) {
        const char *state = answer_text(page->status, "state"), *reason = answer_text(page->status, "reason");
        usec_t since_us = answer_usec(page->status, "stateSince");
        char moment[VALUE_MAX];

        if (state && since_us > 0)
                put_row(page, "State", "%s since %s", state, format_moment(moment, since_us, page->now_us));
        else if (state)
                put_row(page, "State", "%s", state);
        if (reason)
                put_row(page, "Reason", "%s", reason);
        if (answer_flag(page->status, "duplicateId"))
                put_row(page, "Warning", "another machine uses this cloudlock_my_id; give each host its own");
}

static void put_lock(const Page *page) {
        const char *label = answer_text(page->status, "label"), *table = answer_text(page->status, "table");
        const char *region = answer_text(page->status, "region"), *my_id = answer_text(page->status, "holderId");
        const char *holder = answer_text(page->status, "holder"), *host = answer_text(page->status, "holderHost");
        bool held = answer_flag(page->status, "held");

        if (label && table)
                put_row(page, "Lock", "%s in table %s%s%s", label, table, region ? ", " : "", region ? region : "");
        if (my_id)
                put_row(page, "My id", "%s", my_id);
        if (holder && held)
                put_row(page, "Holder", "%s (this host)", holder);
        else if (holder)
                put_row(page, "Holder", "%s%s%s%s", holder, host ? " (host " : "", host ? host : "", host ? ")" : "");
        put_moment(page, "Since", "since");
        put_moment(page, "Expires", "expires");
}

static void put_tenure(const Page *page) {
        int64_t fence;

        if (answer_int(page->status, "fence", &fence) && fence > 0)
                put_row(page, "Fence", "%" PRId64, fence);
        put_moment(page, "Renewed", "lastRenewal");
        put_moment(page, "Stop at", "stopAt");
        put_moment(page, "Kill at", "killAt");
}

static void put_targets(const Page *page) {
        json_object *targets = answer_array(page->status, "targets");

        for (size_t i = 0; targets && i < json_object_array_length(targets); i++) {
                json_object *target = json_object_array_get_idx(targets, i);
                const char *unit = answer_text(target, "unit"), *state = answer_text(target, "activeState");

                if (unit)
                        put_row(page, i == 0 ? "Targets" : "", "%s (%s)", unit, state ? state : "unknown");
        }
}

static void put_next(const Page *page) {
        const char *next = answer_text(page->status, "next");
        usec_t at_us = answer_usec(page->status, "nextAt");
        char span[SPAN_TEXT_MAX];

        if (!next || strcmp(next, "none") == 0)
                return;
        next = next_text(page->status, next);
        if (at_us > page->now_us)
                put_row(page, "Next", "in %s: %s", format_span(span, sizeof(span), at_us - page->now_us), next);
        else
                put_row(page, "Next", "now: %s", next);
}

static void put_store(const Page *page) {
        const char *error = answer_text(page->status, "storeError");
        usec_t since_us = answer_usec(page->status, "storeFailingSince");
        usec_t answered_us = answer_usec(page->status, "storeAnswered");
        char span[SPAN_TEXT_MAX], moment[VALUE_MAX];
        int64_t skew_us;

        if (answer_flag(page->status, "storeFailing")) {
                put_row(page, "Store", "fails%s%s", since_us > 0 ? " since " : "",
                        since_us > 0 ? format_moment(moment, since_us, page->now_us) : "");
                if (error)
                        put_row(page, "Error", "%s", error);
        } else if (answered_us > 0)
                put_row(page, "Store", "answered %s ago",
                        format_span(span, sizeof(span), usec_sub(page->now_us, answered_us)));
        if (answer_int(page->status, "clockSkewUSec", &skew_us))
                put_row(page, "Clock", "%s %s the store's",
                        format_span(span, sizeof(span), skew_us < 0 ? -(usec_t) skew_us : (usec_t) skew_us),
                        skew_us < 0 ? "behind" : "ahead of");
}

static void put_plan(const Page *page) {
        usec_t lease_us = answer_usec(page->status, "leaseUSec"), renew_us = answer_usec(page->status, "renewUSec");
        char gap[SPAN_TEXT_MAX], lease[SPAN_TEXT_MAX], renew[SPAN_TEXT_MAX], poll[SPAN_TEXT_MAX];

        if (lease_us == 0 || renew_us == 0)
                return;
        put_row(page, "Plan", "lease %s, renewed every %s, gap %s, a standby looks every %s",
                format_span(lease, sizeof(lease), lease_us), format_span(renew, sizeof(renew), renew_us),
                format_span(gap, sizeof(gap), answer_usec(page->status, "gapUSec")),
                format_span(poll, sizeof(poll), answer_usec(page->status, "pollUSec")));
}

static bool has(const Page *page, const char *key) {
        return json_object_object_get_ex(page->status, key, NULL);
}

/* What ends what hangs, and what notices a paused machine; the guard is there with a lease only. */
static void put_layers(const Page *page) {
        usec_t watchdog_us = answer_usec(page->status, "watchdogUSec");
        const char *hardware = answer_text(page->status, "hardwareWatchdog"), *clock = answer_text(page->status, "hostClock");
        const char *on_stuck = answer_text(page->status, "onStuck");
        char span[SPAN_TEXT_MAX], text[VALUE_MAX] = "";

        if (!has(page, "watchdogUSec"))
                return; /* an older daemon */
        if (has(page, "guardWatched"))
                text_append(text, sizeof(text), "guard %swatched, ", answer_flag(page->status, "guardWatched") ? "" : "not ");
        if (watchdog_us > 0)
                text_append(text, sizeof(text), "cloudlockd watched (%s), ", format_span(span, sizeof(span), watchdog_us));
        else
                text_append(text, sizeof(text), "cloudlockd not watched, ");
        if (hardware)
                text_append(text, sizeof(text), "%s (%s), ", hardware,
                            format_span(span, sizeof(span), answer_usec(page->status, "hardwareWatchdogUSec")));
        else
                text_append(text, sizeof(text), "no hardware watchdog, ");
        text_append(text, sizeof(text), "%s%s", clock ? "host clock " : "no host clock", clock ? clock : "");
        if (on_stuck && strcmp(on_stuck, "none") != 0)
                text_append(text, sizeof(text), ", %s when stuck", on_stuck);
        put_row(page, "Layers", "%s", text);
}

/* What operators asked for, and what is still true of it. */
static void put_wishes(const Page *page) {
        const char *successor = answer_text(page->status, "successor");

        if (answer_flag(page->status, "paused"))
                put_row(page, "Paused", "stays standby until 'cloudlockctl resume'");
        put_moment(page, "Down until", "standDownUntil");
        if (successor)
                put_row(page, "Successor", "%s", successor);
        if (answer_flag(page->status, "kept"))
                put_row(page, "Kept", "the target's end is no failure until 'cloudlockctl unkeep'");
}

void show_status(FILE *out, const ShowStyle *style, json_object *status, usec_t now_realtime_us) {
        const Page page = { .out = out, .style = style, .status = status, .now_us = now_realtime_us };
        const char *instance = answer_text(status, "instance"), *state = answer_text(status, "state");
        const char *sentence = answer_text(status, "status");

        put_headline(out, style, status_mood(status), instance ?: "?", sentence ?: state ?: "?");
        put_state(&page);
        put_wishes(&page);
        put_lock(&page);
        put_tenure(&page);
        put_targets(&page);
        put_next(&page);
        put_store(&page);
        put_plan(&page);
        put_layers(&page);
}

void show_not_running(FILE *out, const ShowStyle *style, const char *instance) {
        const Page page = { .out = out, .style = style };

        put_headline(out, style, MOOD_IDLE, instance, "not running");
        put_row(&page, "Start", "systemctl start cloudlock@%s.service", instance);
}

ShowStyle show_style(FILE *out) {
        return (ShowStyle) {
                .color = colour_for(out),
                .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                .width = isatty(fileno(out)) ? terminal_columns(out) : 0,
        };
}
