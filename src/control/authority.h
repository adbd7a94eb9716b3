/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who may change something: root, and whom polkit lets (action org.cloudlock1.manage, with the details "instance" and
 * "verb" for its rules). It is asked over the daemon's connection to the bus, in the background and for a bounded time;
 * while it does not answer only root may. The action's owner annotation lets the daemon's user ask such questions. */

#include <systemd/sd-bus.h>

#include "operation.h"

typedef enum AuthorityVerdict {
        AUTHORITY_ALLOWED,
        AUTHORITY_DENIED,
        AUTHORITY_CHALLENGE, /* a password might help, and the caller may not be asked for one */
        AUTHORITY_SILENT,    /* nobody could say: no bus, no polkit, too many questions at a time */
} AuthorityVerdict;

typedef struct Authority Authority;
typedef struct AuthorityCheck AuthorityCheck;

/* Told once for each check that is not freed before; `uid` is the caller's. */
typedef void (*AuthorityHandler)(AuthorityVerdict verdict, uid_t uid, void *userdata);

/* `instance` has to outlive it. 0 or -ENOMEM. */
int authority_new(const char *instance, Authority **ret);
/* All its checks have to be gone. */
Authority *authority_free(Authority *authority);

static inline void authority_freep(Authority **a) {
        authority_free(*a);
}

/* The connection to ask over, referenced; NULL: there is none. Open checks end as AUTHORITY_SILENT. */
void authority_set_bus(Authority *authority, sd_bus *bus);

/* May `caller` do `verb` (static)? What can be said at once is said by the return value: 1, and *ret_verdict. 0: *ret is
 * the check, the caller's to free, at the latest when the handler was called; before that it withdraws the question.
 * -ENOMEM. */
int authority_check(Authority *authority, const OperationCaller *caller, const char *verb, AuthorityHandler handler,
                    void *userdata, AuthorityVerdict *ret_verdict, AuthorityCheck **ret);
AuthorityCheck *authority_check_free(AuthorityCheck *check);
