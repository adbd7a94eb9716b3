/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cleanup.h"
#include "ini.h"
#include "strv.h"
#include "text.h"
#include "words.h"

#define DEFAULT_NAME "default"
#define NAMES_SHOWN_MAX 8 /* of the profiles that there are, in a message */

typedef struct ProfileKey {
        const char *name;
        size_t offset;
} ProfileKey;

#define FIELD(field) offsetof(Profile, field)

static const ProfileKey profile_keys[] = {
        { "aws_access_key_id", FIELD(key_id) },
        { "aws_secret_access_key", FIELD(secret) },
        { "aws_session_token", FIELD(session_token) },
        { "credential_process", FIELD(credential_process) },
        { "role_arn", FIELD(role_arn) },
        { "role_session_name", FIELD(role_session_name) },
        { "web_identity_token_file", FIELD(web_identity_token_file) },
        { "source_profile", FIELD(source_profile) },
        { "credential_source", FIELD(credential_source) },
        { "sso_session", FIELD(sso) },
        { "sso_start_url", FIELD(sso) },
        { "region", FIELD(region) },
        { "endpoint_url", FIELD(endpoint_url) },
        { "use_fips_endpoint", FIELD(use_fips_endpoint) },
        { "use_dualstack_endpoint", FIELD(use_dualstack_endpoint) },
        { "ca_bundle", FIELD(ca_bundle) },
        { "ignore_configured_endpoint_urls", FIELD(ignore_configured_endpoint_urls) },
};

/* What is being read; one for both files. */
typedef struct Draft {
        Profile *profile;
        const char *name;
        bool is_credentials; /* the file that is being read */
        bool found;
        char **names;   /* of all profiles */
        char *services; /* the section that says where they are */
        const char *service; /* within it */
} Draft;

static void keys_wipe(Profile *p) {
        p->key_id = secret_free(p->key_id);
        p->secret = secret_free(p->secret);
        p->session_token = secret_free(p->session_token);
}

Profile *profile_free(Profile *p) {
        if (!p)
                return NULL;
        keys_wipe(p);
        for (size_t i = 0; i < ELEMENTSOF(profile_keys); i++) {
                char **field = (char **) (void *) ((char *) p + profile_keys[i].offset);

                *field = secret_free(*field); /* a command may hold a password */
        }
        free(p->name);
        free(p->sts_endpoint_url);
        free(p->credentials_path);
        free(p->config_path);
        free(p->keys_path);
        free(p->unreadable);
        free(p);
        return NULL;
}

static int set_text(char **field, const char *value) {
        char *copy = *value ? strdup(value) : NULL;

        if (*value && !copy)
                return -ENOMEM;
        secret_free(*field);
        *field = copy;
        return 0;
}

/* Which profile, or which services, `section` is of: its second word where `kind` is the first. 0 or -ENOMEM; *ret is
 * NULL where it is something else. */
static int section_name(const char *section, const char *kind, char **ret) {
        _cleanup_strv_ char **words = NULL;
        int r = words_split(section, &words);

        *ret = NULL;
        if (r == -EINVAL)
                return 0;
        if (r < 0)
                return r;
        if (strv_length(words) != 2 || strcmp(words[0], kind) != 0)
                return 0;
        *ret = strdup(words[1]);
        return *ret ? 0 : -ENOMEM;
}

static int profile_of_section(const Draft *draft, const char *section, char **ret) {
        if (!draft->is_credentials && strcmp(section, DEFAULT_NAME) != 0)
                return section_name(section, "profile", ret);
        *ret = strdup(section);
        return *ret ? 0 : -ENOMEM;
}

static int set_entry(Draft *draft, const IniEntry *entry) {
        if (strcmp(entry->key, "services") == 0)
                return set_text(&draft->services, entry->value);
        for (size_t i = 0; i < ELEMENTSOF(profile_keys); i++)
                if (strcmp(entry->key, profile_keys[i].name) == 0)
                        return set_text((char **) (void *) ((char *) draft->profile + profile_keys[i].offset), entry->value);
        return 0;
}

static int on_entry(const IniEntry *entry, void *userdata) {
        _cleanup_free_ char *name = NULL;
        Draft *draft = userdata;
        int r = profile_of_section(draft, entry->section, &name);

        if (r < 0 || !name)
                return r;
        if (!entry->key && !strv_contains(draft->names, name)) {
                r = strv_extend(&draft->names, name);
                if (r < 0)
                        return r;
        }
        if (strcmp(name, draft->name) != 0)
                return 0;
        draft->found = true;
        return entry->key ? set_entry(draft, entry) : 0;
}

static int on_nested_entry(const IniEntry *entry, void *userdata) {
        Draft *draft = userdata;

        if (strcmp(entry->key, "endpoint_url") != 0)
                return 0;
        return set_text(strcmp(draft->service, "sts") == 0 ? &draft->profile->sts_endpoint_url :
                                                             &draft->profile->endpoint_url, entry->value);
}

