/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "place.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "aws-partition.h"
#include "cleanup.h"
#include "profile.h"
#include "strv.h"
#include "text.h"

#define FROM_PROFILE "the profile"
#define FROM_AWS "AWS's own"

#define VALUE_SHOWN_MAX 40
#define FIPS "fips"

/* A value and where it is from. */
typedef struct Setting {
        const char *value; /* NULL: nobody sets it */
        const char *from;  /* a key of ours, a variable, or FROM_PROFILE */
        const char *key;   /* of the profile */
        bool well_formed;  /* then it may be a line of the configuration, which judges the form of its own */
} Setting;

static Setting from_variable(const PlaceInput *input, const char *name) {
        return (Setting) { .value = environment_get(input->environment, name), .from = name };
}

static Setting from_profile(const char *key, const char *value) {
        return (Setting) { .value = value && *value ? value : NULL, .from = FROM_PROFILE, .key = key };
}

static Setting first(const Setting *settings, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (settings[i].value)
                        return settings[i];
        return (Setting) {};
}

#define FIRST(...) first((const Setting[]) { __VA_ARGS__ }, ELEMENTSOF(((const Setting[]) { __VA_ARGS__ })))

/* What the operator knows the setting by. */
static void append_name(const PlaceInput *input, const Setting *setting, char *error) {
        const Profile *profile = input->profile;

        if (setting->key)
                text_append(error, PLACE_ERROR_MAX, "%s of profile %s in %s", setting->key, profile->name ?: "default",
                            profile->config_path ?: "AWS's files");
        else
                text_append(error, PLACE_ERROR_MAX, "%s", setting->from);
        if (!setting->well_formed && strncmp(setting->from, "AWS_", strlen("AWS_")) == 0)
                text_append(error, PLACE_ERROR_MAX, " of the environment");
}

