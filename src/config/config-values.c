/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Single values: what each may look like, and why. Messages quote no value of the credentials. */

#include <errno.h>
#include <string.h>

#include "aws-names.h"
#include "config-internal.h"
#include "parse.h"
#include "text.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* What a value that is wrong may add to a message. */
#define VALUE_SHOWN_MAX 40
/* AccessKeyId of the IAM API reference. */
#define KEY_ID_MAX 128
/* AWS's are 40 characters; other servers take longer ones. */
#define SECRET_MAX 256
/* AWS promises no limit; a request's headers end at 8 KiB or so on most servers. */
#define TOKEN_MAX 8192
/* Naming rules of the DynamoDB developer guide. */
#define TABLE_MIN 3
#define TABLE_MAX 255
/* DynamoDB allows a key of 2048 bytes; this also fits into the record's holder and on a screen. */
#define NAME_MAX_BYTES 255

static int replace_string(char **field, const char *value) {
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        secret_free(*field);
        *field = copy;
        return 0;
}

static bool is_printable_word(const char *s) {
        for (; *s; s++)
                if (*s <= ' ' || *s >= 0x7f)
                        return false;
        return true;
}

int set_aws_key_id(const Key *key, const Place *place, const char *value, void *field) {
        (void) key;
        if (strlen(value) > KEY_ID_MAX || strspn(value, LOWER UPPER DIGITS "_-.") != strlen(value))
                return place_refuse(place, "this is no AWS access key id; expected at most %d letters and digits; copy it "
                                    "from the IAM console again", KEY_ID_MAX);
        return replace_string(field, value);
}

int set_aws_secret(const Key *key, const Place *place, const char *value, void *field) {
        (void) key;
        if (strlen(value) > SECRET_MAX || !is_printable_word(value))
                return place_refuse(place, "this is no AWS secret access key; expected at most %d characters without "
                                    "blanks; copy it from the IAM console again", SECRET_MAX);
        return replace_string(field, value);
}

int set_aws_session_token(const Key *key, const Place *place, const char *value, void *field) {
        (void) key;
        if (strlen(value) > TOKEN_MAX || !is_printable_word(value))
                return place_refuse(place, "this is no AWS session token; expected at most %d characters without blanks; "
                                    "copy it again, on one line", TOKEN_MAX);
        return replace_string(field, value);
}

int set_region(const Key *key, const Place *place, const char *value, void *field) {
        (void) key;
        if (!region_is_valid(value))
                return place_refuse(place, "\"%.*s\" is no AWS region; expected a name such as eu-central-1; see the "
                                    "table's ARN", VALUE_SHOWN_MAX, value);
        return replace_string(field, value);
}

int set_table(const Key *key, const Place *place, const char *value, void *field) {
        size_t length = strlen(value);

        (void) key;
        if (length < TABLE_MIN || length > TABLE_MAX || strspn(value, LOWER UPPER DIGITS "_-.") != length)
                return place_refuse(place, "\"%.*s\" is no DynamoDB table's name; expected %d to %d of A-Z a-z 0-9 _ - .; "
                                    "give the name, not the ARN", VALUE_SHOWN_MAX, value, TABLE_MIN, TABLE_MAX);
        return replace_string(field, value);
}

static bool is_utf8_text(const char *s) {
        const unsigned char *p = (const unsigned char *) s;

        while (*p) {
                size_t n = utf8_length((const char *) p);

                /* C1's control characters, U+0080 to U+009F, included. */
                if (n == 0 || *p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
                        return false;
                p += n;
        }
        return true;
}

static int set_name(const Place *place, const char *value, char **field) {
        if (strlen(value) > NAME_MAX_BYTES || !is_utf8_text(value))
                return place_refuse(place, "this is too long, or not text; expected 1 to %d bytes of UTF-8 without "
                                    "control characters; choose a shorter, plainer name", NAME_MAX_BYTES);
        return replace_string(field, value);
}

int set_label(const Key *key, const Place *place, const char *value, void *field) {
        (void) key;
        return set_name(place, value, field);
}

int set_my_id(const Key *key, const Place *place, const char *value, void *field) {
        (void) key;
        if (strchr(value, '#'))
                return place_refuse(place, "\"%.*s\" contains a '#', which separates this name from the machine's in the "
                                    "table; choose a name without it", VALUE_SHOWN_MAX, value);
        return set_name(place, value, field);
}

int set_endpoint(const Key *key, const Place *place, const char *value, void *field) {
        char url[ENDPOINT_URL_SIZE]; /* one spelling for one store: the lease file carries a hash of it */
        const char *problem = endpoint_url_normalize(value, url);

        (void) key;
        if (problem)
                /* Not quoted: a URL may carry a password. */
                return place_refuse(place, "the value %s; expected https://HOST[:PORT], or http:// with localhost, "
                                    "127.0.0.1 or [::1]; leave the line out for AWS's own", problem);
        return replace_string(field, url);
}

/* 0 or 1: which of two words it is. */
static int choose(const Place *place, const char *value, const char *first, const char *second) {
        if (strcmp(value, first) == 0)
                return 0;
        if (strcmp(value, second) == 0)
                return 1;
        return place_refuse(place, "\"%.*s\" is not known; expected %s or %s", VALUE_SHOWN_MAX, value, first, second);
}

int set_on_target_exit(const Key *key, const Place *place, const char *value, void *field) {
        int which = choose(place, value, "release", "hold");

        (void) key;
        if (which >= 0)
                *(OnTargetExit *) field = which == 1 ? ON_TARGET_EXIT_HOLD : ON_TARGET_EXIT_RELEASE;
        return MIN(which, 0);
}

int set_on_stuck(const Key *key, const Place *place, const char *value, void *field) {
        int which = choose(place, value, "none", "reboot");

        (void) key;
        if (which >= 0)
                *(OnStuck *) field = which == 1 ? ON_STUCK_REBOOT : ON_STUCK_NONE;
        return MIN(which, 0);
}

int set_yes_no(const Key *key, const Place *place, const char *value, void *field) {
        (void) key;
        if (parse_bool(value, field) < 0)
                return place_refuse(place, "\"%.*s\" is not known; expected yes or no", VALUE_SHOWN_MAX, value);
        return 0;
}
