/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "setup.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "credential.h"
#include "drop-ins.h"
#include "file.h"
#include "instances.h"
#include "strv.h"
#include "text.h"

/* Where "cloudlockctl bind" writes, binding_target_path(). */
#define UNIT_DIRECTORY "/etc/systemd/system"

/* PID 1 answers at once unless it hangs. */
#define QUESTION_US_MAX (25 * USEC_PER_SEC)

/* A reload runs all generators, and each of them may take a while. */
#define RELOAD_US_MAX (3 * USEC_PER_MINUTE)

static void forget_facts(Setup *setup) {
        unit_facts_done(&setup->guard);
        for (size_t i = 0; i < setup->n_targets; i++)
                unit_facts_done(&setup->targets[i]);
        free(setup->targets);
        setup->targets = NULL;
        setup->n_targets = 0;
}

void setup_done(Setup *setup) {
        forget_facts(setup);
        strv_free(setup->bound_names);
        strv_free(setup->target_names);
        free(setup->guard_name);
        sd_bus_flush_close_unref(setup->bus);
        config_free(setup->config);
        free(setup->config_path);
        *setup = (Setup) {};
}

static int complain(const char *what, int error) {
        fprintf(stderr, "%s: %s\n", what, strerror(-error));
        return error;
}

/* What cloudlockd would get: by a drop-in that may be another file, or an encrypted one. Where systemd can't say, as it
 * knows of no such unit yet, the usual one. */
static int read_text(Setup *setup, char **ret, size_t *ret_size) {
        _cleanup_(findings_done) Findings unused = {};
        _cleanup_service_ Service service = {};
        _cleanup_free_ char *unit = NULL;
        int r;

        if (asprintf(&unit, "cloudlock@%s.service", setup->instance) < 0)
                return unit = NULL, -ENOMEM;
        (void) service_read(setup->bus, unit, &unused, &service);
        r = credential_find_config(&service, setup->instance, &setup->config_path);
        return r < 0 ? r : credential_read_config(&service, setup->config_path, ret, ret_size);
}

static int read_config(Setup *setup) {
        _cleanup_secret_ char *data = NULL;
        char host_name[HOST_NAME_MAX + 1] = "";
        ConfigError error = {};
        ConfigInput input;
        size_t size;
        int r;

        r = read_text(setup, &data, &size);
        if (r == -ENOENT)
                fprintf(stderr, "There is no instance '%s': write %s, see cloudlock.conf(5).\n", setup->instance,
                        setup->config_path);
        else if (r < 0)
                fprintf(stderr, "%s: %s\n", setup->config_path ? setup->config_path : setup->instance, credential_error(r));
        if (r < 0)
                return r;
        gethostname(host_name, sizeof(host_name) - 1);
        input = (ConfigInput) {
                .instance = setup->instance,
                .file_name = setup->config_path,
                .data = data,
                .size = size,
                .environment = environ,
                .host_name = host_name,
        };
        r = config_parse(&input, &setup->config, &error);
        if (r == -EINVAL)
                fprintf(stderr, "%s\n", error.text);
        else if (r < 0)
                return complain(setup->config_path, r);
        return r;
}

