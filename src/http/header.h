/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A line of an HTTP request's head; borrowed strings. */
typedef struct Header {
        const char *name; /* lower case */
        const char *value;
} Header;
