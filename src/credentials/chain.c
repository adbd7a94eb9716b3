/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "source.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "files.h"

static bool always(const Surroundings *around _unused_) {
        return true;
}

/* In the order in which an AWS user expects them; the first that is configured decides. */
static const Source chain[] = {
        { configured_is_configured, configured_look, always },
        { directory_is_configured, directory_look, always },
        { environment_is_configured, environment_look, always },
        { web_identity_is_configured, web_identity_look, .needs_profile = true },
        { profile_is_configured, profile_look, profile_is_at_hand, .needs_profile = true },
        { container_is_configured, container_look, .needs_profile = true, .outlives = true },
        { always, instance_look, .needs_profile = true, .outlives = true },
};

static unsigned long long mark_of(const char *path) {
        return path ? files_mark(path) : 0;
}

static void take_marks(const Profile *profile, unsigned long long ret[static 2]) {
        ret[0] = mark_of(profile->credentials_path);
        ret[1] = mark_of(profile->config_path);
}

/* The marks are from before the files are read: what is written in between is read again the next time. So the first
 * time, when it turns out where they are, they are read twice. */
static int refresh_profile(Surroundings *around, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        _cleanup_profile_ Profile *first = NULL;
        unsigned long long marks[2];
        Profile *profile;
        int r;

        if (!around->profile) {
                r = profile_load(around->environment, &first, ret_error);
                if (r < 0)
                        return r;
        }
        take_marks(around->profile ?: first, marks);
        if (around->profile && memcmp(marks, around->profile_marks, sizeof(marks)) == 0)
                return 0;
        r = profile_load(around->environment, &profile, ret_error);
        if (r < 0)
                return r;
        profile_free(around->profile);
        around->profile = profile;
        memcpy(around->profile_marks, marks, sizeof(marks));
        around->profile_changed = true;
        return 0;
}

int chain_choose(Surroundings *around, const Source **ret, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        for (size_t i = 0; i < ELEMENTSOF(chain); i++) {
                int r = chain[i].needs_profile ? refresh_profile(around, ret_error) : 0;

                if (r < 0)
                        return r == -EINVAL ? 1 : r;
                if (chain[i].is_configured(around))
                        return *ret = &chain[i], 0;
        }
        return -ENOTRECOVERABLE; /* the last one always is */
}
