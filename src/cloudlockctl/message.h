/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The client's side of Varlink as text: a call to be sent, a reply that arrived. Pure. https://varlink.org */

#include <stdbool.h>

#include "json.h"

/* A reply; and with the NUL behind it what a connection may have to hold. A picture of one lock takes about 2 KiB. */
#define REPLY_SIZE_MAX (256u * 1024)

typedef struct VarlinkReply {
        json_object *parameters; /* an object; of an error perhaps NULL */
        char *error;             /* its name; NULL: none */
        bool continues;          /* there will be another one */
} VarlinkReply;

void varlink_reply_done(VarlinkReply *reply);
#define _cleanup_reply_ _cleanup_(varlink_reply_done)

/* A call, the caller's to free; its NUL has to be sent, too. `parameters` stays the caller's; NULL: none. 0 or -ENOMEM. */
int varlink_format_call(const char *method, json_object *parameters, bool more, char **ret);

/* 0, -EBADMSG, -ENOMEM. */
int varlink_parse_reply(const char *text, VarlinkReply *ret);
