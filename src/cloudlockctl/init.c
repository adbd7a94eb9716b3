/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "init.h"
#include "instances.h"
#include "operator.h"

/* DynamoDB makes an empty table in some ten seconds. */
#define ACTIVE_US_MAX (3 * USEC_PER_MINUTE)
#define LOOK_AGAIN_US (500 * USEC_PER_MSEC)

typedef struct Init {
        const Options *options;
        CheckContext *context; /* the lock as the daemon sees it: configuration, region, endpoint */
        bool shell_keys;
        Session *session;
} Init;

static void init_done(Init *init) {
        init->session = session_free(init->session);
}

static int complain(const char *format, ...) _printf_(1, 2);

static int complain(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        return -EREMOTEIO;
}

static const char *table_of(const Init *init) {
        return init->context->config->table;
}

static void print_table(const Init *init, const char *what) {
        printf("Table %s in %s %s.\n", table_of(init), init->context->place.region, what);
}

static int ask(Init *init, AdminOperation operation, AdminReport *ret) {
        int r = session_ask(init->session, operation, ret);

        return r < 0 ? complain("%s could not be asked: %s", admin_right(operation), strerror(-r)) : 0;
}

/* What no right, no keys and no connection have in common. */
static int complain_of(const AdminReport *report) {
        if (report->result == ADMIN_DENIED)
                return complain("%s: %s\nCreating a table takes keys with more rights than cloudlockd needs: set AWS_PROFILE, or "
                                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for this command.",
                                admin_right(report->operation), report->error);
        return complain("%s", report->error);
}

static void show_progress(usec_t waited_us) {
        if (isatty(STDOUT_FILENO))
                printf("\rWaiting until it is active: %us ", (unsigned) (waited_us / USEC_PER_SEC));
        fflush(stdout);
}

static void end_progress(void) {
        if (isatty(STDOUT_FILENO))
                fputs("\r\033[K", stdout);
}

/* Until the table can be used. Right after its creation it may not be known everywhere. */
static int wait_active(Init *init, TableDescription *ret) {
        const struct timespec pause = { .tv_nsec = (long) (LOOK_AGAIN_US * 1000) };

        for (usec_t waited_us = 0; waited_us < ACTIVE_US_MAX; waited_us += LOOK_AGAIN_US) {
                AdminReport report;
                int r = ask(init, ADMIN_DESCRIBE, &report);

                if (r < 0)
                        return r;
                *ret = report.description;
                if (report.result != ADMIN_DONE && report.result != ADMIN_MISSING && report.result != ADMIN_FAILED) {
                        end_progress();
                        return complain_of(&report);
                }
                if (strcmp(report.description.status, "ACTIVE") == 0) {
                        end_progress();
                        return 0;
                }
                show_progress(waited_us);
                nanosleep(&pause, NULL);
        }
        end_progress();
        return complain("Table %s is not active after %u minutes; look at it in the AWS console, and run this again.",
                        table_of(init), (unsigned) (ACTIVE_US_MAX / USEC_PER_MINUTE));
}

static int protect(Init *init) {
        AdminReport report;
        int r;

        if (init->options->dry_run) {
                puts("Its deletion protection is off, and would be turned on.");
                return 0;
        }
        r = ask(init, ADMIN_PROTECT, &report);
        if (r < 0)
                return r;
        if (report.result == ADMIN_DONE)
                puts("Its deletion protection was off, and is on now.");
        else if (report.result == ADMIN_MISFIT)
                puts("What answers here knows no deletion protection.");
        else
                printf("Its deletion protection is off, and could not be turned on: %s\n", report.error);
        return 0;
}

static int create(Init *init) {
        TableDescription table;
        AdminReport report;
        int r;

        if (init->options->dry_run) {
                print_table(init, "does not exist; it would be created: on demand, key label (String), protected against deletion");
                return 0;
        }
        r = ask(init, ADMIN_CREATE, &report);
        if (r < 0)
                return r;
        if (report.result == ADMIN_BUSY)
                return complain("Somebody else creates table %s at this moment; run this again to look at it.", table_of(init));
        if (report.result != ADMIN_DONE)
                return complain_of(&report);
        r = wait_active(init, &table);
        if (r < 0)
                return r;
        print_table(init, "is created and active: on demand, key label (String)");
        if (!table.is_protected)
                return protect(init);
        puts("It is protected against deletion.");
        return 0;
}

/* Whether the table can hold locks; what may not be looked at is the daemon's and check's to say. */
static int look_further(Init *init, bool may_be_legacy_global) {
        AdminOperation operations[] = { ADMIN_DESCRIBE_TTL, ADMIN_DESCRIBE_GLOBAL };

        for (size_t i = 0; i < (may_be_legacy_global ? 2 : 1); i++) {
                AdminReport report;
                int r = ask(init, operations[i], &report);

                if (r < 0)
                        return r;
                if (report.verdict.verdict == TABLE_REFUSED)
                        return complain("%s", report.verdict.error);
                if (report.verdict.verdict != TABLE_FINE)
                        printf("Not looked at: %s\n", report.verdict.error);
        }
        return 0;
}

static int judge(Init *init, const AdminReport *report) {
        TableDescription table = report->description;
        int r;

        if (report->verdict.verdict != TABLE_FINE)
                return complain("%s\nNothing was changed.", report->verdict.error);
        r = look_further(init, report->verdict.streams_images);
        if (r < 0)
                return r;
        if (strcmp(table.status, "CREATING") == 0 || strcmp(table.status, "UPDATING") == 0)
                r = init->options->dry_run ? 0 : wait_active(init, &table);
        else if (strcmp(table.status, "ACTIVE") != 0)
                r = complain("Table %s is %s.\nNothing was changed.", table_of(init), table.status);
        if (r < 0)
                return r;
        print_table(init, "exists and is right");
        return table.is_protected ? 0 : protect(init);
}

static int make(Init *init) {
        AdminReport report;
        int r = ask(init, ADMIN_DESCRIBE, &report);

        if (r < 0)
                return r;
        if (report.result == ADMIN_NO_KEYS)
                return complain_of(&report);
        printf("Keys: %s%s.\n", init->shell_keys ? "this shell's, " : "cloudlockd's, ",
               session_key_source(init->session) ?: "from where the configuration says");
        if (report.result == ADMIN_DONE)
                return judge(init, &report);
        return report.result == ADMIN_MISSING ? create(init) : complain_of(&report);
}

int init_table(const Options *options, CheckContext *context) {
        _cleanup_(init_done) Init init = { .options = options, .context = context };
        int r = operator_session_open(context, &init.session, &init.shell_keys);

        if (r < 0) {
                fprintf(stderr, "Cannot prepare to ask DynamoDB: %s\n", strerror(-r));
                return r;
        }
        return make(&init);
}

int verb_init(const Options *options, char *const *args) {
        _cleanup_check_ CheckContext context = { .instance = args[0] };
        int r;

        if (!instance_name_check(args[0]))
                return EXIT_NO_INSTANCE;
        r = check_find_place(&context);
        if (r >= 0)
                r = init_table(options, &context);
        return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
