/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keeping a process's memory to itself. */

/* From here on this process leaves no core dump, neither a file nor one that is piped to a program whatever
 * RLIMIT_CORE says, and nobody but root may read its memory. Wiping our own copies of a secret would not do: libcurl and
 * OpenSSL keep others. For the start of main(), before a secret is read. 0 or a negative errno. prctl(2), core(5). */
int core_dump_forbid(void);
