/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "drop-ins.h"
#include "extra-cgroups.h"
#include "instances.h"
#include "setup.h"
#include "strv.h"
#include "verbs.h"

static int refuse_without_root(const Options *options, const char *verb) {
        if (options->dry_run || geteuid() == 0)
                return 0;
        fprintf(stderr, "'%s' changes units of the system: run it as root, or add --dry-run.\n", verb);
        return -EPERM;
}

/* Whether these units can be gated, and stopped in time. */
static int check_targets(const Setup *setup) {
        char text[BINDING_TEXT_MAX] = "";
        ConfigError error = {};
        usec_t stop_us = setup->config->stop_timeout_us;

        for (size_t i = 0; i < setup->n_targets; i++)
                if (binding_check_target(setup->instance, &setup->targets[i], setup->config->extra_cgroups, text,
                                         sizeof(text)) != BINDING_FINE) {
                        fprintf(stderr, "%s\n", text);
                        return -EINVAL;
                }
        if (!extra_cgroups_check(setup->config->extra_cgroups, setup->config->target_units, setup->guard.control_group, text,
                                 sizeof(text))) {
                fprintf(stderr, "%s\n", text);
                return -EINVAL;
        }
        if (stop_us == USEC_INFINITY)
                stop_us = binding_stop_budget_us(setup->targets, setup->n_targets);
        if (config_check_times(setup->config, stop_us, &error) < 0) {
                fprintf(stderr, "%s: %s\n", setup->config_path, error.text);
                return -EINVAL;
        }
        return 0;
}

static int check_guard(const Setup *setup) {
        if (setup->guard.load_state && strcmp(setup->guard.load_state, "loaded") == 0)
                return 0;
        fprintf(stderr, "%s is not installed where systemd looks for units.\n", setup->guard_name);
        return -ENOENT;
}

/* Plans the drop-in of each unit; `text` NULL: its removal. */
static int plan_units(DropIns *drop_ins, char *const *units, char *const *except, const char *text) {
        for (; units && *units; units++) {
                _cleanup_free_ char *path = NULL;
                int r;

                if (strv_contains(except, *units))
                        continue;
                r = binding_target_path(*units, &path);
                if (r >= 0)
                        r = drop_ins_add(drop_ins, path, text);
                if (r < 0) {
                        fprintf(stderr, "%s: %s\n", path ? path : *units, strerror(-r));
                        return r;
                }
        }
        return 0;
}

static int plan_guard(DropIns *drop_ins, const char *instance, const char *text) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = binding_guard_path(instance, &path);
        if (r < 0)
                return r;
        r = drop_ins_add(drop_ins, path, text);
        if (r < 0)
                fprintf(stderr, "%s: %s\n", path, strerror(-r));
        return r;
}

/* The targets' files come first: with a half of them in place, a target without its guard stays down. */
static int plan_bind(const Setup *setup, DropIns *drop_ins) {
        _cleanup_free_ char *target_text = NULL, *guard_text = NULL;
        int r;

        r = binding_target_text(setup->instance, &target_text);
        if (r < 0)
                return r;
        r = binding_guard_text(setup->instance, setup->target_names, &guard_text);
        if (r < 0)
                return r;
        r = plan_units(drop_ins, setup->target_names, NULL, target_text);
        if (r < 0)
                return r;
        r = plan_units(drop_ins, setup->bound_names, setup->target_names, NULL);
        if (r < 0)
                return r;
        return plan_guard(drop_ins, setup->instance, guard_text);
}

static int plan_unbind(const Setup *setup, DropIns *drop_ins) {
        int r = plan_guard(drop_ins, setup->instance, NULL);

        return r < 0 ? r : plan_units(drop_ins, setup->target_names, NULL, NULL);
}

typedef int (*Verify)(const Setup *setup);

static int verify_bound(const Setup *setup) {
        char text[BINDING_TEXT_MAX] = "";
        BindingSubject subject = {
                .instance = setup->instance,
                .guard = &setup->guard,
                .targets = setup->targets,
                .n_targets = setup->n_targets,
                .has_extra_cgroups = setup->config->extra_cgroups,
        };

        BindingVerdict verdict = binding_check(&subject, text, sizeof(text));

        if (verdict == BINDING_FINE)
                return 0;
        fprintf(stderr, "%s\n", text);
        if (verdict == BINDING_UNBOUND)
                fputs("What was written does not take effect: \"systemctl cat\" shows which other drop-in undoes it.\n",
                      stderr);
        return -EINVAL;
}

static int verify_unbound(const Setup *setup) {
        for (size_t i = 0; i < setup->n_targets; i++)
                if (strv_contains(setup->targets[i].binds_to, setup->guard_name)) {
                        fprintf(stderr, "%s is still bound to %s by another file: see 'systemctl cat %s'.\n",
                                setup->target_names[i], setup->guard_name, setup->target_names[i]);
                        return -EBUSY;
                }
        return 0;
}

static void undo(Setup *setup, const DropIns *drop_ins) {
        int r = drop_ins_revert(drop_ins);

        if (r < 0)
                fprintf(stderr, "Cannot put everything back: %s\n", strerror(-r));
        if (setup_reload(setup) >= 0 && r >= 0)
                fputs("Everything is as it was before.\n", stderr);
}

