/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a file for EnvironmentFile=: what is read are assignments of names that come once each, and in quotation
 * marks they are read again as the same. */


#include "fuzz.h"
#include "service.h"
#include "strv.h"

static void write_quoted(FILE *file, const char *assignment) {
        size_t length = strcspn(assignment, "=");

        fprintf(file, "%.*s=\"", (int) length, assignment);
        for (const char *p = assignment + length + 1; *p; p++)
                fprintf(file, "%s%c", strchr("\"\\`$", *p) ? "\\" : "", *p);
        fputs("\"\n", file);
}

static void check_assignment(char *const *environment, const char *assignment) {
        size_t length = strcspn(assignment, "="), n = 0;

        require(length > 0 && assignment[length] == '=');
        for (size_t i = 0; i < length; i++)
                require(strchr("_", assignment[i]) || (assignment[i] | 0x20) - 'a' < 26u || assignment[i] - '0' < 10u);
        for (; *environment; environment++)
                n += strncmp(*environment, assignment, length + 1) == 0;
        require(n == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_strv_ char **environment = NULL, **again = NULL;
        _cleanup_free_ char *text = fuzz_text(data, size), *quoted = NULL;
        size_t quoted_size;
        FILE *file = open_memstream(&quoted, &quoted_size);

        require(file && environment_file_parse(text, &environment) == 0);
        for (char **e = environment; e && *e; e++) {
                check_assignment(environment, *e);
                write_quoted(file, *e);
        }
        require(fclose(file) == 0 && environment_file_parse(quoted, &again) == 0);
        require(strv_length(environment) == strv_length(again));
        for (size_t i = 0; i < strv_length(again); i++)
                require(strcmp(environment[i], again[i]) == 0);
        return 0;
}
