/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of keys, and finding the row. */

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "config-internal.h"
#include "strv.h"

#define PREFIX "cloudlock_"
#define AWS_PREFIX "AWS_"
#define KEY_NAME_MAX 64   /* longer ones are not compared: no key is half as long */
#define TYPING_ERRORS_MAX 3 /* "did you mean" for names that differ in no more letters */

#define FIELD(name) offsetof(Config, name)

/* Where a time has two forms, both rows store into one field. */
static const Key keys[] = {
        { PREFIX "aws_key_id", set_aws_key_id, FIELD(aws_key_id), .environment = true },
        { PREFIX "aws_secret", set_aws_secret, FIELD(aws_secret), .environment = true },
        { PREFIX "aws_session_token", set_aws_session_token, FIELD(aws_session_token), .environment = true },
        { PREFIX "aws_region", set_region, FIELD(region), .environment = true },
        { PREFIX "dynamodb_table", set_table, FIELD(table), .environment = true },
        { PREFIX "dynamodb_endpoint", set_endpoint, FIELD(endpoint), .environment = true },
        { PREFIX "lock_label", set_label, FIELD(label) },
        { PREFIX "my_id", set_my_id, FIELD(my_id) },
        { PREFIX "target_unit", set_target_units, FIELD(target_units) },
        { PREFIX "extra_cgroups", set_extra_cgroups, FIELD(extra_cgroups) },
        { PREFIX "restart_gap", set_span, FIELD(gap_us), .min_us = 0, .max_us = GAP_US_MAX },
        { PREFIX "restart_gap_min", set_minutes, FIELD(gap_us), .min_us = 0, .max_us = GAP_US_MAX },
        { PREFIX "lock_expiration", set_span, FIELD(lease_us), .min_us = LEASE_US_MIN, .max_us = LEASE_US_MAX },
        { PREFIX "lock_expiration_min", set_minutes, FIELD(lease_us), .min_us = LEASE_US_MIN, .max_us = LEASE_US_MAX },
        { PREFIX "renew_time", set_span, FIELD(renew_us), .min_us = RENEW_US_MIN, .max_us = LEASE_US_MAX },
        { PREFIX "renew_time_min", set_minutes, FIELD(renew_us), .min_us = RENEW_US_MIN, .max_us = LEASE_US_MAX },
        { PREFIX "poll_time", set_span, FIELD(poll_us), .min_us = POLL_US_MIN, .max_us = LEASE_US_MAX },
        { PREFIX "stop_timeout", set_span, FIELD(stop_timeout_us), .min_us = STOP_US_MIN, .max_us = LEASE_US_MAX },
        { PREFIX "max_clock_skew", set_span, FIELD(max_clock_skew_us), .min_us = SKEW_US_MIN, .max_us = SKEW_US_MAX },
        { PREFIX "on_target_exit", set_on_target_exit, FIELD(on_target_exit) },
        { PREFIX "on_stuck", set_on_stuck, FIELD(on_stuck) },
        { PREFIX "mixed_fleet", set_yes_no, FIELD(mixed_fleet) },
        { PREFIX "require_watchdog", set_yes_no, FIELD(require_watchdog) },
        { PREFIX "accept_unchecked_table", set_yes_no, FIELD(accept_unchecked_table) },
};

_Static_assert(ELEMENTSOF(keys) <= KEYS_MAX, "Draft.lines is too short");

/* V. Levenshtein's distance, letters' case aside. */
static size_t distance(const char *a, const char *b) {
        size_t row[KEY_NAME_MAX + 1], n = strlen(b);

        for (size_t j = 0; j <= n; j++)
                row[j] = j;
        for (size_t i = 1; *a; a++, i++) {
                size_t diagonal = row[0];

                row[0] = i;
                for (size_t j = 1; j <= n; j++) {
                        size_t replaced = diagonal + (strncasecmp(a, b + j - 1, 1) != 0);
                        size_t changed = MIN(row[j], row[j - 1]) + 1;

                        diagonal = row[j];
                        row[j] = MIN(replaced, changed);
                }
        }
        return row[n];
}

typedef struct Suggestion {
        const char *name;
        size_t distance;
} Suggestion;

static void suggest(Suggestion *best, const char *name, size_t name_distance) {
        if (name_distance < best->distance)
                *best = (Suggestion) { name, name_distance };
}

/* The variable or the key, with or without its prefix, that was probably meant, or NULL. */
static const char *nearest(const char *name) {
        Suggestion best = { NULL, TYPING_ERRORS_MAX + 1 };

        if (strlen(name) > KEY_NAME_MAX)
                return NULL;
        for (size_t i = 0; i < VARIABLES; i++)
                if (variable_name(i))
                        suggest(&best, variable_name(i), distance(name, variable_name(i)));
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                suggest(&best, keys[i].name,
                        MIN(distance(name, keys[i].name), distance(name, keys[i].name + strlen(PREFIX))));
        return best.name;
}

static bool has_prefix(const char *name, const char *prefix) {
        return strncasecmp(name, prefix, strlen(prefix)) == 0;
}

/* The name itself is shown only where it looks like one of ours or AWS's: what stands there may be part of a secret. */
static int refuse_unknown(const Place *place, const char *name) {
        const char *meant = nearest(name);
        bool show = has_prefix(name, PREFIX) || has_prefix(name, AWS_PREFIX);

        if (meant)
                return place_refuse(place, "unknown key%s%.*s; did you mean %s?", show ? " " : "",
                                    show ? KEY_NAME_MAX : 0, name, meant);
        return place_refuse(place, "unknown key%s%.*s; expected one of those in cloudlock.conf(5); remove the line",
                            show ? " " : "", show ? KEY_NAME_MAX : 0, name);
}

static int refuse_twice(const Draft *draft, const Place *place, const Key *key) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (keys[i].offset == key->offset && draft->lines[i] > 0 && &keys[i] != key)
                        return place_refuse(place, "line %u sets the same time by %s; remove one of the two",
                                            draft->lines[i], keys[i].name);
        return place_refuse(place, "line %u sets it already; remove one of the two", draft->lines[key - keys]);
}

unsigned draft_line(const Draft *draft, size_t offset) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (keys[i].offset == offset && draft->lines[i] > 0)
                        return draft->lines[i];
        return 0;
}

static int key_set(const Key *key, const Place *place, const char *value, Config *config) {
        if (!*value)
                return place_refuse(place, "the value is empty; give one, or remove the line");
        return key->set(key, place, value, (char *) config + key->offset);
}

int draft_set(Draft *draft, unsigned line, const char *name, const char *value) {
        Place place = { .source = draft->input->file_name, .line = line, .error = draft->error };
        int r = draft_set_variable(draft, line, name, value);

        if (r != 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (strcmp(keys[i].name, name) != 0)
                        continue;
                place.key = keys[i].name;
                if (draft_line(draft, keys[i].offset) > 0)
                        return refuse_twice(draft, &place, &keys[i]);
                draft->lines[i] = line;
                return key_set(&keys[i], &place, value, draft->config);
        }
        return refuse_unknown(&place, name);
}

int draft_override(Draft *draft) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const Place place = { .source = "environment", .key = keys[i].name, .error = draft->error };
                const char *value = environment_get(draft->input->environment, keys[i].name);
                int r;

                if (!keys[i].environment || !value)
                        continue;
                r = key_set(&keys[i], &place, value, draft->config);
                if (r < 0)
                        return r;
        }
        return 0;
}
