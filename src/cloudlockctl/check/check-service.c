/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "binding.h"
#include "check-context.h"
#include "credential.h"
#include "instances.h"
#include "strv.h"
#include "text.h"

#define QUESTION_US_MAX (25 * USEC_PER_SEC) /* PID 1 answers at once unless it hangs */
#define NAMES_TEXT_MAX 512

bool check_is_loaded(const UnitFacts *facts) {
        return facts->load_state && strcmp(facts->load_state, "loaded") == 0;
}

static void look_at_unit(CheckContext *context, const char *name, UnitFacts *ret) {
        int r = unit_facts_ask(context->bus, name, QUESTION_US_MAX, ret);

        if (r < 0) {
                findings_add(&context->findings, FINDING_FAILED, "units", "PID 1 does not tell of %s: %s", name, strerror(-r));
                findings_remedy(&context->findings, "see \"systemctl status %s\"", name);
        } else if (!check_is_loaded(ret)) {
                findings_add(&context->findings, FINDING_FAILED, "units", "systemd cannot load %s (%s)", name, ret->load_state);
                findings_remedy(&context->findings, strcmp(ret->load_state, "masked") == 0 ?
                                        "systemctl unmask %s" : "install cloudlock's units, then: systemctl daemon-reload (%s)",
                                name);
        }
}

static void look_at_units(CheckContext *context) {
        _cleanup_free_ char *guard = NULL, *daemon = NULL;

        if (guard_unit_name(context->instance, &guard) < 0 || asprintf(&daemon, "cloudlock@%s.service", context->instance) < 0) {
                context->findings.error = -ENOMEM;
                return;
        }
        look_at_unit(context, daemon, &context->daemon);
        look_at_unit(context, guard, &context->guard);
        if (check_is_loaded(&context->daemon) && check_is_loaded(&context->guard))
                findings_add(&context->findings, FINDING_FINE, "units", "%s and %s", daemon, guard);
}

/* The guard has to read the same configuration as the daemon. */
static void compare_guard(CheckContext *context) {
        _cleanup_service_ Service guard = {};
        _cleanup_free_ char *path = NULL;

        if (!check_is_loaded(&context->guard) || service_read(context->bus, context->guard.id, &context->findings, &guard) < 0 ||
            credential_find_config(&guard, context->instance, &path) < 0 || strcmp(path, context->config_path) == 0)
                return;
        findings_add(&context->findings, FINDING_FAILED, "units", "the guard reads its configuration from %s, cloudlockd from %s",
                     path, context->config_path);
        findings_remedy(&context->findings, "let a drop-in of cloudlock-guard@%s.service load the same file as config",
                        context->instance);
}

static bool matters(const char *assignment) {
        static const char *const prefixes[] = { "AWS_", "HTTPS_PROXY=", "https_proxy=", "NO_PROXY=", "no_proxy=", "cloudlock_" };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (strncmp(assignment, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        return false;
}

/* What works in the operator's shell works there for reasons that cloudlockd does not have. */
static void compare_shell(CheckContext *context) {
        char names[NAMES_TEXT_MAX] = "";
        unsigned n = 0;

        for (char **e = environ; *e; e++) {
                _cleanup_free_ char *name = strndup(*e, strcspn(*e, "="));
                const char *ours = name ? environment_get(environ, name) : NULL, *its;

                if (!ours || !matters(*e))
                        continue;
                its = environment_get(context->service.environment, name);
                if (its && strcmp(its, ours) == 0)
                        continue;
                text_append(names, sizeof(names), "%s%s", n++ > 0 ? ", " : "", name);
        }
        if (n == 0)
                return;
        findings_add(&context->findings, FINDING_NOTE, "environment", "this shell's %s %s not what cloudlockd gets", names,
                     n == 1 ? "is" : "are");
        findings_remedy(&context->findings, "if cloudlockd needs %s: systemctl edit cloudlock@%s.service, or %s/%s.conf",
                        n == 1 ? "it" : "them", context->instance, CONFIG_DIRECTORY, context->instance);
}

static void check_enabled(CheckContext *context) {
        const char *file_state = context->daemon.unit_file_state, *state = context->daemon.active_state;

        if (!check_is_loaded(&context->daemon))
                return;
        if (file_state && strcmp(file_state, "enabled") == 0)
                findings_add(&context->findings, FINDING_FINE, "service", "%s is %s and enabled", context->daemon.id, state);
        else {
                findings_add(&context->findings, FINDING_WARNING, "service", "%s is %s, and no boot starts it", context->daemon.id,
                             state);
                findings_remedy(&context->findings, "once the rest is right: systemctl enable --now %s", context->daemon.id);
        }
}

void check_service(CheckContext *context) {
        Findings *findings = &context->findings;
        int r = 0;

        if (!context->bus)
                check_skip(context, "units", "PID 1 cannot be asked");
        else
                look_at_units(context);
        if (check_is_loaded(&context->daemon))
                r = service_read(context->bus, context->daemon.id, findings, &context->service);
        if (r >= 0)
                r = credential_find_config(&context->service, context->instance, &context->config_path);
        if (r >= 0)
                r = credentials_copy(&context->service, findings, &context->credentials);
        if (r < 0) {
                findings_add(findings, FINDING_FAILED, "environment", "what cloudlockd would be given cannot be found out: %s",
                             strerror(-r));
                return;
        }
        if (check_is_loaded(&context->daemon)) {
                compare_guard(context);
                compare_shell(context);
        }
        check_enabled(context);
}