/* Writes, reloads, and looks whether PID 1 made of it what was meant; all or nothing. */
static int carry_out(Setup *setup, const DropIns *drop_ins, Verify verify) {
        const char *path;
        int r;

        umask(0022);
        r = drop_ins_apply(drop_ins, &path);
        if (r < 0) {
                fprintf(stderr, "%s: %s\nEverything is as it was before.\n", path, strerror(-r));
                return r;
        }
        r = setup_reload(setup);
        if (r >= 0)
                r = setup_look(setup);
        if (r >= 0)
                r = verify(setup);
        if (r < 0)
                undo(setup, drop_ins);
        return r;
}

static int change(Setup *setup, const Options *options, const DropIns *drop_ins, Verify verify) {
        drop_ins_print(drop_ins, stdout, options->dry_run);
        fflush(stdout);
        if (options->dry_run)
                return 0;
        /* Also where nothing is to be written: PID 1 may not have read it yet. */
        return carry_out(setup, drop_ins, verify);
}

/* Measured: systemd stops a unit that is bound to an inactive one as soon as it has read the drop-in. */
static void print_what_stops(const Setup *setup) {
        for (size_t i = 0; i < setup->n_targets; i++)
                if (unit_is_alive(&setup->targets[i]) && !unit_is_alive(&setup->guard))
                        printf("Note: %s runs without the lock, and is stopped by this.\n", setup->target_names[i]);
}

static void print_advice(const Setup *setup) {
        char warnings[CONFIG_ERROR_MAX] = "";

        for (size_t i = 0; i < setup->n_targets; i++) {
                const char *file_state = setup->targets[i].unit_file_state, *name = setup->target_names[i];

                if (file_state && strcmp(file_state, "enabled") == 0)
                        printf("Note: %s is enabled, but the lock starts it: each boot will log a refused start until "
                               "\"systemctl disable %s\".\n", name, name);
        }
        config_warnings(setup->config, warnings, sizeof(warnings));
        for (char *rest = warnings, *line; (line = strsep(&rest, "\n")) && *line;)
                printf("Note: %s\n", line);
}

static void print_bound(const Setup *setup) {
        _cleanup_free_ char *targets = strv_join(setup->target_names, ", ");

        printf("%s now run%s only while this host holds the lock '%s'.\n", targets ? targets : "The targets",
               setup->n_targets == 1 ? "s" : "", setup->config->label);
        print_advice(setup);
        printf("Next: systemctl enable --now cloudlock@%s.service\n", setup->instance);
}

static int bind_instance(const Options *options, const char *instance) {
        _cleanup_drop_ins_ DropIns drop_ins = {};
        _cleanup_setup_ Setup setup = {};
        int r;

        r = setup_open(instance, true, &setup);
        if (r < 0)
                return r;
        r = setup_look(&setup);
        if (r < 0)
                return r;
        r = check_guard(&setup);
        if (r < 0)
                return r;
        r = check_targets(&setup);
        if (r < 0)
                return r;
        r = plan_bind(&setup, &drop_ins);
        if (r < 0)
                return r;
        if (unit_is_alive(&setup.guard) && !drop_ins_are_in_place(&drop_ins)) {
                fprintf(stderr, "%s is active, and works with the targets that it began with: stop "
                        "cloudlock@%s.service first.\n", setup.guard_name, instance);
                return -EBUSY;
        }
        print_what_stops(&setup);
        r = change(&setup, options, &drop_ins, verify_bound);
        if (r < 0)
                return r;
        if (!options->dry_run)
                print_bound(&setup);
        return 0;
}

static int unbind_instance(const Options *options, const char *instance) {
        _cleanup_drop_ins_ DropIns drop_ins = {};
        _cleanup_setup_ Setup setup = {};
        int r;

        r = setup_open(instance, false, &setup);
        if (r < 0)
                return r;
        r = setup_look(&setup);
        if (r < 0)
                return r;
        if (unit_is_alive(&setup.guard)) {
                fprintf(stderr, "%s is active: stop cloudlock@%s.service first.\n", setup.guard_name, instance);
                return -EBUSY;
        }
        r = plan_unbind(&setup, &drop_ins);
        if (r < 0)
                return r;
        if (drop_ins_are_in_place(&drop_ins)) {
                printf("Nothing is bound to the lock of '%s'.\n", instance);
                return 0;
        }
        r = change(&setup, options, &drop_ins, verify_unbound);
        if (r < 0)
                return r;
        if (!options->dry_run)
                puts("No lock keeps these units from running on several hosts any more.");
        return 0;
}

int verb_bind(const Options *options, char *const *args) {
        if (!instance_name_check(args[0]))
                return EXIT_NO_INSTANCE;
        if (refuse_without_root(options, "bind") < 0)
                return EXIT_FAILED;
        return bind_instance(options, args[0]) < 0 ? EXIT_FAILED : EXIT_DONE;
}

int verb_unbind(const Options *options, char *const *args) {
        if (!instance_name_check(args[0]))
                return EXIT_NO_INSTANCE;
        if (refuse_without_root(options, "unbind") < 0)
                return EXIT_FAILED;
        return unbind_instance(options, args[0]) < 0 ? EXIT_FAILED : EXIT_DONE;
}
