/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "client.h"
#include "instances.h"
#include "run-end.h"
#include "run-follow.h"
#include "run-program.h"
#include "run-text.h"
#include "strv.h"
#include "text.h"
#include "verbs.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a command gets between SIGTERM and SIGKILL where the times allow it, and the least that it gets. */
#define STOP_US_MAX (30 * USEC_PER_SEC)
#define STOP_US_MIN (250 * USEC_PER_MSEC)

/* What binding_stop_budget_us() makes of a unit without ExecStop= and ExecStopPost=. */
#define STOP_PHASES 2

static int refuse(const char *what, int error) {
        fprintf(stderr, "%s: %s\n", what, strerror(-error));
        return EXIT_RUN_FAILED;
}

static int find_program(const char *name, char **ret) {
        const char *search_path = getenv("PATH");
        _cleanup_free_ char *directory = getcwd(NULL, 0);
        int r;

        if (!directory)
                return refuse("Looking for the working directory failed", -errno);
        r = run_find_program(name, search_path ?: DEFAULT_PATH, directory, ret);
        if (r >= 0)
                return EXIT_DONE;
        fprintf(stderr, "%s: %s\n", name, strerror(-r));
        return r == -ENOENT ? EXIT_NOT_FOUND : r == -EACCES ? EXIT_NOT_EXECUTED : EXIT_RUN_FAILED;
}

/* The longest stop that the times leave room for. */
static int choose_stop(const Setup *setup, usec_t *ret_us) {
        usec_t stop_us = STOP_US_MAX;
        ConfigError error = {};

        if (setup->config->stop_timeout_us != USEC_INFINITY) {
                *ret_us = MAX(setup->config->stop_timeout_us / STOP_PHASES, STOP_US_MIN);
                return 0;
        }
        while (config_check_times(setup->config, stop_us * STOP_PHASES, &error) < 0) {
                stop_us /= 2;
                if (stop_us >= STOP_US_MIN)
                        continue;
                fprintf(stderr, "%s: %s\n", setup->config_path, error.text);
                return -EINVAL;
        }
        *ret_us = stop_us;
        return 0;
}

/* A run that was killed leaves its unit behind: that one may be replaced. */
static int check_target(const Setup *setup, const RunFiles *files) {
        const UnitFacts *target = &setup->targets[0];

        if (text_is(target->load_state, "not-found") || text_is(target->fragment_path, files->unit_path))
                return 0;
        fprintf(stderr, "%s exists, and the lock of '%s' is for that. 'run' takes the place of a unit that does not "
                "exist: name one with cloudlock_target_unit= in %s, such as cloudlock-run-%s.service.\n",
                setup->target_names[0], setup->instance, setup->config_path, setup->instance);
        return -EEXIST;
}

/* Nothing of this instance may be at work: what it leads, it began with. */
static int check_idle(const Setup *setup, const char *service_name) {
        _cleanup_facts_ UnitFacts service = {};
        const char *busy;
        int r = unit_facts_ask(setup->bus, service_name, CALL_US_MAX, &service);

        if (r < 0)
                return refuse(service_name, r), r;
        busy = unit_is_alive(&service) ? service_name :
               unit_is_alive(&setup->guard) ? setup->guard_name :
               unit_is_alive(&setup->targets[0]) ? setup->target_names[0] : NULL;
        if (!busy)
                return 0;
        fprintf(stderr, "%s is at work already, and 'run' needs the lock for itself: 'systemctl stop %s' first.\n", busy, busy);
        return -EBUSY;
}

static int check_setup(const Setup *setup, const RunFiles *files, const char *service) {
        if (!text_is(setup->guard.load_state, "loaded")) {
                fprintf(stderr, "%s is not installed where systemd looks for units.\n", setup->guard_name);
                return -ENOENT;
        }
        for (char *const *name = setup->bound_names; name && *name; name++)
                if (strcmp(*name, setup->target_names[0]) != 0) {
                        fprintf(stderr, "%s is bound to the lock of '%s': 'cloudlockctl unbind %s' first.\n", *name,
                                setup->instance, setup->instance);
                        return -EBUSY;
                }
        return check_target(setup, files) < 0 ? -EEXIST : check_idle(setup, service);
}

static void print_what_is_not_used(const Setup *setup) {
        for (char *const *variable = environ; *variable; variable++)
                if (strncmp(*variable, "cloudlock_", strlen("cloudlock_")) == 0) {
                        fprintf(stderr, "Note: the variables cloudlock_* of this shell do not count, but what %s says.\n",
                                setup->config_path);
                        return;
                }
}

static int write_unit(const Setup *setup, const Options *options, const char *program, char *const *argv, usec_t stop_us,
                      const RunFiles *files, char **ret) {
        _cleanup_free_ char *directory = getcwd(NULL, 0), *binding = NULL;
        RunUnit unit = {
                .instance = setup->instance, .directory = files->directory, .program = program, .argv = argv,
                .working_directory = options->working_directory ?: directory,
                .user = options->uid, .group = options->gid, .stop_us = stop_us,
        };
        int r = unit.working_directory ? binding_target_text(setup->instance, &binding) : -errno;

        if (r < 0)
                return r;
        unit.binding = binding;
        r = run_unit_text(&unit, ret);
        if (r == -EINVAL)
                fputs("systemd can't be told this command: it takes UTF-8 only, 256 KiB at most, and no control "
                      "characters in a directory or a user.\n", stderr);
        return r;
}

