/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names to addresses, beside the event loop. libcurl's own lookups end with their request: where the resolver takes
 * longer than a request may (glibc waits 5 s for a nameserver that is gone before it asks the next), no request would
 * ever get through, and each would leave a thread behind. Here a name has one thread at a time, whose answer counts for
 * later requests too, and addresses that were good serve on while the resolver is ill: TLS tells who answers there. */

#include <systemd/sd-event.h>

#include "time-span.h"

/* "[2001:db8::1],192.0.2.1": as CURLOPT_RESOLVE takes them. */
#define LOOKUP_ADDRESSES_MAX 8
#define LOOKUP_ADDRESS_SIZE 48 /* INET6_ADDRSTRLEN and two brackets */
#define LOOKUP_TEXT_SIZE (LOOKUP_ADDRESSES_MAX * LOOKUP_ADDRESS_SIZE)
#define LOOKUP_ERROR_MAX 128

typedef struct Lookups Lookups;
typedef struct LookupQuery LookupQuery;

/* `addresses` in the order in which they are to be tried; NULL: none are known, and `error` says why, a clause. */
typedef void (*LookupHandler)(const char *addresses, const char *error, void *userdata);

int lookups_new(sd_event *event, Lookups **ret);

/* Every query has to be freed before. Threads that still look go on by themselves, and end with the resolver's own
 * patience; nobody waits for them. */
Lookups *lookups_free(Lookups *lookups);

/* The handler is called exactly once, from the event loop, never from inside; freeing the query before cancels it.
 * `timeout_us` is how long it may take. 0 or a negative errno. */
int lookup_ask(Lookups *lookups, const char *host, usec_t timeout_us, LookupHandler handler, void *userdata,
               LookupQuery **ret);
LookupQuery *lookup_query_free(LookupQuery *query);

/* A connection was made to this address (no brackets): it is the first to be tried from now on. */
void lookup_was_good(Lookups *lookups, const char *host, const char *address);

/* None could be connected to in time: another is the first to be tried next. */
void lookup_was_bad(Lookups *lookups, const char *host);