/* "NAME: message", or the message alone without a setting. -EINVAL. */
static _printf_(4, 5) int refuse(const PlaceInput *input, const Setting *setting, char *error, const char *format,
                                 ...) {
        char message[PLACE_ERROR_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(message, sizeof(message), format, ap);
        va_end(ap);
        *error = '\0';
        if (setting) {
                append_name(input, setting, error);
                text_append(error, PLACE_ERROR_MAX, ": ");
        }
        text_append(error, PLACE_ERROR_MAX, "%s", message);
        text_strip_control(error);
        return -EINVAL;
}

/* The SDKs take every word but "true" for false; whoever asks for FIPS should get it, or hear why not. */
static int read_flag(const PlaceInput *input, const Setting *setting, bool *ret, char *error) {
        if (!setting->value || strcasecmp(setting->value, "false") == 0)
                return *ret = false, 0;
        if (strcasecmp(setting->value, "true") == 0)
                return *ret = true, 0;
        return refuse(input, setting, error, "\"%.*s\" is neither true nor false; set one of the two", VALUE_SHOWN_MAX,
                      setting->value);
}

/* "fips-us-east-1" and "us-east-1-fips", from before there was a setting for it. */
static bool is_fips_name(const char *region) {
        size_t length = strlen(region);

        return strncmp(region, FIPS "-", strlen(FIPS "-")) == 0 ||
               (length > strlen("-" FIPS) && strcmp(region + length - strlen("-" FIPS), "-" FIPS) == 0);
}

static int choose_region(const PlaceInput *input, Place *place, Setting *ret, char *error) {
        const Profile *profile = input->profile;
        Setting found = FIRST({ .value = input->region, .from = "cloudlock_aws_region" },
                                    from_variable(input, "AWS_REGION"), from_variable(input, "AWS_DEFAULT_REGION"),
                                    from_profile("region", profile ? profile->region : NULL));

        if (!found.value)
                return refuse(input, NULL, error, "no region is set; expected that of the DynamoDB table in "
                              "cloudlock_aws_region, AWS_REGION, AWS_DEFAULT_REGION or the region of an AWS profile; "
                              "add a line such as cloudlock_aws_region=eu-central-1 to the configuration");
        if (!region_is_valid(found.value))
                return refuse(input, &found, error, "\"%.*s\" is no AWS region; expected a name such as eu-central-1; "
                              "see the table's ARN", VALUE_SHOWN_MAX, found.value);
        found.well_formed = true;
        if (is_fips_name(found.value))
                return refuse(input, &found, error, "\"%s\" is the old name of a FIPS endpoint; set the region itself, "
                              "and AWS_USE_FIPS_ENDPOINT=true", found.value);
        snprintf(place->region, sizeof(place->region), "%s", found.value);
        place->region_from = found.from;
        *ret = found;
        return 0;
}

/* An endpoint that somebody names; unset where AWS's own is to be used. */
static int find_endpoint(const PlaceInput *input, Setting *ret, char *error) {
        const Profile *profile = input->profile;
        const Setting ours = { .value = input->endpoint, .from = "cloudlock_dynamodb_endpoint" };
        const Setting ignore = FIRST(from_variable(input, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
                                     from_profile("ignore_configured_endpoint_urls",
                                                  profile ? profile->ignore_configured_endpoint_urls : NULL));
        bool ignored = false;
        int r = read_flag(input, &ignore, &ignored, error);

        if (r < 0)
                return r;
        *ret = ours;
        if (!ours.value && !ignored)
                *ret = FIRST(from_variable(input, "AWS_ENDPOINT_URL_DYNAMODB"), from_variable(input, "AWS_ENDPOINT_URL"),
                             from_profile("endpoint_url", profile ? profile->endpoint_url : NULL));
        return 0;
}

static int take_endpoint(const PlaceInput *input, const Setting *endpoint, Place *place, char *error) {
        const char *problem = endpoint_url_normalize(endpoint->value, place->endpoint);

        if (problem)
                /* Not quoted: a URL may carry a password. */
                return refuse(input, endpoint, error, "the value %s; expected https://HOST[:PORT], or http:// with "
                              "localhost, 127.0.0.1 or [::1]; leave it out for AWS's own", problem);
        place->endpoint_from = endpoint->from;
        return 0;
}

static void make_endpoint(Place *place, bool fips, bool dual_stack) {
        const Partition *partition = partition_of_region(place->region);
        /* GovCloud's endpoints of IPv4 are FIPS ones by their usual names. */
        bool usual_name = !fips || (!dual_stack && strcmp(partition->name, "aws-us-gov") == 0);

        snprintf(place->endpoint, sizeof(place->endpoint), "https://dynamodb%s.%s.%s", usual_name ? "" : "-" FIPS,
                 place->region, dual_stack ? partition->dual_stack_suffix : partition->suffix);
        place->endpoint_from = FROM_AWS;
}

/* A kind of AWS's own endpoints was asked for, and another endpoint is named. */
static int refuse_both(const PlaceInput *input, Setting kind, Setting endpoint, char *error) {
        char other[PLACE_ERROR_MAX] = "";

        kind.well_formed = endpoint.well_formed = true;
        append_name(input, &endpoint, other);
        return refuse(input, &kind, error, "this asks for an endpoint of AWS's own, and %s names one; leave one of the "
                      "two out", other);
}

static int choose_endpoint(const PlaceInput *input, const Setting *region, Place *place, char *error) {
        const Profile *profile = input->profile;
        const Setting fips_setting = FIRST(from_variable(input, "AWS_USE_FIPS_ENDPOINT"),
                                           from_profile("use_fips_endpoint",
                                                        profile ? profile->use_fips_endpoint : NULL));
        const Setting dual_setting = FIRST(from_variable(input, "AWS_USE_DUALSTACK_ENDPOINT"),
                                           from_profile("use_dualstack_endpoint",
                                                        profile ? profile->use_dualstack_endpoint : NULL));
        Setting endpoint;
        bool fips = false, dual_stack = false;
        int r = find_endpoint(input, &endpoint, error);

        if (r >= 0)
                r = read_flag(input, &fips_setting, &fips, error);
        if (r >= 0)
                r = read_flag(input, &dual_setting, &dual_stack, error);
        if (r < 0)
                return r;
        if (endpoint.value && (fips || dual_stack))
                return refuse_both(input, fips ? fips_setting : dual_setting, endpoint, error);
        if (endpoint.value)
                return take_endpoint(input, &endpoint, place, error);
        if (strcmp(place->region, "local") == 0)
                return refuse(input, region, error, "\"local\" stands for a store on this machine; set "
                              "cloudlock_dynamodb_endpoint=http://localhost:8000");
        make_endpoint(place, fips, dual_stack);
        return 0;
}

int place_choose(const PlaceInput *input, Place *ret, char ret_error[static PLACE_ERROR_MAX]) {
        Place place = {};
        Setting region;
        int r = choose_region(input, &place, &region, ret_error);

        if (r >= 0)
                r = choose_endpoint(input, &region, &place, ret_error);
        if (r < 0)
                return r;
        *ret = place;
        return 0;
}
