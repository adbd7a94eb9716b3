/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "profile.h"
#include "strv.h"
#include "text.h"

/* People keep dozens of accounts in one. */
#define FILE_SIZE_MAX ((size_t) 256 * 1024)

typedef struct SharedFile {
        const char *variable, *below_home;
        char *path; /* NULL: there is none */
        bool is_named;
        char *data;
        size_t size;
} SharedFile;

static void shared_file_done(SharedFile *file) {
        free(file->path);
        if (file->data)
                explicit_bzero(file->data, file->size);
        free(file->data);
}

static const char *home_directory(char *const *environment) {
        const char *home = environment_get(environment, "HOME");
        const struct passwd *passwd = home ? NULL : getpwuid(geteuid());

        return home ?: passwd ? passwd->pw_dir : NULL;
}

/* Sets the path; it stays NULL where there is no home to look in. */
static int find_shared_file(SharedFile *file, char *const *environment) {
        const char *named = environment_get(environment, file->variable), *home = NULL;
        const char *tail = named ?: file->below_home;

        file->is_named = named;
        if (!named || strncmp(named, "~/", strlen("~/")) == 0) {
                home = home_directory(environment);
                if (!home || !*home)
                        return 0;
                tail = named ? named + strlen("~/") : tail;
        }
        if (asprintf(&file->path, "%s%s%s", home ?: "", !home || home[strlen(home) - 1] == '/' ? "" : "/", tail) < 0)
                return file->path = NULL, -ENOMEM;
        return 0;
}

static void describe_unreadable(const SharedFile *file, int error, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        snprintf(ret_error, CREDENTIALS_ERROR_MAX, "%s names %s, which can't be read: %s; correct the name, or let the user "
                 "cloudlock read it (homes are out of its reach: keep it in /etc)", file->variable, file->path,
                 strerror(-error));
}

/* A file at its default place that is out of reach is as if it were not there: the daemon's sandbox hides homes. */
static int read_shared_file(SharedFile *file, Profile *profile, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        int r = file->path ? files_read(file->path, FILE_SIZE_MAX, &file->data, &file->size) : -ENOENT;

        if (r >= 0 || r == -ENOMEM)
                return r;
        if (file->is_named)
                return describe_unreadable(file, r, ret_error), -EINVAL;
        if (r == -ENOENT || r == -ENOTDIR || profile->unreadable)
                return 0;
        if (asprintf(&profile->unreadable, "%s: %s", file->path, strerror(-r)) < 0)
                return profile->unreadable = NULL, -ENOMEM;
        return 0;
}

static int find_and_read(SharedFile *file, char *const *environment, Profile *profile,
                         char ret_error[static CREDENTIALS_ERROR_MAX]) {
        int r = find_shared_file(file, environment);

        return r < 0 ? r : read_shared_file(file, profile, ret_error);
}

int profile_load(char *const *environment, Profile **ret, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        _cleanup_(shared_file_done) SharedFile credentials = {
                .variable = "AWS_SHARED_CREDENTIALS_FILE", .below_home = ".aws/credentials",
        };
        _cleanup_(shared_file_done) SharedFile config = { .variable = "AWS_CONFIG_FILE", .below_home = ".aws/config" };
        _cleanup_profile_ Profile *profile = NULL, *found = calloc(1, sizeof(Profile));
        int r;

        if (!found)
                return -ENOMEM;
        r = find_and_read(&credentials, environment, found, ret_error);
        if (r >= 0)
                r = find_and_read(&config, environment, found, ret_error);
        if (r >= 0)
                r = profile_parse(&(ProfileFile) { credentials.path, credentials.data, credentials.size },
                                  &(ProfileFile) { config.path, config.data, config.size },
                                  environment_get(environment, "AWS_PROFILE"), &profile, ret_error);
        if (r < 0)
                return r;
        profile->unreadable = TAKE_PTR(found->unreadable);
        profile->credentials_path = TAKE_PTR(credentials.path);
        profile->config_path = TAKE_PTR(config.path);
        *ret = TAKE_PTR(profile);
        return 0;
}
