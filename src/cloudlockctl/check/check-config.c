/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "check-context.h"
#include "credential.h"
#include "file.h"
#include "place-find.h"
#include "strv.h"
#include "text.h"

#define MODE(st) ((unsigned) ((st)->st_mode & 07777))

static bool environment_has_secret(char *const *environment) {
        return environment_get(environment, "AWS_SECRET_ACCESS_KEY") || environment_get(environment, "AWS_SESSION_TOKEN") ||
               environment_get(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
}

/* A refused file may hold one; so it counts as one that does. */
static bool has_secret(const CheckContext *context) {
        const Config *config = context->config;

        return !config || config->aws_secret || config->aws_session_token || environment_has_secret(config->aws_environment);
}

/* Who may put another file or directory in the place of one of these? NULL: root alone. */
static const char *foreign_directory(const char *path, char buf[PATH_MAX], struct stat *st) {
        snprintf(buf, PATH_MAX, "%s", path);
        for (char *slash = strrchr(buf, '/'); slash; slash = strrchr(buf, '/')) {
                slash[slash == buf] = '\0';
                if (stat(buf, st) < 0)
                        return NULL;
                if ((st->st_uid != 0 && st->st_uid != geteuid()) ||
                    ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st->st_mode & S_ISVTX) == 0))
                        return buf;
                if (slash == buf)
                        break;
        }
        return NULL;
}

static void check_directories(CheckContext *context) {
        char buf[PATH_MAX];
        struct stat st;
        const char *directory = foreign_directory(context->config_path, buf, &st);

        if (!directory)
                return;
        findings_add(&context->findings, FINDING_FAILED, "config-directory",
                     "%s may be changed by others than root (mode %04o, uid %u), who could exchange the configuration",
                     directory, MODE(&st), (unsigned) st.st_uid);
        findings_remedy(&context->findings, "chown root: %s && chmod go-w %s", directory, directory);
}

static void check_modes(CheckContext *context, const struct stat *st, bool encrypted) {
        const char *path = context->config_path;
        Findings *findings = &context->findings;
        bool secret = !encrypted && has_secret(context);

        if (st->st_uid != 0 && st->st_uid != geteuid()) {
                findings_add(findings, FINDING_FAILED, "config-file", "%s belongs to uid %u, who may change it", path,
                             (unsigned) st->st_uid);
                findings_remedy(findings, "chown root: %s", path);
        } else if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
                findings_add(findings, FINDING_FAILED, "config-file", "%s may be written by others (mode %04o)", path, MODE(st));
                findings_remedy(findings, "chmod 0600 %s", path);
        } else if (secret && (st->st_mode & S_IROTH) != 0) {
                findings_add(findings, FINDING_FAILED, "config-file",
                             "%s may be read by everybody on this host (mode %04o), and %s", path, MODE(st),
                             context->config ? "there is a secret in it" : "there may be a secret in it");
                findings_remedy(findings, "chmod 0600 %s; cloudlockd gets it from PID 1, and needs no right of its own. Who may "
                                "have read the secret? Consider a new one", path);
        } else if (secret && (st->st_mode & S_IRGRP) != 0) {
                findings_add(findings, FINDING_WARNING, "config-file", "%s may be read by group %u (mode %04o), and %s", path,
                             (unsigned) st->st_gid, MODE(st),
                             context->config ? "there is a secret in it" : "there may be a secret in it");
                findings_remedy(findings, "chmod 0600 %s; cloudlockd gets it from PID 1, and needs no right of its own", path);
        } else
                findings_add(findings, FINDING_FINE, "config-file", "%s, mode %04o%s", path, MODE(st),
                             encrypted ? ", encrypted" : secret ? "" : ", no secret in it");
}

static void say_unreadable(CheckContext *context, int error) {
        const char *path = context->config_path;

        findings_add(&context->findings, FINDING_FAILED, "config-file", "%s: %s", path, credential_error(error));
        switch (error) {
        case -ENOENT:
                findings_remedy(&context->findings, "write it; cloudlock.conf(5) says what has to be in it. The instances of this "
                                "host: cloudlockctl status");
                break;
        case -EACCES:
                findings_remedy(&context->findings, "run this as root");
                break;
        case -ELOOP:
                findings_remedy(&context->findings, "put the file itself there, not a link to it");
                break;
        default:
                findings_remedy(&context->findings, "write the file anew");
                break;
        }
}

static int parse(CheckContext *context, const char *text, size_t size) {
        char host_name[HOST_NAME_MAX + 1] = "";
        ConfigError error = {};
        ConfigInput input = {
                .instance = context->instance,
                .file_name = context->config_path,
                .data = text,
                .size = size,
                .environment = context->service.environment,
                .host_name = host_name,
        };
        int r;

        gethostname(host_name, sizeof(host_name) - 1);
        r = config_parse(&input, &context->config, &error);
        if (r == -EINVAL)
                findings_add(&context->findings, FINDING_FAILED, "config", "%s", error.text);
        else if (r < 0)
                context->findings.error = r;
        return r;
}

static void say_config(CheckContext *context) {
        const Config *config = context->config;

        findings_add(&context->findings, FINDING_FINE, "config", "lock %s in table %s, as %s", config->label, config->table,
                     config->my_id);
}

static void choose_place(CheckContext *context) {
        char error[PLACE_FIND_ERROR_MAX] = "";
        int r = place_find(&(PlaceInput) {
                                   .region = context->config->region,
                                   .endpoint = context->config->endpoint,
                                   .environment = context->config->aws_environment,
                           }, &context->profile, &context->place, error);

        if (r < 0) {
                findings_add(&context->findings, FINDING_FAILED, "region", "%s", *error ? error : strerror(-r));
                return;
        }
        context->has_place = true;
        findings_add(&context->findings, FINDING_FINE, "region", "%s (%s)", context->place.region, context->place.region_from);
        findings_add(&context->findings, FINDING_FINE, "endpoint", "%s (%s)", context->place.endpoint,
                     context->place.endpoint_from);
}

void check_config(CheckContext *context) {
        _cleanup_secret_ char *text = NULL;
        struct stat st;
        size_t size = 0;
        int r;

        if (!context->config_path)
                return;
        r = stat(context->config_path, &st) < 0 ? -errno :
                                                        credential_read_config(&context->service, context->config_path, &text, &size);
        if (r < 0) {
                say_unreadable(context, r);
                check_skip(context, "config", "the file cannot be read");
                return;
        }
        r = parse(context, text, size);
        check_modes(context, &st, credential_config_is_encrypted(&context->service));
        check_directories(context);
        if (r < 0)
                return;
        say_config(context);
        choose_place(context);
}
