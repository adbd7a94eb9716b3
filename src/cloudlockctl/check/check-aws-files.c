/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/wait.h>

#include "check-context.h"
#include "strv.h"

static bool is_below(const char *path, const char *directory) {
        size_t length = strlen(directory);

        return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* What the unit's sandbox takes away from the file system; NULL: nothing. systemd.exec(5), ProtectHome=. */
static const char *hidden_by(const Service *service, const char *path) {
        static const char *const homes[] = { "/home", "/root", "/run/user" }, *const temporary[] = { "/tmp", "/var/tmp" };
        const char *protect = service->protect_home;

        for (size_t i = 0; i < ELEMENTSOF(homes); i++)
                if (protect && (strcmp(protect, "yes") == 0 || strcmp(protect, "tmpfs") == 0) && is_below(path, homes[i]))
                        return "ProtectHome=";
        for (size_t i = 0; i < ELEMENTSOF(temporary); i++)
                if (service->private_tmp && is_below(path, temporary[i]))
                        return "PrivateTmp=";
        return NULL;
}

/* In a child, which becomes the user: what counts is the kernel's word, with all groups and directories on the way. */
_Noreturn static void try_as(const struct passwd *user, const char *path) {
        if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0)
                _exit(EXIT_SUCCESS);
        _exit(access(path, R_OK) < 0 ? errno : 0);
}

/* Why the service's user cannot read it: an errno; 0: it can, or that can't be found out. */
static int access_as(const char *user_name, const char *path) {
        const struct passwd *user = user_name && *user_name ? getpwnam(user_name) : NULL;
        int status;
        pid_t pid;

        if (!user || geteuid() != 0)
                return access(path, R_OK) < 0 ? errno : 0;
        pid = fork();
        if (pid < 0)
                return 0;
        if (pid == 0)
                try_as(user, path);
        return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static bool say_hidden(CheckContext *context, const char *named_by, const char *path) {
        const char *hider = hidden_by(&context->service, path);

        if (!hider)
                return false;
        findings_add(&context->findings, FINDING_FAILED, "aws-files", "%s=%s is not to be seen for cloudlockd (%s)", named_by,
                     path, hider);
        findings_remedy(&context->findings, "put it below /etc/cloudlock, readable by the user cloudlock alone, and name that");
        return true;
}

static void check_file(CheckContext *context, const char *named_by, const char *path) {
        const char *user = context->service.user && *context->service.user ? context->service.user : "root";
        int error;

        if (say_hidden(context, named_by, path))
                return;
        error = access_as(context->service.user, path);
        if (error == 0) {
                findings_add(&context->findings, FINDING_FINE, "aws-files", "%s=%s", named_by, path);
                return;
        }
        findings_add(&context->findings, FINDING_FAILED, "aws-files", "%s=%s: user %s cannot read it: %s", named_by, path, user,
                     strerror(error));
        if (error == EACCES)
                findings_remedy(&context->findings, "chown %s %s, and let that user pass the directories above it", user, path);
        else
                findings_remedy(&context->findings, "write the file, or correct %s", named_by);
}

void check_aws_files(CheckContext *context) {
        static const char *const names[] = { "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
                                             "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CA_BUNDLE" };

        if (!context->config)
                return;
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const char *path = environment_get(context->config->aws_environment, names[i]);

                if (path)
                        check_file(context, names[i], path);
        }
}
