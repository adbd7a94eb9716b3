/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program that links faulty.c has each call that our own objects make of libc, libsystemd, libcurl, json-c and OpenSSL,
 * as far as it may fail (calls.list), counted in the file that TORTURE= names, and has up to two of them fail: those whose
 * numbers whoever runs it has written there. Without TORTURE= it is what it would be without faulty.c.
 * The file outlives the process: a restarted program counts on, and fails no second time. */

#include <stdint.h>

#define TORTURE_CALLS_MAX 65536U /* that are told of; counted are all */

/* In the byte order of the machine, as tests/torture/calls.py has it. */
typedef struct TortureFile {
        uint32_t fail_at[2]; /* from 1 on; 0: none */
        uint32_t n_calls;
        uint32_t n_failed;
        struct {
                uint32_t name;   /* line of calls.list */
                uint32_t caller; /* where it was called, from the start of the program */
        } calls[TORTURE_CALLS_MAX];
} TortureFile;
