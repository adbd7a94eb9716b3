/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whose certificates count. Nothing of it is kept from one connection to the next: what is taken off the list counts
 * from the next connection on. */

#include <curl/curl.h>
#include <stdbool.h>

typedef struct Trust {
        const char *bundle; /* the caller's file, which alone counts; NULL: the system's */
        bool has_directory; /* the system's certificates lie in a directory by their hashes, too */
        bool whole;         /* all of the system's are read, and not just those from the directory that are needed */
} Trust;

/* `bundle` is borrowed. */
void trust_init(Trust *trust, const char *bundle);

/* False when out of memory. */
bool trust_apply(const Trust *trust, CURL *easy);

/* A connection with it came to this end. True: certificates are left that were not looked at, so try again. */
bool trust_judge(Trust *trust, CURL *easy, CURLcode result);
