/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The answers of AWS's STS, which are XML. Pure; strict: elements with text, nothing that could mean something else.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */

#include <stddef.h>
#include <stdint.h>

#include "keys.h"

/* The text of the only element at `path`, "A/B/C", the caller's to wipe and free. 0; -ENOENT: no such element; -EBADMSG:
 * this is not well-formed, or there are two; -ENOMEM. */
int sts_xml_find(const char *data, size_t size, const char *path, char **ret);

/* The keys of an answer to AssumeRoleWithWebIdentity. 0; -EINVAL with a clause; -ENOMEM. */
int sts_xml_keys(const char *data, size_t size, Keys *ret, int64_t *ret_expires_s,
                 char ret_error[static CREDENTIALS_ERROR_MAX]);

#define STS_CODE_MAX 64

/* Code and message of an error, made printable; empty where it is none. */
void sts_xml_error(const char *data, size_t size, char ret_code[static STS_CODE_MAX + 1], size_t message_size,
                   char *ret_message);
