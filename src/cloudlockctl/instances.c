/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "instances.h"

#include <errno.h>
#include <string.h>

#include "strv.h"

#define CONFIG_SUFFIX ".conf"

char *instance_config_path(char buf[INSTANCE_PATH_MAX], const char *instance) {
        snprintf(buf, INSTANCE_PATH_MAX, CONFIG_DIRECTORY "/%.*s" CONFIG_SUFFIX, INSTANCE_NAME_MAX, instance);
        return buf;
}

char *instance_socket_path(char buf[INSTANCE_PATH_MAX], const char *instance) {
        snprintf(buf, INSTANCE_PATH_MAX, RUN_DIRECTORY "/%.*s/control", INSTANCE_NAME_MAX, instance);
        return buf;
}

bool instance_name_check(const char *name) {
        if (instance_name_is_valid(name))
                return true;
        fprintf(stderr, "'%s' is no name of an instance.\n", name);
        return false;
}

bool instance_is_configured(const char *instance) {
        char path[INSTANCE_PATH_MAX];

        return access(instance_config_path(path, instance), F_OK) == 0 || errno != ENOENT;
}

/* The instance that NAME in the directory stands for, or NULL. */
typedef char *(*NameToInstance)(const char *name);

static char *config_to_instance(const char *name) {
        size_t length = strlen(name), suffix = strlen(CONFIG_SUFFIX);

        if (length <= suffix || strcmp(name + length - suffix, CONFIG_SUFFIX) != 0)
                return NULL;
        return strndup(name, length - suffix);
}

static char *run_to_instance(const char *name) {
        char path[INSTANCE_PATH_MAX];

        if (!instance_name_is_valid(name) || access(instance_socket_path(path, name), F_OK) < 0)
                return NULL;
        return strdup(name);
}

static int add_from(char ***instances, const char *path, NameToInstance to_instance) {
        _cleanup_closedir_ DIR *directory = opendir(path);
        struct dirent *entry;

        if (!directory)
                return errno == ENOENT ? 0 : -errno;
        while (errno = 0, (entry = readdir(directory))) {
                _cleanup_free_ char *instance = to_instance(entry->d_name);
                int r;

                if (!instance || !instance_name_is_valid(instance) || strv_contains(*instances, instance))
                        continue;
                r = strv_extend(instances, instance);
                if (r < 0)
                        return r;
        }
        return -errno;
}

int instances_list(char ***ret) {
        _cleanup_strv_ char **instances = NULL;
        int r;

        r = add_from(&instances, CONFIG_DIRECTORY, config_to_instance);
        if (r < 0)
                return r;
        r = add_from(&instances, RUN_DIRECTORY, run_to_instance);
        if (r < 0)
                return r;
        strv_sort(instances);
        *ret = TAKE_PTR(instances);
        return 0;
}
