/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "notify.h"
#include "text.h"

#define ENTRY_MAX 1024

/* A reason and a holder at their longest, and the names. */
#define FIELDS_MAX 1024

static const char *logged_instance = "";
static char logged_fields[FIELDS_MAX];

void log_instance(const char *instance) {
        logged_instance = instance;
}

static void add_field(const char *name, const char *value) {
        size_t length = strlen(logged_fields);

        if (!*value)
                return;
        text_append(logged_fields, sizeof(logged_fields), "%s=%s", name, value);
        text_strip_control(logged_fields + length); /* a line break would begin another field */
        text_append(logged_fields, sizeof(logged_fields), "\n");
}

void log_lock(const LogLock *lock) {
        logged_fields[0] = '\0';
        add_field("CLOUDLOCK_STATE", lock->state);
        add_field("CLOUDLOCK_HOLDER", lock->holder);
        if (lock->fence > 0)
                text_append(logged_fields, sizeof(logged_fields), "CLOUDLOCK_FENCE=%" PRIu64 "\n", lock->fence);
        add_field("CLOUDLOCK_REASON", lock->reason);
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
                        .fields = logged_fields,
                });
        else
                fprintf(stderr, "cloudlockd: %s\n", message);
}