static int write_files(const Setup *setup, const Options *options, const char *program, char *const *argv, usec_t stop_us,
                       RunFiles *files) {
        _cleanup_secret_ char *environment = NULL;
        _cleanup_free_ char *unit = NULL, *drop_in = NULL;
        const char *bad = NULL;
        int r = write_unit(setup, options, program, argv, stop_us, files, &unit);

        if (r >= 0)
                r = binding_guard_text(setup->instance, setup->target_names, &drop_in);
        if (r >= 0)
                r = run_environment_text(environ, options->setenv, options->uid, &environment, &bad);
        if (r < 0) {
                if (bad)
                        fprintf(stderr, "--setenv=%s: that is no variable that can be passed on.\n", bad);
                else if (r != -EINVAL)
                        fprintf(stderr, "Cannot make a unit of this command: %s\n", strerror(-r));
                return r;
        }
        r = run_files_put(files, &(RunTexts) { .unit = unit, .drop_in = drop_in, .environment = environment });
        if (r < 0)
                fprintf(stderr, "Cannot write below /run: %s\n", strerror(-r));
        return r;
}

/* What PID 1 makes of the files is what counts. */
static int verify(Setup *setup, const RunFiles *files) {
        char text[BINDING_TEXT_MAX] = "";
        int r = setup_reload(setup);

        if (r >= 0)
                r = setup_look(setup);
        if (r < 0)
                return r;
        const BindingSubject subject = {
                .instance = setup->instance, .guard = &setup->guard, .targets = setup->targets,
                .n_targets = setup->n_targets, .has_extra_cgroups = setup->config->extra_cgroups,
        };

        if (binding_check(&subject, text, sizeof(text)) == BINDING_FINE &&
            text_is(setup->targets[0].fragment_path, files->unit_path))
                return 0;
        fprintf(stderr, "%s\n", *text ? text : "Another unit of that name came in between.");
        return -EINVAL;
}

/* PID 1 keeps a unit that failed in mind, also without its file. */
static void forget_unit(const Setup *setup) {
        (void) sd_bus_call_method(setup->bus, SYSTEMD_BUS_NAME, SYSTEMD_MANAGER_PATH, SYSTEMD_MANAGER_INTERFACE,
                                  "ResetFailedUnit", NULL, NULL, "s", setup->target_names[0]);
}

static void clean_up(Setup *setup, const RunFiles *files) {
        int r = run_files_remove(files);

        if (r < 0)
                fprintf(stderr, "Cannot remove all of %s and %s: %s\n", files->directory, files->unit_path, strerror(-r));
        forget_unit(setup);
        (void) setup_reload(setup);
}

static int run_with(Setup *setup, const Options *options, const char *program, char *const *argv, RunFiles *files) {
        _cleanup_free_ char *service = NULL;
        bool down = true;
        usec_t stop_us;
        int status = EXIT_RUN_FAILED;

        if (asprintf(&service, "cloudlock@%s.service", setup->instance) < 0)
                return service = NULL, EXIT_RUN_FAILED;
        if (setup_look(setup) < 0 || check_setup(setup, files, service) < 0 || choose_stop(setup, &stop_us) < 0) {
                run_files_forget(files);
                return EXIT_RUN_FAILED;
        }
        print_what_is_not_used(setup);
        if (run_block_signals() >= 0 && write_files(setup, options, program, argv, stop_us, files) >= 0 &&
            verify(setup, files) >= 0)
                status = run_follow(&(RunSubject) { .setup = setup, .service = service, .files = files }, &down);
        if (down)
                clean_up(setup, files);
        else
                fprintf(stderr, "Left as it is, under the lock: 'systemctl stop %s' ends it.\n", service);
        return status;
}

static int open_files(const Setup *setup, RunFiles *ret) {
        int r = run_files_open(setup->instance, setup->target_names[0], ret);

        if (r == -EWOULDBLOCK)
                fprintf(stderr, "Another 'cloudlockctl run %s' is at work.\n", setup->instance);
        else if (r < 0)
                refuse("/run/cloudlock-run", r);
        return r;
}

static int run_instance(const Options *options, const char *instance, char *const *argv) {
        _cleanup_run_files_ RunFiles files = RUN_FILES_EMPTY;
        _cleanup_free_ char *program = NULL;
        _cleanup_setup_ Setup setup = {};
        int status = find_program(argv[0], &program);

        if (status != EXIT_DONE)
                return status;
        if (setup_open(instance, true, &setup) < 0)
                return EXIT_RUN_FAILED;
        if (strv_length(setup.target_names) != 1) {
                fprintf(stderr, "%s: 'run' is for one command, and so for one unit in cloudlock_target_unit=.\n",
                        setup.config_path);
                return EXIT_RUN_FAILED;
        }
        if (open_files(&setup, &files) < 0)
                return EXIT_RUN_FAILED;
        return run_with(&setup, options, program, argv, &files);
}

int verb_run(const Options *options, char *const *args) {
        if (geteuid() != 0) {
                fputs("'run' makes a unit of the system: run it as root.\n", stderr);
                return EXIT_RUN_FAILED;
        }
        if (!options->dashes || !args[1]) {
                fputs("'run' is written as: cloudlockctl run [OPTIONS...] INSTANCE -- COMMAND... Try --help.\n", stderr);
                return EXIT_RUN_FAILED;
        }
        if (!instance_name_check(args[0]))
                return EXIT_RUN_FAILED;
        return run_instance(options, args[0], args + 1);
}
