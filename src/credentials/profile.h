/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A profile of the shared files of AWS's tools, ~/.aws/credentials and ~/.aws/config.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html */

#include <stddef.h>

#include "credentials.h"

typedef struct Profile {
        char *name;                           /* "default" unless AWS_PROFILE says otherwise */
        char *key_id, *secret, *session_token; /* NULL: not there; the same of all below */
        char *credential_process;
        char *role_arn, *role_session_name, *web_identity_token_file;
        char *source_profile, *credential_source, *sso; /* what makes it of a kind that we don't do ourselves */
        char *region, *endpoint_url; /* endpoint_url: that of dynamodb in its services section, else the profile's */
        char *sts_endpoint_url;      /* likewise, of sts */
        char *use_fips_endpoint, *use_dualstack_endpoint, *ca_bundle, *ignore_configured_endpoint_urls;

        char *credentials_path, *config_path; /* the files that were looked at; NULL: there is no home to look in */
        char *keys_path;                      /* the one of them that the keys are from; NULL: no keys */
        char *unreadable;                     /* "PATH: reason" of a file at its default place that can't be read */
} Profile;

/* The profile that `environment` names (AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE, HOME), read anew. An
 * empty one where there are no files and no AWS_PROFILE. A file that is named has to be there; one at its default place
 * need not. 0; -EINVAL with a sentence (file, line, what to do); -ENOMEM. */
int profile_load(char *const *environment, Profile **ret, char ret_error[static CREDENTIALS_ERROR_MAX]);

typedef struct ProfileFile {
        const char *path; /* for messages */
        const char *data; /* NULL: there is no such file */
        size_t size;
} ProfileFile;

/* The same of bytes. `name`: NULL for "default", which need not be there. Of keys that both files have, those of the
 * credentials file hold; sections of one name are merged. Pure. 0, -EINVAL, -ENOMEM. */
int profile_parse(const ProfileFile *credentials, const ProfileFile *config, const char *name, Profile **ret,
                  char ret_error[static CREDENTIALS_ERROR_MAX]);

/* Wipes the secrets. Takes NULL and returns NULL. */
Profile *profile_free(Profile *profile);

static inline void profile_freep(Profile **p) {
        profile_free(*p);
}
#define _cleanup_profile_ _cleanup_(profile_freep)
