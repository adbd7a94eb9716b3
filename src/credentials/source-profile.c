/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile of the shared files: keys as they are, a command that prints them, or a role. */

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "source.h"

static const char *missing_kind(const Profile *p) {
        if (p->role_arn && p->source_profile)
                return "source_profile";
        if (p->role_arn && p->credential_source)
                return "credential_source";
        return p->sso && !p->key_id && !p->secret && !p->credential_process ? "sso" : NULL;
}

bool profile_is_configured(const Surroundings *around) {
        const Profile *p = around->profile;

        return p->key_id || p->secret || p->credential_process || p->web_identity_token_file || missing_kind(p);
}

bool profile_is_at_hand(const Surroundings *around) {
        const Profile *p = around->profile;

        return p->key_id || p->secret || missing_kind(p);
}

static int look_at_keys(const Profile *p, Found *ret) {
        char of[SOURCE_TEXT_MAX];
        int r = keys_set(&ret->keys, p->key_id, p->secret, p->session_token);

        if (r < 0)
                return r;
        snprintf(ret->source, sizeof(ret->source), "profile %s of %s", p->name, p->keys_path);
        snprintf(of, sizeof(of), " of profile %s in %s", p->name, p->keys_path);
        if (!keys_are_sound(&ret->keys, &(KeyNames) { "aws_access_key_id", "aws_secret_access_key", "aws_session_token", of },
                            ret->error))
                keys_done(&ret->keys);
        return 1;
}

static int refuse(const Profile *p, const char *kind, Found *ret) {
        snprintf(ret->source, sizeof(ret->source), "profile %s", p->name);
        snprintf(ret->error, sizeof(ret->error),
                 "the profile %s gets its keys by way of %s, which cloudlock leaves to AWS's own tool: write credential_process = "
                 "env HOME=/tmp aws configure export-credentials --profile %s --format process into another profile, and name "
                 "that in AWS_PROFILE", p->name, strcmp(kind, "sso") == 0 ? "IAM Identity Center (sso_*)" : kind, p->name);
        return 1;
}

/* The order among these is that of the SDKs. */
int profile_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch) {
        const Profile *p = request->around->profile;
        const char *kind = missing_kind(p);

        if (kind)
                return refuse(p, kind, ret);
        if (p->key_id || p->secret)
                return look_at_keys(p, ret);
        if (p->web_identity_token_file)
                return web_identity_look(request, ret, ret_fetch);
        return process_look(request, ret, ret_fetch);
}
