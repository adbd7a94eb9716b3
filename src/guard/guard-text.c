/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "guard-core.h"

const char *guard_phase_name(GuardPhase phase) {
        static const char *const names[] = {
                [GUARD_STARTING] = "starting", [GUARD_RUNNING] = "running", [GUARD_STOPPING] = "stopping",
                [GUARD_KILLING] = "killing",   [GUARD_DONE] = "done",
        };

        return names[phase];
}

const char *guard_reason_text(GuardReason reason) {
        static const char *const texts[] = {
                [GUARD_REASON_NONE] = "",
                [GUARD_REASON_STOP_DUE] = "the lease was not renewed, or the lock is given up",
                [GUARD_REASON_KILL_DUE] = "the time to stop in order is over",
                [GUARD_REASON_ASKED] = "it was asked to stop",
                [GUARD_REASON_UNBOUND] = "the targets are not bound",
                [GUARD_REASON_LEASE_MISSING] = "there is no lease",
                [GUARD_REASON_LEASE_BROKEN] = "the lease cannot be read",
                [GUARD_REASON_LEASE_FOREIGN] = "the lease is for another boot or another lock",
        };

        return texts[reason];
}

char *guard_status(const Guard *guard, const GuardNow *now, char *buf, size_t size) {
        char span[SPAN_TEXT_MAX];

        switch (guard->phase) {
        case GUARD_STARTING:
                snprintf(buf, size, "asking systemd for the targets");
                break;
        case GUARD_RUNNING:
                snprintf(buf, size, "the targets may run, fence %" PRIu64 "; unless renewed, they are stopped in %s",
                         guard->deadline.fence,
                         format_span(span, sizeof(span), guard_left_us(guard, now)));
                break;
        case GUARD_STOPPING:
                snprintf(buf, size, "stopping the targets (%s); what is left is killed in %s", guard_reason_text(guard->reason),
                         format_span(span, sizeof(span), guard_left_us(guard, now)));
                break;
        case GUARD_KILLING:
                snprintf(buf, size, "killing the targets (%s)%s", guard_reason_text(guard->reason),
                         !guard->stuck ? "" : guard->reboots ? "; what is left can't be killed, so this machine is rebooted" :
                                         "; what is left can't be killed");
                break;
        case GUARD_DONE:
                snprintf(buf, size, "nothing of the targets is left");
                break;
        }
        return buf;
}
