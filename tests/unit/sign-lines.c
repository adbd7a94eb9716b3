/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For signing-peer.py: each line of standard input is a request, its fields separated by tabs: time, region, key,
 * secret, host, token (may be empty), target, body. Prints the Authorization header of each. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "sigv4.h"

enum { TIME, REGION, KEY_ID, SECRET, HOST, TOKEN, TARGET, BODY, _FIELDS };

static int sign_line(char *line) {
        _cleanup_free_ char *authorization = NULL;
        char *fields[_FIELDS], date[SIGV4_TIMESTAMP_SIZE];
        Header headers[5];
        SigV4Request request = { .method = "POST", .headers = headers, .service = "dynamodb" };

        for (size_t i = 0; i < _FIELDS; i++)
                if (!(fields[i] = strsep(&line, "\t\n")))
                        return -1;
        request.time_s = atoll(fields[TIME]);
        request.region = fields[REGION];
        request.body = fields[BODY];
        request.body_size = strlen(fields[BODY]);
        if (sigv4_timestamp(request.time_s, date) < 0)
                return -1;
        headers[request.n_headers++] = (Header) { "content-type", "application/x-amz-json-1.0" };
        headers[request.n_headers++] = (Header) { "host", fields[HOST] };
        headers[request.n_headers++] = (Header) { "x-amz-date", date };
        if (*fields[TOKEN])
                headers[request.n_headers++] = (Header) { "x-amz-security-token", fields[TOKEN] };
        headers[request.n_headers++] = (Header) { "x-amz-target", fields[TARGET] };
        if (sigv4_authorization(&request, fields[KEY_ID], fields[SECRET], &authorization) < 0)
                return -1;
        puts(authorization);
        return 0;
}

int main(void) {
        _cleanup_free_ char *line = NULL;
        size_t size = 0;

        while (getline(&line, &size, stdin) > 0)
                if (sign_line(line) < 0)
                        return EXIT_FAILURE;
        return EXIT_SUCCESS;
}
