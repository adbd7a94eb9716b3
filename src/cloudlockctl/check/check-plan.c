/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "binding.h"
#include "check-context.h"
#include "time-limits.h"

static bool targets_are_known(const CheckContext *context) {
        for (size_t i = 0; i < context->n_targets; i++)
                if (!check_is_loaded(&context->targets[i]))
                        return false;
        return context->n_targets > 0;
}

usec_t check_stop_budget_us(const CheckContext *context) {
        if (context->config->stop_timeout_us != USEC_INFINITY)
                return context->config->stop_timeout_us;
        return targets_are_known(context) ? binding_stop_budget_us(context->targets, context->n_targets) : USEC_INFINITY;
}

static void check_inequality(CheckContext *context) {
        usec_t stop_us = check_stop_budget_us(context);
        ConfigError text = {};
        char *remedy;

        if (config_check_times(context->config, stop_us, &text) >= 0) {
                config_describe_times(context->config, stop_us, &text);
                findings_add(&context->findings, FINDING_FINE, "time-plan", "%s", text.text);
                return;
        }
        remedy = strstr(text.text, "; ");
        if (remedy)
                *remedy = '\0';
        findings_add(&context->findings, FINDING_FAILED, "time-plan", "%s", text.text);
        if (remedy)
                findings_remedy(&context->findings, "%s", remedy + strlen("; "));
}

static void check_gap(CheckContext *context) {
        const Config *config = context->config;
        char gap[SPAN_TEXT_MAX], lease[SPAN_TEXT_MAX];

        format_span(gap, sizeof(gap), config->gap_us);
        format_span(lease, sizeof(lease), config->lease_us);
        if (config->gap_us >= config->lease_us) {
                findings_add(&context->findings, FINDING_FINE, "gap", "%s, which is at least the lease of %s", gap, lease);
                return;
        }
        findings_add(&context->findings, FINDING_WARNING, "gap",
                     "%s is shorter than the lease of %s: mistakes outside cloudlock (a copied configuration, a restored "
                     "table) are not covered by it", gap, lease);
        findings_remedy(&context->findings, "where the target must never run twice: cloudlock_restart_gap=%s on every host", lease);
}

static void check_mixed_fleet(CheckContext *context) {
        if (!context->config->mixed_fleet)
                return;
        findings_add(&context->findings, FINDING_NOTE, "mixed-fleet",
                     "hosts with the original cloudlock are expected: each of them needs a gap of 2min or more and a my_id of "
                     "its own");
}

void check_plan(CheckContext *context) {
        if (!context->config) {
                check_skip(context, "time-plan", "the configuration cannot be used");
                return;
        }
        if (context->config->stop_timeout_us == USEC_INFINITY && !targets_are_known(context))
                check_skip(context, "time-plan", "how long the target may take to stop is not known");
        else
                check_inequality(context);
        check_gap(context);
        check_mixed_fleet(context);
}
