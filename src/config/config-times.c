/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The times: each by itself, and the plan that they make together. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "config-internal.h"
#include "parse.h"
#include "text.h"

#define VALUE_SHOWN_MAX 40 /* of a value that is no time, so much is quoted */
#define SECONDS_TEXT_MAX 32
#define POLLS_PER_LEASE 4 /* a standby that looks less often would take over late, or miss a release */
/* How many requests in a row may run into their timeout before the target has to be stopped. */
#define REQUESTS_IN_PLAN 2

static int store_span(const Key *key, const Place *place, const char *value, usec_t span_us, void *field) {
        char least[SPAN_TEXT_MAX], most[SPAN_TEXT_MAX];

        if (span_us < key->min_us || span_us > key->max_us)
                return place_refuse(place, "\"%.*s\" is out of range; expected %s to %s", VALUE_SHOWN_MAX, value,
                                    format_span(least, sizeof(least), key->min_us),
                                    format_span(most, sizeof(most), key->max_us));
        *(usec_t *) field = span_us;
        return 0;
}

int set_span(const Key *key, const Place *place, const char *value, void *field) {
        usec_t span_us = USEC_INFINITY;

        if (parse_span(value, USEC_PER_SEC, &span_us) == -EINVAL)
                return place_refuse(place, "\"%.*s\" is no time; expected a time span such as 90s, 2min or \"1min 30s\"",
                                    VALUE_SHOWN_MAX, value);
        return store_span(key, place, value, span_us, field);
}

int set_minutes(const Key *key, const Place *place, const char *value, void *field) {
        uint64_t minutes = UINT64_MAX;
        usec_t span_us;

        if (parse_u64(value, &minutes) == -EINVAL)
                return place_refuse(place, "\"%.*s\" is no number; expected whole minutes; for other times use the key "
                                    "without _min, as in %.*s=90s", VALUE_SHOWN_MAX, value,
                                    (int) (strlen(key->name) - strlen("_min")), key->name);
        if (__builtin_mul_overflow(minutes, USEC_PER_MINUTE, &span_us))
                span_us = USEC_INFINITY;
        return store_span(key, place, value, span_us, field);
}

/* Sums are shown in seconds, exactly, so that they can be checked by whoever reads them. */
static const char *format_seconds(char buf[SECONDS_TEXT_MAX], usec_t span_us) {
        size_t n = (size_t) snprintf(buf, SECONDS_TEXT_MAX, "%" PRIu64 ".%03" PRIu64, span_us / USEC_PER_SEC,
                                     span_us % USEC_PER_SEC / USEC_PER_MSEC);

        while (buf[n - 1] == '0')
                n--;
        if (buf[n - 1] == '.')
                n--;
        buf[n] = 's';
        buf[n + 1] = '\0';
        return buf;
}

/* What the clocks may take off a lease: the drift allowance, and what Date rounds away (see time-limits.h). */
static usec_t clock_allowance_us(usec_t lease_us) {
        return lease_us / DRIFT_DIVISOR + DATE_RESOLUTION_US;
}

static usec_t plan_us(usec_t lease_us, usec_t renew_us, usec_t stop_budget_us) {
        usec_t sum_us = REQUESTS_IN_PLAN * request_timeout_us(lease_us) + KILL_MARGIN_US + clock_allowance_us(lease_us);

        return usec_add(usec_add(sum_us, renew_us), stop_budget_us);
}

/* The shortest lease in whole seconds that the plan fits into, or infinity. The longer the lease, the smaller the
 * part that requests and clocks take, so the first that fits is the answer. */
static usec_t shortest_lease_us(usec_t renew_us, usec_t stop_budget_us) {
        for (usec_t lease_us = LEASE_US_MIN; lease_us <= LEASE_US_MAX; lease_us += USEC_PER_SEC)
                if (plan_us(lease_us, renew_us, stop_budget_us) <= lease_us)
                        return lease_us;
        return USEC_INFINITY;
}

static void append_remedy(const Config *c, usec_t stop_budget_us, ConfigError *error) {
        usec_t lease_us = shortest_lease_us(c->renew_us, stop_budget_us);
        usec_t others_us = plan_us(c->lease_us, 0, stop_budget_us);
        char *text = error->text;
        size_t size = sizeof(error->text);

        if (lease_us != USEC_INFINITY)
                text_append(text, size, "; set cloudlock_lock_expiration=%" PRIu64 "s or longer", lease_us / USEC_PER_SEC);
        if (others_us + RENEW_US_MIN <= c->lease_us)
                text_append(text, size, "%s cloudlock_renew_time=%" PRIu64 "s or shorter",
                            lease_us != USEC_INFINITY ? ", or" : "; set", (c->lease_us - others_us) / USEC_PER_SEC);
        else if (lease_us == USEC_INFINITY)
                text_append(text, size, "; no lease of a day or less is long enough: shorten cloudlock_renew_time, or the "
                            "TimeoutStopSec= of the target's units");
}

