/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For place-peer.py: each line of standard input is a question, its fields separated by tabs: region, FIPS and dual stack
 * (true or false), endpoint (may be empty). Prints the endpoint chosen, or "refused" and why. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "place.h"

enum { REGION, FIPS, DUAL_STACK, ENDPOINT, _FIELDS };

static int answer_line(char *line) {
        _cleanup_free_ char *fips = NULL, *dual_stack = NULL;
        char *fields[_FIELDS], error[PLACE_ERROR_MAX];
        Place place;

        for (size_t i = 0; i < _FIELDS; i++)
                if (!(fields[i] = strsep(&line, "\t\n")))
                        return -1;
        if (asprintf(&fips, "AWS_USE_FIPS_ENDPOINT=%s", fields[FIPS]) < 0)
                return fips = NULL, -1;
        if (asprintf(&dual_stack, "AWS_USE_DUALSTACK_ENDPOINT=%s", fields[DUAL_STACK]) < 0)
                return dual_stack = NULL, -1;
        if (place_choose(&(const PlaceInput) {
                                 .region = fields[REGION],
                                 .endpoint = *fields[ENDPOINT] ? fields[ENDPOINT] : NULL,
                                 .environment = (char *const[]) { fips, dual_stack, NULL },
                         }, &place, error) < 0)
                printf("refused: %s\n", error);
        else
                puts(place.endpoint);
        return 0;
}

int main(void) {
        _cleanup_free_ char *line = NULL;
        size_t size = 0;

        while (getline(&line, &size, stdin) > 0)
                if (answer_line(line) < 0)
                        return EXIT_FAILURE;
        return EXIT_SUCCESS;
}
