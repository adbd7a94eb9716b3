/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "place-find.h"

_Static_assert(PLACE_ERROR_MAX <= PLACE_FIND_ERROR_MAX, "a sentence could be cut");

int place_find(const PlaceInput *input, Profile **ret_profile, Place *ret, char ret_error[static PLACE_FIND_ERROR_MAX]) {
        PlaceInput with_profile = *input;
        int r = profile_load(input->environment, ret_profile, ret_error);

        if (r < 0)
                return r;
        with_profile.profile = *ret_profile;
        return place_choose(&with_profile, ret, ret_error);
}
