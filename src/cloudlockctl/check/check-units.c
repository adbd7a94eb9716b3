/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "binding.h"
#include "check-context.h"
#include "extra-cgroups.h"
#include "setup.h"
#include "strv.h"
#include "text.h"

#define QUESTION_US_MAX (25 * USEC_PER_SEC)

static int look_at_targets(CheckContext *context) {
        context->targets = calloc(strv_length(context->config->target_units) + 1, sizeof(UnitFacts));
        if (!context->targets)
                return context->findings.error = -ENOMEM;
        for (char **name = context->config->target_units; *name; name++) {
                int r = unit_facts_ask(context->bus, *name, QUESTION_US_MAX, &context->targets[context->n_targets]);

                if (r < 0) {
                        findings_add(&context->findings, FINDING_FAILED, "target", "PID 1 does not tell of %s: %s", *name,
                                     strerror(-r));
                        findings_remedy(&context->findings, "see \"systemctl status %s\"", *name);
                        return r;
                }
                context->n_targets++;
        }
        return 0;
}

/* The sentences of binding.h say what to do behind their first semicolon. */
static void say_sentence(CheckContext *context, const char *check, char *text) {
        char *remedy = strchr(text, ';');

        if (remedy)
                *remedy = '\0';
        findings_add(&context->findings, FINDING_FAILED, check, "%s", text);
        if (remedy)
                findings_remedy(&context->findings, "%s", remedy + 1 + strspn(remedy + 1, " "));
}

static void say_stop(CheckContext *context, const UnitFacts *target) {
        usec_t budget_us = binding_stop_budget_us(target, 1);
        char span[SPAN_TEXT_MAX];

        findings_add(&context->findings, FINDING_FINE, "target", "%s is %s, bound to the lock, %s%s", target->id,
                     target->active_state, budget_us == USEC_INFINITY ? "and may take for ever to stop" : "stopped within ",
                     budget_us == USEC_INFINITY ? "" : format_span(span, sizeof(span), budget_us));
}

/* One that "cloudlockctl run" makes is there while that runs, and nobody but that starts the daemon. */
static bool may_be_for_run(const CheckContext *context, const UnitFacts *target) {
        return context->n_targets == 1 && text_is(target->load_state, "not-found") && !unit_is_alive(&context->daemon) &&
               !text_is(context->daemon.unit_file_state, "enabled");
}

static void say_for_run(CheckContext *context, const UnitFacts *target) {
        findings_add(&context->findings, FINDING_WARNING, "target", "%s does not exist: right for \"cloudlockctl run %s\", and for "
                     "nothing else", target->id, context->instance);
        findings_remedy(&context->findings, "for a service under this lock: create it, or name another one with "
                        "cloudlock_target_unit=");
}

static void check_target(CheckContext *context, const UnitFacts *target) {
        char text[BINDING_TEXT_MAX] = "";
        BindingSubject subject = {
                .instance = context->instance,
                .guard = &context->guard,
                .targets = target,
                .n_targets = 1,
                .has_extra_cgroups = context->config->extra_cgroups,
        };

        if (may_be_for_run(context, target))
                say_for_run(context, target);
        else if (binding_check_target(context->instance, target, context->config->extra_cgroups, text, sizeof(text)) != BINDING_FINE)
                say_sentence(context, "target", text);
        else if (!check_is_loaded(&context->guard))
                check_skip(context, "target", "there is no guard to bind it to");
        else if (binding_check(&subject, text, sizeof(text)) != BINDING_FINE)
                say_sentence(context, "target", text);
        else
                say_stop(context, target);
        if (text_is(target->unit_file_state, "enabled")) {
                findings_add(&context->findings, FINDING_NOTE, "target", "%s is enabled: harmless, as it starts under the lock "
                             "only, but each boot logs a refused start", target->id);
                findings_remedy(&context->findings, "systemctl disable %s", target->id);
        }
}

/* A unit file that was changed and not read: PID 1 works by the old one. */
static void check_reload(CheckContext *context) {
        const UnitFacts *own[] = { &context->daemon, &context->guard };
        const char *stale = NULL;

        for (size_t i = 0; i < ELEMENTSOF(own) && !stale; i++)
                stale = own[i]->need_daemon_reload ? own[i]->id : NULL;
        for (size_t i = 0; i < context->n_targets && !stale; i++)
                stale = context->targets[i].need_daemon_reload ? context->targets[i].id : NULL;
        if (!stale)
                return;
        findings_add(&context->findings, FINDING_FAILED, "reload", "the files of %s have changed since systemd read them", stale);
        findings_remedy(&context->findings, "systemctl daemon-reload");
}

static void check_extra_cgroups(CheckContext *context) {
        char text[BINDING_TEXT_MAX] = "";

        if (!context->config->extra_cgroups)
                return;
        if (extra_cgroups_check(context->config->extra_cgroups, context->config->target_units, context->guard.control_group,
                                text, sizeof(text))) {
                _cleanup_free_ char *names = strv_join(context->config->extra_cgroups, " ");

                findings_add(&context->findings, FINDING_FINE, "extra-cgroups", "%s", names ?: "");
        } else
                say_sentence(context, "extra-cgroups", text);
}

void check_units(CheckContext *context) {
        if (!context->config) {
                check_skip(context, "target", "the configuration, which names it, cannot be used");
                return;
        }
        if (!context->bus) {
                check_skip(context, "target", "PID 1 cannot be asked");
                return;
        }
        if (look_at_targets(context) < 0)
                return;
        check_reload(context);
        for (size_t i = 0; i < context->n_targets; i++)
                check_target(context, &context->targets[i]);
        check_extra_cgroups(context);
}
