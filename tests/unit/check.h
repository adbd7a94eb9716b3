/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Unit tests: a table of named cases; each CHECK that fails is printed with its place, and the case counts as failed.
 * The program's last line is "N passed, N failed". */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct Case {
        const char *name;
        void (*run)(void);
} Case;

static unsigned check_failures;

#define CHECK(cond)                                                                      \
        do {                                                                             \
                if (!(cond)) {                                                           \
                        printf("  %s:%d: %s\n", __FILE__, __LINE__, #cond);              \
                        check_failures++;                                                \
                }                                                                        \
        } while (0)

#define CHECK_EQ(a, b)                                                                   \
        do {                                                                             \
                long long _a = (long long) (a), _b = (long long) (b);                    \
                if (_a != _b) {                                                          \
                        printf("  %s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #a, _a, _b); \
                        check_failures++;                                                \
                }                                                                        \
        } while (0)

#define CHECK_STR(a, b)                                                                  \
        do {                                                                             \
                const char *_a = (a), *_b = (b);                                         \
                if (!_a || strcmp(_a, _b) != 0) {                                        \
                        printf("  %s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #a, _a ? _a : "(null)", _b); \
                        check_failures++;                                                \
                }                                                                        \
        } while (0)

static inline int run_cases(const Case *cases, size_t n) {
        unsigned failed = 0;

        for (size_t i = 0; i < n; i++) {
                unsigned before = check_failures;

                cases[i].run();
                if (check_failures > before)
                        failed++;
                printf("%s %s\n", check_failures > before ? "FAIL" : "ok", cases[i].name);
        }
        printf("%zu passed, %u failed\n", n - failed, failed);
        return failed > 0;
}

#define RUN_CASES(cases) run_cases((cases), sizeof(cases) / sizeof((cases)[0]))
