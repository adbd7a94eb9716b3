/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log.h"

#include <stdarg.h>

#include "notify.h"

#define ENTRY_MAX 1024

static const char *logged_instance = "";

void log_instance(const char *instance) {
        logged_instance = instance;
}

void log_entry(int priority, const char *message_id, const char *format, ...) {
        char message[ENTRY_MAX];
        va_list ap;

        va_start(ap, format);
        vsnprintf(message, sizeof(message), format, ap);
        va_end(ap);
        if (getenv("JOURNAL_STREAM"))
                journal_send(&(JournalEntry) {
                        .priority = priority, .message_id = message_id, .instance = logged_instance, .message = message,
                });
        else
                fprintf(stderr, "cloudlockd: %s\n", message);
}
