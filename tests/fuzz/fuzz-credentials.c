/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as what keys are read from; the first one says which: the shared files, a command's words, JSON of each dialect,
 * STS's XML, a metadata service's URL, token and role. What is accepted fits a header and is whole; what is refused says so in
 * printable words. */

#include "fuzz.h"
#include "key-json.h"
#include "metadata-answer.h"
#include "metadata-url.h"
#include "profile.h"
#include "strv.h"
#include "sts-xml.h"
#include "text.h"
#include "words.h"

static void check_sentence(const char *text) {
        require(*text && strlen(text) < CREDENTIALS_ERROR_MAX && !text_has_control(text));
}

static void check_keys(int r, const Keys *keys, int64_t expires_s, const char *error) {
        if (r < 0)
                return check_sentence(error);
        require(*keys->key_id && *keys->secret && fits_a_header(keys->key_id) && fits_a_header(keys->secret));
        require((!keys->session_token || fits_a_header(keys->session_token)) && expires_s >= 0);
}

static void fuzz_json(KeyJsonKind kind, const char *text, size_t size) {
        char error[CREDENTIALS_ERROR_MAX] = "", complaint[CREDENTIALS_ERROR_MAX];
        _cleanup_keys_ Keys keys = { 0 };
        int64_t expires_s = 0;
        int r = key_json_parse(kind, text, size, &keys, &expires_s, error);

        check_keys(r, &keys, expires_s, error);
        key_json_error(text, size, sizeof(complaint), complaint);
        require(!text_has_control(complaint));
}

static void fuzz_xml(const char *text, size_t size) {
        char error[CREDENTIALS_ERROR_MAX] = "", code[STS_CODE_MAX + 1], message[CREDENTIALS_ERROR_MAX];
        _cleanup_keys_ Keys keys = { 0 };
        int64_t expires_s = 0;
        int r = sts_xml_keys(text, size, &keys, &expires_s, error);

        check_keys(r, &keys, expires_s, error);
        require(r < 0 || (keys.session_token && expires_s > 0));
        sts_xml_error(text, size, code, sizeof(message), message);
        require(!text_has_control(code) && !text_has_control(message));
}

static void fuzz_profile(const char *text, size_t size) {
        _cleanup_profile_ Profile *profile = NULL;
        char error[CREDENTIALS_ERROR_MAX] = "";
        /* the first half is the credentials file */
        const ProfileFile credentials = { "/c", text, size / 2 }, config = { "/f", text + size / 2, size - size / 2 };

        if (profile_parse(&credentials, &config, NULL, &profile, error) < 0)
                check_sentence(error);
        else
                require(strcmp(profile->name, "default") == 0 && !profile->keys_path == (!profile->key_id && !profile->secret));
}

static void fuzz_metadata(const char *text, size_t size) {
        size_t length = metadata_role_length(text, size);
        bool plain;

        /* http to anywhere else would hand keys to whoever is on the way */
        if (metadata_url_check(METADATA_CONTAINER, text, &plain) >= 0)
                require(!plain || strncasecmp(text, "http://", 7) == 0);
        require(!metadata_token_is_sound(text, size) || fits_a_header(text));
        /* a role is one part of a path */
        require(length <= size && !memchr(text, '/', length) && !memchr(text, '%', length) && !memchr(text, '\0', length));
        require(length == 0 || length == size || text[length] == '\r' || text[length] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = size > 0 ? calloc(size, 1) : NULL;
        size_t whole = size - 1;
        _cleanup_strv_ char **words = NULL;

        if (!text)
                return 0;
        memcpy(text, data + 1, whole);
        size = strlen(text);
        switch (*data % 7) {
        case 0:
                fuzz_profile(text, size);
                break;
        case 1:
                (void) words_split(text, &words);
                break;
        case 2:
        case 3:
        case 4:
                fuzz_json((KeyJsonKind) (*data % 7 - 2), text, size);
                break;
        case 5:
                fuzz_xml(text, size);
                break;
        default:
                fuzz_metadata(text, whole); /* a NUL among them */
        }
        return 0;
}
