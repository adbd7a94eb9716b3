/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For test-check.py: those parts of "cloudlockctl check" that need no PID 1, "cloudlockctl init" and "cloudlockctl list --table", with a configuration
 * anywhere and this program's environment in the place of the service's.
 *
 *     check-probe check|init|dry-run|list|list-json CONFIG */

#include <stdio.h>
#include <string.h>

#include "findings-show.h"
#include "init.h"
#include "list.h"
#include "strv.h"

#define INSTANCE "validator"

static int set_up(CheckContext *context, const char *config_path) {
        int r = 0;

        context->instance = INSTANCE;
        context->config_path = strdup(config_path);
        context->service.protect_home = strdup("yes");
        if (!context->config_path || !context->service.protect_home)
                return -1;
        for (char **e = environ; *e && r >= 0; e++)
                r = strv_extend(&context->service.environment, *e);
        return r;
}

static int walk(CheckContext *context) {
        static const ShowStyle style = { .utf8 = true };

        check_config(context);
        check_aws_files(context);
        check_plan(context);
        check_store(context);
        findings_show(stdout, &style, &context->findings);
        return findings_count(&context->findings, FINDING_FAILED) > 0 ? -1 : 0;
}

int main(int argc, char *argv[]) {
        _cleanup_check_ CheckContext context = {};
        Options options = { .dry_run = argc > 1 && strcmp(argv[1], "dry-run") == 0 };
        int r;

        if (argc != 3 || set_up(&context, argv[2]) < 0)
                return 2;
        if (strcmp(argv[1], "check") == 0)
                r = walk(&context);
        else {
                check_config(&context);
                if (strncmp(argv[1], "list", 4) == 0)
                        options.json = strcmp(argv[1], "list-json") == 0 ? JSON_SHORT : JSON_OFF;
                if (!context.has_place)
                        return 1;
                r = *argv[1] == 'l' ? list_table(&options, &context) : init_table(&options, &context);
        }
        return r < 0;
}
