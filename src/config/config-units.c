/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which units the lock gates, and which further cgroups their work lives in. Only what the words themselves tell;
 * whether the units are there and can be gated is asked of PID 1 elsewhere. */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "config-internal.h"
#include "parse.h"
#include "strv.h"

#define SEPARATORS " \t,"
#define VALUE_SHOWN_MAX 80
/* Each is asked of PID 1 at every look and stopped by name within the kill margin. */
#define TARGETS_MAX 32
#define CGROUPS_MAX 32

/* systemd's other unit types, with what would run on although the unit itself is gated. */
static const struct {
        const char *suffix, *reason;
} other_types[] = {
        { ".target", "its members start and run without it" },
        { ".slice", "its members start and run without it" },
        { ".timer", "the service that it starts can be started without it" },
        { ".socket", "the service that it starts can be started without it" },
        { ".path", "the service that it starts can be started without it" },
        { ".scope", "systemd does not start it" },
        { ".device", "systemd does not start it" },
        { ".mount", "it runs nothing" },
        { ".automount", "it runs nothing" },
        { ".swap", "it runs nothing" },
};

static bool has_suffix(const char *s, const char *suffix) {
        size_t length = strlen(s), tail = strlen(suffix);

        return length > tail && strcmp(s + length - tail, suffix) == 0;
}

static bool has_prefix(const char *s, const char *prefix) {
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int check_target(const Place *place, const char *word, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(other_types); i++)
                if (has_suffix(word, other_types[i].suffix))
                        return place_refuse(place, "%.*s cannot be gated: %s; expected services; name the .service itself",
                                            VALUE_SHOWN_MAX, word, other_types[i].reason);
        if (!service_name_is_valid(name))
                return place_refuse(place, "\"%.*s\" is no service's name; expected NAME.service, with blanks or commas "
                                    "between several; see systemctl list-units --type=service", VALUE_SHOWN_MAX, word);
        if (has_prefix(name, "cloudlock@") || has_prefix(name, "cloudlock-guard@"))
                return place_refuse(place, "%.*s is cloudlock's own and cannot wait for itself; name the service that only "
                                    "one host may run", VALUE_SHOWN_MAX, name);
        return 0;
}

static int add_target(const Place *place, const char *word, char ***targets) {
        _cleanup_free_ char *name = NULL;
        int r;

        if (asprintf(&name, "%s%s", word, has_suffix(word, ".service") ? "" : ".service") < 0)
                return name = NULL, -ENOMEM;
        r = check_target(place, word, name);
        if (r < 0)
                return r;
        if (strv_contains(*targets, name))
                return place_refuse(place, "%.*s is named twice; name it once", VALUE_SHOWN_MAX, name);
        return strv_extend(targets, name);
}

int set_target_units(const Key *key, const Place *place, const char *value, void *field) {
        _cleanup_strv_ char **words = NULL, **targets = NULL;
        int r = strv_split(value, SEPARATORS, &words);

        (void) key;
        if (r < 0)
                return r;
        if (!words || strv_length(words) > TARGETS_MAX)
                return place_refuse(place, "%zu units; expected 1 to %d services", strv_length(words), TARGETS_MAX);
        for (char **word = words; *word; word++) {
                r = add_target(place, *word, &targets);
                if (r < 0)
                        return r;
        }
        *(char ***) field = TAKE_PTR(targets);
        return 0;
}

/* "/a/b.slice": no empty, "." or ".." part, no slash at the end. */
static bool is_clean_path(const char *path) {
        if (*path != '/' || strlen(path) >= PATH_MAX)
                return false;
        for (const char *part = path; part; part = strchr(part, '/')) {
                size_t length = strcspn(++part, "/");

                if (length == 0 || length > NAME_MAX || (length == 1 && part[0] == '.') ||
                    (length == 2 && part[0] == '.' && part[1] == '.'))
                        return false;
        }
        return true;
}

/* What systemd made for everybody: to kill it would take others along, cloudlock itself among them. */
static bool is_everybodys(const char *path) {
        static const char *const shared[] = { "/init.scope", "/system.slice", "/user.slice", "/machine.slice" };

        for (size_t i = 0; i < ELEMENTSOF(shared); i++)
                if (strcmp(path, shared[i]) == 0)
                        return true;
        return has_prefix(path, "/init.scope/") || has_prefix(path, "/system.slice/system-cloudlock");
}

static int check_cgroup(const Place *place, const char *path) {
        if (has_prefix(path, "/sys/fs/cgroup"))
                return place_refuse(place, "%.*s is a path in the file system; expected one as systemctl show -P "
                                    "ControlGroup prints it; leave /sys/fs/cgroup out", VALUE_SHOWN_MAX, path);
        if (!is_clean_path(path))
                return place_refuse(place, "\"%.*s\" is no cgroup's path; expected an absolute one below the root, without "
                                    "\".\", \"..\" or a slash at the end, such as /validator.slice", VALUE_SHOWN_MAX, path);
        if (is_everybodys(path))
                return place_refuse(place, "%.*s belongs to others too, and everything in it would be killed; give the "
                                    "target's work a slice of its own and name that", VALUE_SHOWN_MAX, path);
        return 0;
}

int set_extra_cgroups(const Key *key, const Place *place, const char *value, void *field) {
        _cleanup_strv_ char **paths = NULL;
        int r = strv_split(value, SEPARATORS, &paths);

        (void) key;
        if (r < 0)
                return r;
        if (!paths || strv_length(paths) > CGROUPS_MAX)
                return place_refuse(place, "%zu cgroups; expected 1 to %d", strv_length(paths), CGROUPS_MAX);
        for (char **path = paths; *path; path++) {
                r = check_cgroup(place, *path);
                if (r < 0)
                        return r;
                if (strv_contains(path + 1, *path))
                        return place_refuse(place, "%.*s is named twice; name it once", VALUE_SHOWN_MAX, *path);
        }
        *(char ***) field = TAKE_PTR(paths);
        return 0;
}
