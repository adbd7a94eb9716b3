/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The place, with the profile that has a say in it read from AWS's files. */

#include "credentials.h"
#include "place.h"
#include "profile.h"

#define PLACE_FIND_ERROR_MAX CREDENTIALS_ERROR_MAX

/* As place_choose(), for `input` without its profile, which is loaded by input->environment. *ret_profile is there
 * wherever it could be read, though no place be found; the caller's to free. 0; -EINVAL with a sentence; -ENOMEM. */
int place_find(const PlaceInput *input, Profile **ret_profile, Place *ret, char ret_error[static PLACE_FIND_ERROR_MAX]);