static int on_services_entry(const IniEntry *entry, void *userdata) {
        _cleanup_free_ char *name = NULL;
        Draft *draft = userdata;
        int r;

        if (!entry->key || (strcmp(entry->key, "dynamodb") != 0 && strcmp(entry->key, "sts") != 0))
                return 0;
        r = section_name(entry->section, "services", &name);
        if (r < 0 || !name || strcmp(name, draft->services) != 0)
                return r;
        draft->service = entry->key;
        return ini_parse_nested(entry->value, on_nested_entry, draft);
}

static int parse_file(Draft *draft, const ProfileFile *file, IniHandler handler,
                      char ret_error[static CREDENTIALS_ERROR_MAX]) {
        const char *problem = NULL;
        unsigned line = 0;
        int r;

        if (!file->data)
                return 0;
        r = ini_parse(file->data, file->size, handler, draft, &line, &problem);
        if (r == -EINVAL)
                snprintf(ret_error, CREDENTIALS_ERROR_MAX, "line %u of %s is wrong: %s; correct it", line, file->path,
                         problem);
        return r;
}

/* The credentials file's keys hold all together: a session token belongs to its key. */
static int parse_credentials(Draft *draft, const ProfileFile *credentials, const ProfileFile *config,
                             char ret_error[static CREDENTIALS_ERROR_MAX]) {
        Profile *p = draft->profile;
        _cleanup_profile_ Profile *before = calloc(1, sizeof(Profile));
        const char *keys_path = credentials->path;
        int r;

        if (!before)
                return -ENOMEM;
        before->key_id = TAKE_PTR(p->key_id);
        before->secret = TAKE_PTR(p->secret);
        before->session_token = TAKE_PTR(p->session_token);
        draft->is_credentials = true;
        r = parse_file(draft, credentials, on_entry, ret_error);
        if (r < 0)
                return r;
        if (!p->key_id && !p->secret) {
                keys_wipe(p);
                p->key_id = TAKE_PTR(before->key_id);
                p->secret = TAKE_PTR(before->secret);
                p->session_token = TAKE_PTR(before->session_token);
                keys_path = config->path;
        }
        return p->key_id || p->secret ? set_text(&p->keys_path, keys_path ?: "") : 0;
}

/* Where the services are, for services the profile's own URL is not. */
static int parse_services(Draft *draft, const ProfileFile *config, char ret_error[static CREDENTIALS_ERROR_MAX]) {
        Profile *p = draft->profile;

        if (p->endpoint_url) {
                p->sts_endpoint_url = strdup(p->endpoint_url);
                if (!p->sts_endpoint_url)
                        return -ENOMEM;
        }
        return draft->services ? parse_file(draft, config, on_services_entry, ret_error) : 0;
}

static void describe_missing(const Draft *draft, const ProfileFile *credentials, const ProfileFile *config,
                             char ret_error[static CREDENTIALS_ERROR_MAX]) {
        ret_error[0] = '\0';
        text_append(ret_error, CREDENTIALS_ERROR_MAX, "AWS_PROFILE names the profile %s, which is in neither %s nor %s; ",
                    draft->name, credentials->path ?: "the credentials file", config->path ?: "the config file");
        if (!draft->names)
                text_append(ret_error, CREDENTIALS_ERROR_MAX, "there are no profiles: write one, or say with "
                            "AWS_SHARED_CREDENTIALS_FILE or AWS_CONFIG_FILE where it is");
        else
                text_append(ret_error, CREDENTIALS_ERROR_MAX, "there are: ");
        for (size_t i = 0; draft->names && draft->names[i]; i++) {
                if (i == NAMES_SHOWN_MAX)
                        return text_append(ret_error, CREDENTIALS_ERROR_MAX, " and more");
                text_append(ret_error, CREDENTIALS_ERROR_MAX, "%s%s", i ? ", " : "", draft->names[i]);
        }
}

static void draft_done(Draft *draft) {
        profile_free(draft->profile);
        strv_free(draft->names);
        free(draft->services);
}

int profile_parse(const ProfileFile *credentials, const ProfileFile *config, const char *name, Profile **ret,
                  char ret_error[static CREDENTIALS_ERROR_MAX]) {
        _cleanup_(draft_done) Draft draft = { .name = name ?: DEFAULT_NAME };
        int r;

        draft.profile = calloc(1, sizeof(Profile));
        if (!draft.profile)
                return -ENOMEM;
        draft.profile->name = strdup(draft.name);
        if (!draft.profile->name)
                return -ENOMEM;
        r = parse_file(&draft, config, on_entry, ret_error);
        if (r >= 0)
                r = parse_credentials(&draft, credentials, config, ret_error);
        if (r >= 0 && name && !draft.found) {
                describe_missing(&draft, credentials, config, ret_error);
                return -EINVAL;
        }
        if (r >= 0)
                r = parse_services(&draft, config, ret_error);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(draft.profile);
        return 0;
}
