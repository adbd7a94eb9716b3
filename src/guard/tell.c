/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "guard-internal.h"
#include "notify.h"
#include "text.h"

#define MESSAGE_TEXT_MAX 640
#define FIELDS_TEXT_MAX 128 /* the phase and the fence */

void say(const Program *p, int priority, const char *message_id, const char *format, ...) {
        char text[MESSAGE_TEXT_MAX], fields[FIELDS_TEXT_MAX] = "";
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        text_append(fields, sizeof(fields), "CLOUDLOCK_PHASE=%s\n", guard_phase_name(p->core.phase));
        if (p->core.deadline.fence > 0)
                text_append(fields, sizeof(fields), "CLOUDLOCK_FENCE=%" PRIu64 "\n", p->core.deadline.fence);
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "cloudlock-guard: %s\n", text);
        else
                journal_send(&(JournalEntry){ .priority = priority, .message_id = message_id, .instance = p->instance,
                                              .message = text, .fields = fields });
}

void trouble(Program *p, const char *what, int error) {
        if (error >= 0 || p->trouble_told)
                return;
        p->trouble_told = true;
        say(p, LOG_WARNING, MESSAGE_GUARD_TROUBLE, "%s failed: %s; it is tried again.", what, strerror(-error));
}

void tell_no_permit(Program *p, int error) {
        say(p, LOG_ERR, MESSAGE_GUARD_TROUBLE,
            "Guard of %s cannot take the permit: %s: no target starts before the lock is acquired anew.", p->instance,
            strerror(-error));
}

void tell_stuck(Program *p) {
        char status[GUARD_STATUS_MAX];
        Clocks clocks = clocks_now();
        GuardNow now = now_of(&clocks);

        notify_send("STATUS=%s", guard_status(&p->core, &now, status, sizeof(status)));
        say(p, LOG_CRIT, MESSAGE_GUARD_STUCK, "Guard of %s has killed the targets' processes, and some are still there: %s",
            p->instance, p->core.reboots ?
            "the machine is rebooted at once (cloudlock_on_stuck=reboot)." :
            "it goes on killing, and the lock stays here until they are gone. If they stay, reboot the machine by hand.");
}

void tell_phase(Program *p, const GuardNow *now) {
        char status[GUARD_STATUS_MAX];
        int priority;

        if (p->core.phase == p->told_phase)
                return;
        p->told_phase = p->core.phase;
        if (p->core.phase == GUARD_DONE && !p->ever_permitted)
                return; /* what there is to say then, refused() says */
        guard_status(&p->core, now, status, sizeof(status));
        notify_send("STATUS=%s", status);
        priority = p->core.phase == GUARD_KILLING ? LOG_WARNING : p->core.phase == GUARD_DONE ? LOG_INFO : LOG_NOTICE;
        say(p, priority, MESSAGE_GUARD, "Guard of %s is %s: %s.", p->instance, guard_phase_name(p->core.phase), status);
}