static int copy_names(char *const *names, char ***ret) {
        _cleanup_strv_ char **copy = NULL;

        for (; names && *names; names++) {
                int r = strv_extend(&copy, *names);

                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(copy);
        return 0;
}

/* Whether the drop-in at `path` ties its unit to this guard; who wrote it, and with which version, does not matter. What
 * can't be read may be one that does. */
static int names_guard(const char *path, const char *guard_name) {
        _cleanup_free_ char *text = NULL;
        int r = read_small_file(path, DROP_IN_SIZE_MAX, &text, NULL);

        if (r == -ENOENT)
                return 0;
        return r < 0 ? complain(path, r) : strstr(text, guard_name) != NULL;
}

/* Adds the unit to which a directory of that name belongs, if cloudlock's drop-in in there ties it to this guard. */
static int add_if_bound(const char *directory_name, const char *guard_name, char ***units) {
        size_t length = strlen(directory_name), suffix = strlen(".service.d");
        _cleanup_free_ char *unit = NULL, *path = NULL;
        int r;

        if (length <= suffix || strcmp(directory_name + length - suffix, ".service.d") != 0)
                return 0;
        unit = strndup(directory_name, length - strlen(".d"));
        if (!unit)
                return -ENOMEM;
        if (strcmp(unit, guard_name) == 0)
                return 0;
        r = binding_target_path(unit, &path);
        if (r >= 0)
                r = names_guard(path, guard_name);
        return r > 0 ? strv_extend(units, unit) : r;
}

/* Not by glob(3), to which a directory that can't be read to its end has no more in it. */
static int find_bound(const char *guard_name, char ***ret) {
        _cleanup_closedir_ DIR *directory = opendir(UNIT_DIRECTORY);
        _cleanup_strv_ char **units = NULL;
        struct dirent *entry;

        if (!directory && errno != ENOENT)
                return -errno;
        while (directory && (errno = 0, entry = readdir(directory))) {
                int r = add_if_bound(entry->d_name, guard_name, &units);

                if (r < 0)
                        return r;
        }
        if (directory && errno != 0)
                return -errno;
        strv_sort(units);
        *ret = TAKE_PTR(units);
        return 0;
}

static int open_parts(Setup *setup, bool with_config) {
        int r;

        r = sd_bus_open_system(&setup->bus);
        if (r < 0)
                return complain("Cannot connect to the system bus", r);
        if (with_config) {
                r = read_config(setup);
                if (r < 0)
                        return r;
        }
        r = guard_unit_name(setup->instance, &setup->guard_name);
        if (r >= 0)
                r = find_bound(setup->guard_name, &setup->bound_names);
        if (r >= 0)
                r = copy_names(with_config ? setup->config->target_units : setup->bound_names, &setup->target_names);
        return r < 0 ? complain("Cannot look for drop-ins", r) : 0;
}

int setup_open(const char *instance, bool with_config, Setup *ret) {
        _cleanup_setup_ Setup setup = { .instance = instance };
        int r;

        r = open_parts(&setup, with_config);
        if (r < 0)
                return r;
        *ret = setup;
        setup = (Setup) {};
        return 0;
}

static int ask(Setup *setup, const char *unit, UnitFacts *ret) {
        int r = unit_facts_ask(setup->bus, unit, QUESTION_US_MAX, ret);

        return r < 0 ? complain(unit, r) : 0;
}

int setup_look(Setup *setup) {
        int r;

        forget_facts(setup);
        setup->targets = calloc(strv_length(setup->target_names) + 1, sizeof(UnitFacts));
        if (!setup->targets)
                return -ENOMEM;
        for (char *const *name = setup->target_names; name && *name; name++) {
                r = ask(setup, *name, &setup->targets[setup->n_targets]);
                if (r < 0)
                        return r;
                setup->n_targets++;
        }
        return ask(setup, setup->guard_name, &setup->guard);
}

int setup_reload(Setup *setup) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_message_new_method_call(setup->bus, &call, SYSTEMD_BUS_NAME, SYSTEMD_MANAGER_PATH,
                                           SYSTEMD_MANAGER_INTERFACE, "Reload");
        if (r < 0)
                return complain("Cannot reload systemd", r);
        r = sd_bus_call(setup->bus, call, RELOAD_US_MAX, &error, NULL);
        if (r < 0)
                fprintf(stderr, "Cannot reload systemd: %s\n", error.message ? error.message : strerror(-r));
        return r < 0 ? r : 0;
}

bool unit_is_alive(const UnitFacts *facts) {
        return facts->active_state && strcmp(facts->active_state, "inactive") != 0 &&
               strcmp(facts->active_state, "failed") != 0;
}
