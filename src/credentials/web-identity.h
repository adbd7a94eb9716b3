/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A role that is assumed with a token of somebody else's, as in EKS (IRSA): AWS's STS trades it for keys. The settings are those
 * of the environment, or else of the profile. */

#include "source.h"

#define STS_URL_MAX 512

/* Where STS is, in the region: AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, the profile's, or AWS's own. Pure. 0; -EINVAL
 * with a sentence. */
int sts_endpoint(const char *region, char *const *environment, const Profile *profile, char ret_url[static STS_URL_MAX],
                 char ret_error[static CREDENTIALS_ERROR_MAX]);

/* The request's body; the caller's to wipe and free. 0 or -ENOMEM. */
int sts_body(const char *role_arn, const char *session_name, const char *token, char **ret);
