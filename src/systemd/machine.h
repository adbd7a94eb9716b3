/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which machine this is, in a form that says nothing to others. machine-id(5). */

#define MACHINE_HOST_ID_SIZE 33 /* 32 hex digits and NUL */

/* The machine's id as cloudlock writes it into records. 0 or a negative errno. */
int machine_host_id(char ret[static MACHINE_HOST_ID_SIZE]);
