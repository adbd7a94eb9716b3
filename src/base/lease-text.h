/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The text of /run/cloudlock/INSTANCE/lease: the one thing that cloudlockd says to the guard. KEY=VALUE lines.
 * This module turns bytes into deadlines and back; who reads which file, and whether the lease is good now, is
 * decided elsewhere. */

#include <stddef.h>
#include <stdint.h>

#include "time-span.h"

#define LEASE_TEXT_MAX 4096
#define LEASE_HOLDER_MAX 320
#define ID128_TEXT_SIZE 33 /* 32 hex digits and NUL */
#define LOCK_ID_TEXT_SIZE 17 /* 16 hex digits and NUL */

typedef struct Lease {
        char boot_id[ID128_TEXT_SIZE];     /* the boot that the deadlines belong to */
        char lock_id[LOCK_ID_TEXT_SIZE];   /* lock_id_format() of endpoint, region, table, label */
        usec_t stop_boot_us, stop_raw_us;  /* polite stop: CLOCK_BOOTTIME; RAW plus time suspended */
        usec_t kill_boot_us, kill_raw_us;  /* kill: likewise; never before stop */
        uint64_t fence;
        char holder[LEASE_HOLDER_MAX + 1];
} Lease;

/* Every key exactly once, unknown keys refused, kill not before stop. 0 or -EBADMSG. */
int lease_parse(const char *data, size_t size, Lease *ret);

/* 0 with the length in *ret_size, or -ENOBUFS. */
int lease_format(const Lease *lease, char *buf, size_t size, size_t *ret_size);

/* Which lock a lease is for, as text: a hash over the four names. */
void lock_id_format(const char *endpoint, const char *region, const char *table, const char *label,
                    char ret[LOCK_ID_TEXT_SIZE]);
