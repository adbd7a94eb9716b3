/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the table is, from anything: the first two lines are our own keys (empty: not there), then variables up to an empty
 * line, then ~/.aws/config. What is chosen is a region and an address that were never written otherwise; what is refused
 * says so in printable words. */

#include "fuzz.h"
#include "place.h"
#include "profile.h"
#include "strv.h"
#include "text.h"

static void check_place(const Place *place) {
        char normal[ENDPOINT_URL_SIZE];

        require(region_is_valid(place->region) && place->region_from && place->endpoint_from);
        require(!endpoint_url_normalize(place->endpoint, normal) && strcmp(normal, place->endpoint) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char profile_error[CREDENTIALS_ERROR_MAX], error[PLACE_ERROR_MAX] = "";
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_profile_ Profile *profile = NULL;
        _cleanup_strv_ char **environment = NULL;
        char *rest = text;
        const char *region = fuzz_line(&rest), *endpoint = fuzz_line(&rest);
        char normal[ENDPOINT_URL_SIZE];
        Place place;

        for (const char *line; *(line = fuzz_line(&rest));)
                require(!strchr(line, '=') || strv_extend(&environment, line) == 0);
        if (rest)
                (void) profile_parse(&(ProfileFile) { "/c", NULL, 0 }, &(ProfileFile) { "/f", rest, strlen(rest) }, NULL,
                                     &profile, profile_error);
        /* as the configuration, which judges the form of its own, hands them on */
        if ((*region && !region_is_valid(region)) || (*endpoint && endpoint_url_normalize(endpoint, normal)))
                return 0;
        if (place_choose(&(PlaceInput) { *region ? region : NULL, *endpoint ? normal : NULL, environment, profile }, &place,
                         error) < 0)
                require(*error && !text_has_control(error));
        else
                check_place(&place);
        return 0;
}