static void append_sum(const Config *c, usec_t stop_budget_us, ConfigError *error) {
        usec_t request_us = request_timeout_us(c->lease_us), sum_us = plan_us(c->lease_us, c->renew_us, stop_budget_us);
        char renew[SECONDS_TEXT_MAX], request[SECONDS_TEXT_MAX], stop[SECONDS_TEXT_MAX], kill[SECONDS_TEXT_MAX],
                clocks[SECONDS_TEXT_MAX], sum[SECONDS_TEXT_MAX], lease[SECONDS_TEXT_MAX];

        text_append(error->text, sizeof(error->text),
                    "renewing after %s + %d requests of %s + stopping the target %s + kill margin %s + clocks %s = %s, %s the lock "
                    "expires after %s",
                    format_seconds(renew, c->renew_us), REQUESTS_IN_PLAN, format_seconds(request, request_us),
                    format_seconds(stop, stop_budget_us), format_seconds(kill, KILL_MARGIN_US),
                    format_seconds(clocks, clock_allowance_us(c->lease_us)), format_seconds(sum, sum_us),
                    sum_us > c->lease_us ? "but" : "and", format_seconds(lease, c->lease_us));
}

static int refuse_plan(const Config *c, usec_t stop_budget_us, ConfigError *error) {
        snprintf(error->text, sizeof(error->text), "the times cannot be kept: ");
        append_sum(c, stop_budget_us, error);
        append_remedy(c, stop_budget_us, error);
        return -EINVAL;
}

void config_describe_times(const Config *config, usec_t stop_budget_us, ConfigError *ret) {
        *ret->text = '\0';
        append_sum(config, stop_budget_us, ret);
}

int config_check_times(const Config *config, usec_t stop_budget_us, ConfigError *ret_error) {
        if (stop_budget_us == USEC_INFINITY) {
                snprintf(ret_error->text, sizeof(ret_error->text),
                         "the target may take for ever to stop (TimeoutStopSec=infinity), and a lease ends; expected a "
                         "limit; set TimeoutStopSec= in the target's unit, or cloudlock_stop_timeout=");
                return -EINVAL;
        }
        if (plan_us(config->lease_us, config->renew_us, stop_budget_us) > config->lease_us)
                return refuse_plan(config, stop_budget_us, ret_error);
        return 0;
}

static int check_poll(Draft *draft) {
        Config *c = draft->config;
        usec_t most_us = c->lease_us / POLLS_PER_LEASE;
        const Place place = { draft->input->file_name, draft_line(draft, offsetof(Config, poll_us)),
                              "cloudlock_poll_time", draft->error };
        char given[SECONDS_TEXT_MAX], most[SECONDS_TEXT_MAX];

        if (c->poll_us == 0)
                c->poll_us = MIN(POLL_US_DEFAULT, most_us);
        if (c->poll_us > most_us)
                return place_refuse(&place, "%s is too long; expected at most a quarter of cloudlock_lock_expiration; set "
                                    "%s or less", format_seconds(given, c->poll_us), format_seconds(most, most_us));
        return 0;
}

static int check_mixed_fleet(Draft *draft) {
        const Config *c = draft->config;
        const Place place = { draft->input->file_name, draft_line(draft, offsetof(Config, mixed_fleet)),
                              "cloudlock_mixed_fleet", draft->error };
        char gap[SECONDS_TEXT_MAX];

        if (c->mixed_fleet && c->gap_us < MIXED_FLEET_GAP_US_MIN)
                return place_refuse(&place, "beside hosts that run the original, a gap of %s does not keep two targets "
                                    "apart; expected 2min or more on every host; set cloudlock_restart_gap=2min or longer",
                                    format_seconds(gap, c->gap_us));
        return 0;
}

/* The line to name: the first that is there of what the plan is made of. */
static unsigned plan_line(const Draft *draft) {
        static const size_t fields[] = {
                offsetof(Config, lease_us), offsetof(Config, renew_us), offsetof(Config, stop_timeout_us),
        };
        unsigned line = 0;

        for (size_t i = 0; i < ELEMENTSOF(fields) && line == 0; i++)
                line = draft_line(draft, fields[i]);
        return line;
}

int draft_check_times(Draft *draft) {
        const Config *c = draft->config;
        const Place place = { draft->input->file_name, plan_line(draft), NULL, draft->error };
        ConfigError error;
        int r = check_poll(draft);

        if (r >= 0)
                r = check_mixed_fleet(draft);
        if (r < 0)
                return r;
        /* The units' own needs are not known here; what is too short without them is too short with them. */
        if (config_check_times(c, c->stop_timeout_us == USEC_INFINITY ? 0 : c->stop_timeout_us, &error) < 0)
                return place_refuse(&place, "%s", error.text);
        return 0;
}
