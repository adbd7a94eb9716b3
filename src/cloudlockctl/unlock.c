/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unlock.h"

#include <errno.h>
#include <string.h>

#include "answer.h"
#include "ask.h"
#include "clock-us.h"
#include "columns.h"
#include "follow.h"
#include "operate.h"

/* The item is there, and is no lock record: it may not even name a holder. */
static bool is_no_record(json_object *status) {
        const char *state = answer_text(status, "state");

        return state && strcmp(state, "fault") == 0;
}

/* As it is typed, and as it is said. */
static const char *holder_of(json_object *status) {
        return answer_text(status, "holder") ?: "";
}

static const char *name_of(json_object *status) {
        return answer_text(status, "holder") ?: "whoever wrote it";
}

static void put_moment(FILE *out, const char *label, usec_t at_us, usec_t now_us) {
        char stamp[SPAN_TEXT_MAX], span[SPAN_TEXT_MAX];

        if (at_us == 0)
                return;
        format_timestamp(stamp, sizeof(stamp), at_us);
        if (at_us > now_us)
                fprintf(out, "%10s: %s; in %s\n", label, stamp, format_span(span, sizeof(span), at_us - now_us));
        else
                fprintf(out, "%10s: %s; %s ago\n", label, stamp, format_span(span, sizeof(span), now_us - at_us));
}

static void put_holder(FILE *out, json_object *status) {
        const char *label = answer_text(status, "label"), *table = answer_text(status, "table");
        const char *host = answer_text(status, "holderHost");

        fputs("      Lock: ", out);
        show_safely(out, label ?: "?");
        fputs(" in table ", out);
        show_safely(out, table ?: "?");
        fputs("\n    Holder: ", out);
        show_safely(out, answer_text(status, "holder") ?: "not to be read in it");
        if (host) {
                fputs("\n      Host: ", out);
                show_safely(out, host);
        }
        fputc('\n', out);
}

void unlock_show(FILE *out, const ShowStyle *style, json_object *status, usec_t now_realtime_us) {
        usec_t wait_us = MAX(answer_usec(status, "leaseUSec"), answer_usec(status, "gapUSec"));
        char text[1024], span[SPAN_TEXT_MAX];

        put_holder(out, status);
        put_moment(out, "Since", answer_usec(status, "since"), now_realtime_us);
        put_moment(out, "Expires", answer_usec(status, "expires"), now_realtime_us);
        fputc('\n', out);
        snprintf(text, sizeof(text),
                 "At stake: with its record gone, nothing in the table says any more that %s may be running. It stops its target "
                 "when it sees that, or when its own lease is over. Whoever takes the lock next starts nothing for %s (the "
                 "longer of gap and lease, by this host's configuration); should %s run on after that, it runs twice. Be sure "
                 "that it is off, or runs nothing.",
                 name_of(status), format_span(span, sizeof(span), wait_us), name_of(status));
        columns_wrap(out, text, 0, style->width);
}

static void put_command(FILE *out, const char *instance, json_object *status) {
        fprintf(out, "\nTo delete the record all the same: cloudlockctl force-unlock %s --holder='", instance);
        show_safely(out, holder_of(status));
        fputs("'\n", out);
}

bool unlock_is_meant(FILE *out, json_object *status, const char *instance, const char *holder) {
        const char *host = answer_text(status, "holderHost");

        if (holder && (strcmp(holder, holder_of(status)) == 0 || (host && strcmp(holder, host) == 0)))
                return true;
        if (holder) {
                fputs("\nNothing was done: --holder names ", out);
                show_safely(out, holder);
                fputs(", and that is not who holds it.\n", out);
        }
        put_command(out, instance, status);
        return false;
}

/* What there is nothing to unlock of. An exit status. */
static int check_record(const char *instance, json_object *status) {
        if (answer_flag(status, "held"))
                fprintf(stderr, "%s: This host holds the lock itself: cloudlockctl release %s\n", instance, instance);
        else if (!is_no_record(status) && (!answer_text(status, "holder") || !answer_text(status, "version")))
                fprintf(stderr, "%s: Nobody holds the lock.\n", instance);
        else
                return EXIT_DONE;
        return EXIT_FAILED;
}

static int unlock(const Options *options, const char *instance, json_object *status) {
        _cleanup_json_ json_object *parameters = json_object_new_object();
        const char *version = answer_text(status, "version");
        Goal goal = { .kind = GOAL_UNLOCKED, .version = version };
        int r = parameters ? 0 : -ENOMEM;

        if (r >= 0)
                r = json_put_string(parameters, "holder", holder_of(status));
        if (r >= 0)
                r = json_put_string(parameters, "version", version ?: "");
        if (r < 0)
                return operate_fail(r);
        r = operate_call(instance, "force-unlock", LOCK_INTERFACE ".ForceUnlock", parameters);
        return r != EXIT_DONE || options->no_block ? r : follow_goal(instance, &goal);
}

int verb_force_unlock(const Options *options, char *const *args) {
        _cleanup_json_ json_object *status = NULL;
        const ShowStyle style = show_style(stderr);
        int r = operate_status(args[0], "force-unlock", &status);

        if (r == EXIT_DONE)
                r = check_record(args[0], status);
        if (r != EXIT_DONE)
                return r;
        unlock_show(stderr, &style, status, clock_us(CLOCK_REALTIME));
        if (!unlock_is_meant(stderr, status, args[0], options->holder))
                return EXIT_FAILED;
        return unlock(options, args[0], status);
}
