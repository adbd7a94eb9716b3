/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check-context.h"

#include <errno.h>
#include <string.h>

#include "answer.h"
#include "findings-show.h"
#include "instances.h"
#include "json.h"
#include "policy.h"
#include "verbs.h"

void check_done(CheckContext *context) {
        session_free(context->session);
        for (size_t i = 0; i < context->n_targets; i++)
                unit_facts_done(&context->targets[i]);
        free(context->targets);
        unit_facts_done(&context->guard);
        unit_facts_done(&context->daemon);
        profile_free(context->profile);
        config_free(context->config);
        credentials_copy_done(&context->credentials);
        free(context->config_path);
        service_done(&context->service);
        sd_bus_flush_close_unref(context->bus);
        findings_done(&context->findings);
        *context = (CheckContext) {};
}

/* The order is that of causes: what comes first explains what fails after it. */
static void (*const checks[])(CheckContext *context) = {
        check_bus,       check_host,  check_service, check_config,    check_aws_files,
        check_instances, check_units, check_plan,    check_watchdogs, check_store,
};

static int build_policy(const CheckContext *context, json_object **ret) {
        return policy_build(&(PolicyInput) {
                                    .region = context->place.region,
                                    .table = context->config->table,
                                    .label = context->config->label,
                                    .arn = *context->description.arn ? context->description.arn : NULL,
                                    .legacy_global = context->may_be_legacy_global,
                                    .original = context->config->mixed_fleet,
                            }, ret);
}

static int show_json(const CheckContext *context, JsonMode mode) {
        _cleanup_json_ json_object *object = NULL, *policy = NULL;
        int r = findings_to_json(&context->findings, context->instance, &object);

        if (r >= 0 && context->has_place)
                r = build_policy(context, &policy);
        if (r >= 0 && policy)
                r = json_put(object, "policy", TAKE_PTR(policy));
        return r < 0 ? r : answer_print(stdout, object, mode);
}

static int show_policy(const CheckContext *context) {
        _cleanup_json_ json_object *policy = NULL;
        _cleanup_free_ char *text = NULL;
        int r = build_policy(context, &policy);

        if (r >= 0)
                r = policy_format(policy, &text);
        if (r >= 0)
                fputs(text, stdout);
        return r;
}

static void say_policy(CheckContext *context) {
        if (context->has_place)
                findings_add(&context->findings, FINDING_NOTE, "policy", "the least that these keys need: cloudlockctl check %s --policy",
                             context->instance);
}

int check_find_place(CheckContext *context) {
        static const char *const matters[] = { "environment", "config-file", "config", "region" };

        check_bus(context);
        check_service(context);
        check_config(context);
        if (context->has_place)
                return 0;
        for (size_t i = 0; i < context->findings.n; i++) {
                const Finding *finding = &context->findings.list[i];

                for (size_t j = 0; j < ELEMENTSOF(matters); j++)
                        if (finding->level == FINDING_FAILED && finding->text && strcmp(finding->check, matters[j]) == 0)
                                fprintf(stderr, "%s%s%s\n", finding->text, finding->remedy ? ": " : "", finding->remedy ?: "");
        }
        if (context->findings.error < 0)
                fprintf(stderr, "Looking at the configuration of %s failed: %s\n", context->instance,
                        strerror(-context->findings.error));
        return -EINVAL;
}

/* Whether the table is there, and in whose account, is asked in passing. */
static int print_policy(CheckContext *context) {
        int r = check_find_place(context);

        if (r < 0)
                return r;
        check_store(context);
        return show_policy(context);
}

static int walk(CheckContext *context, const Options *options) {
        ShowStyle style = show_style(stdout);

        for (size_t i = 0; i < ELEMENTSOF(checks); i++)
                checks[i](context);
        say_policy(context);
        if (context->findings.error < 0)
                return context->findings.error;
        if (options->json)
                return show_json(context, options->json);
        if (options->full)
                style.width = 0;
        findings_show(stdout, &style, &context->findings);
        return 0;
}

int verb_check(const Options *options, char *const *args) {
        _cleanup_check_ CheckContext context = { .instance = args[0] };
        int r;

        if (!instance_name_check(args[0]))
                return EXIT_NO_INSTANCE;
        r = options->policy ? print_policy(&context) : walk(&context, options);
        if (r < 0 && r != -EINVAL)
                fprintf(stderr, "Checking %s failed: %s\n", args[0], strerror(-r));
        return r < 0 || (!options->policy && findings_count(&context.findings, FINDING_FAILED) > 0) ? EXIT_FAILED : EXIT_DONE;
}
