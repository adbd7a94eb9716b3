/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "facts.h"
#include "file.h"
#include "strv.h"
#include "text.h"

#define SERVICE_INTERFACE "org.freedesktop.systemd1.Service"
#define ENVIRONMENT_FILE_SIZE_MAX (64u * 1024)

static void credential_done(ServiceCredential *credential) {
        free(credential->id);
        free(credential->path);
}

void service_done(Service *service) {
        strv_free_secrets(service->environment);
        for (size_t i = 0; i < service->n_credentials; i++)
                credential_done(&service->credentials[i]);
        free(service->credentials);
        free(service->user);
        free(service->protect_home);
        *service = (Service) {};
}

const ServiceCredential *service_credential(const Service *service, const char *id) {
        for (size_t i = 0; i < service->n_credentials; i++)
                if (strcmp(service->credentials[i].id, id) == 0)
                        return &service->credentials[i];
        return NULL;
}

/* Which unit, on which bus; errors go to the caller, the property's absence in an older systemd is none. */
typedef struct Unit {
        sd_bus *bus;
        char *path;
} Unit;

static int get_property(const Unit *unit, const char *name, const char *type, sd_bus_message **ret) {
        return sd_bus_get_property(unit->bus, SYSTEMD_BUS_NAME, unit->path, SERVICE_INTERFACE, name, NULL, ret, type);
}

static int set_assignment(char ***environment, const char *assignment) {
        const char *equals = strchr(assignment, '=');
        _cleanup_free_ char *name = equals ? strndup(assignment, (size_t) (equals - assignment)) : NULL;

        if (!equals)
                return 0;
        return name ? environment_set(environment, name, equals + 1) : -ENOMEM;
}

static int set_assignments(char ***environment, char *const *assignments) {
        int r = 0;

        for (; assignments && *assignments && r >= 0; assignments++)
                r = set_assignment(environment, *assignments);
        return r;
}

/* What systemd sets for a service with User=, of what matters here. */
static int set_home(Service *service) {
        const struct passwd *user = getpwnam(service->user && *service->user ? service->user : "root");

        return user ? environment_set(&service->environment, "HOME", user->pw_dir) : 0;
}

static int read_environment(const Unit *unit, Service *service) {
        _cleanup_strv_ char **manager = NULL, **own = NULL;
        int r;

        r = sd_bus_get_property_strv(unit->bus, SYSTEMD_BUS_NAME, SYSTEMD_MANAGER_PATH, SYSTEMD_MANAGER_INTERFACE,
                                     "Environment", NULL, &manager);
        if (r < 0)
                return r;
        r = sd_bus_get_property_strv(unit->bus, SYSTEMD_BUS_NAME, unit->path, SERVICE_INTERFACE, "Environment", NULL, &own);
        if (r < 0)
                return r;
        r = set_assignments(&service->environment, manager);
        if (r >= 0)
                r = set_home(service);
        return r < 0 ? r : set_assignments(&service->environment, own);
}

static int read_environment_file(const char *path, bool may_be_missing, Findings *findings, Service *service) {
        _cleanup_secret_ char *text = NULL;
        int r = read_small_file(path, ENVIRONMENT_FILE_SIZE_MAX, &text, NULL);

        if (r == -ENOENT && may_be_missing)
                return 0;
        if (r >= 0)
                return environment_file_parse(text, &service->environment);
        findings_add(findings, FINDING_FAILED, "environment", "EnvironmentFile=%s: %s; without it the service does not start",
                     path, strerror(-r));
        findings_remedy(findings, "write the file, or take the line out of the drop-in");
        return 0;
}

static int read_environment_files(const Unit *unit, Findings *findings, Service *service) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = get_property(unit, "EnvironmentFiles", "a(sb)", &m), may_be_missing;
        const char *path;

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(sb)");
        while (r >= 0 && (r = sd_bus_message_read(m, "(sb)", &path, &may_be_missing)) > 0)
                r = read_environment_file(path, may_be_missing, findings, service);
        return r;
}

static int unset_environment(const Unit *unit, Service *service) {
        _cleanup_strv_ char **unset = NULL;
        int r = sd_bus_get_property_strv(unit->bus, SYSTEMD_BUS_NAME, unit->path, SERVICE_INTERFACE, "UnsetEnvironment", NULL,
                                         &unset);

        /* A bare name takes any value away, which an empty one does too for all that reads it here. */
        for (char **u = unset; u && *u && r >= 0; u++)
                if (!strchr(*u, '=') && environment_get(service->environment, *u))
                        r = environment_set(&service->environment, *u, "");
        return r;
}

static int add_credential(Service *service, const char *id, const char *path, bool is_encrypted) {
        _cleanup_(credential_done) ServiceCredential credential = { .is_encrypted = is_encrypted };
        ServiceCredential *grown;

        credential.id = strdup(id);
        credential.path = strdup(*path ? path : id);
        grown = reallocarray(service->credentials, service->n_credentials + 1, sizeof(ServiceCredential));
        if (grown)
                service->credentials = grown;
        if (!grown || !credential.id || !credential.path)
                return -ENOMEM;
        grown[service->n_credentials++] = credential;
        credential = (ServiceCredential) {};
        return 0;
}

static int read_credentials(const Unit *unit, const char *property, bool is_encrypted, Service *service) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = get_property(unit, property, "a(ss)", &m);
        const char *id, *path;

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(ss)");
        while (r >= 0 && (r = sd_bus_message_read(m, "(ss)", &id, &path)) > 0)
                r = add_credential(service, id, path, is_encrypted);
        return r;
}

static int read_string(const Unit *unit, const char *property, char **ret) {
        return sd_bus_get_property_string(unit->bus, SYSTEMD_BUS_NAME, unit->path, SERVICE_INTERFACE, property, NULL, ret);
}

static int read_sandbox(const Unit *unit, Service *service) {
        int private_tmp, r = read_string(unit, "User", &service->user);

        if (r >= 0)
                r = read_string(unit, "ProtectHome", &service->protect_home);
        if (r >= 0)
                r = sd_bus_get_property_trivial(unit->bus, SYSTEMD_BUS_NAME, unit->path, SERVICE_INTERFACE, "PrivateTmp", NULL, 'b',
                                                &private_tmp);
        if (r >= 0)
                service->private_tmp = private_tmp;
        return r;
}

static void free_path(Unit *unit) {
        free(unit->path);
}

int service_read(sd_bus *bus, const char *unit_name, Findings *findings, Service *ret) {
        _cleanup_service_ Service service = {};
        _cleanup_(free_path) Unit unit = { .bus = bus };
        int r = unit_object_path(unit_name, &unit.path);

        if (r >= 0)
                r = read_sandbox(&unit, &service);
        if (r >= 0)
                r = read_environment(&unit, &service);
        if (r >= 0)
                r = read_environment_files(&unit, findings, &service);
        if (r >= 0)
                r = unset_environment(&unit, &service);
        if (r >= 0)
                r = read_credentials(&unit, "LoadCredential", false, &service);
        if (r >= 0)
                r = read_credentials(&unit, "LoadCredentialEncrypted", true, &service);
        if (r < 0)
                return r;
        *ret = service;
        service = (Service) {};
        return 0;
}
