/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "check-context.h"
#include "clock-us.h"
#include "host-clock.h"
#include "manager.h"

#define WATCHDOG_DEVICE "/dev/watchdog"
/* A PID 1 in good health answers within milliseconds, and during a reload within a second or two. */
#define ASK_US_MAX (5 * USEC_PER_SEC)
#define TEXT_MAX 512

/* PID 1 tells of a service's watchdog only while that runs. */
static void check_service_watchdog(CheckContext *context, const UnitFacts *unit) {
        char span[SPAN_TEXT_MAX];

        if (!unit->active_state || strcmp(unit->active_state, "active") != 0)
                return;
        if (unit->watchdog_us > 0 && unit->watchdog_us != USEC_INFINITY) {
                findings_add(&context->findings, FINDING_FINE, "watchdog", "PID 1 ends %s when it hangs for %s", unit->id,
                             format_span(span, sizeof(span), unit->watchdog_us));
                return;
        }
        findings_add(&context->findings, FINDING_FAILED, "watchdog", "WatchdogSec= of %s is off: nobody notices when it hangs",
                     unit->id);
        findings_remedy(&context->findings, "take the line out that turns it off (systemctl cat %s), and restart it", unit->id);
}

static bool is_demanded(const CheckContext *context) {
        return context->config && context->config->require_watchdog;
}

static void add_fed(CheckContext *context, const WatchdogFacts *facts) {
        char timeout[SPAN_TEXT_MAX], ago[SPAN_TEXT_MAX];

        findings_add(&context->findings, FINDING_FINE, "hardware-watchdog",
                     "%s resets this machine when PID 1 hangs for %s; fed %s ago", facts->device,
                     format_span(timeout, sizeof(timeout), watchdog_timeout_us(facts)),
                     format_span(ago, sizeof(ago), usec_sub(clock_us(CLOCK_MONOTONIC), facts->pinged_mono_us)));
}

/* `problem`: "what is wrong; what to do". */
static void add_problem(CheckContext *context, FindingLevel level, char *problem) {
        char *remedy = strstr(problem, "; ");

        if (remedy)
                *remedy = '\0';
        findings_add(&context->findings, level, "hardware-watchdog", "%s%s",
                     is_demanded(context) ? "cloudlock_require_watchdog=yes: " : "", problem);
        if (remedy)
                findings_remedy(&context->findings, "%s", remedy + strlen("; "));
}

static void judge_hardware_watchdog(CheckContext *context, const WatchdogFacts *facts) {
        usec_t budget_us = context->config ? check_stop_budget_us(context) : USEC_INFINITY;
        char problem[TEXT_MAX];

        if (!watchdog_refuses(facts, clock_us(CLOCK_MONOTONIC), budget_us, problem, sizeof(problem)))
                add_fed(context, facts);
        else if (is_demanded(context))
                add_problem(context, FINDING_FAILED, problem);
        else if (watchdog_state(facts, clock_us(CLOCK_MONOTONIC)) == WATCHDOG_OFF && access(WATCHDOG_DEVICE, F_OK) < 0)
                findings_add(&context->findings, FINDING_NOTE, "hardware-watchdog",
                             "this machine has no " WATCHDOG_DEVICE ": nothing resets it when PID 1 or the kernel hangs");
        else
                add_problem(context, FINDING_WARNING, problem);
}

/* Of a virtual machine: no other stands still unseen. */
static void check_host_clock(CheckContext *context, const ManagerFacts *facts) {
        const HostClockPaths paths = HOST_CLOCK_PATHS;
        _cleanup_host_clock_ HostClock clock = { .ptp_fd = -1 };

        if (!facts->virtualization || !*facts->virtualization)
                return;
        host_clock_open(&paths, &clock);
        if (host_clock_tells_pauses(&clock)) {
                findings_add(&context->findings, FINDING_FINE, "host-clock", "%s goes on when this machine (%s) is paused",
                             clock.name, facts->virtualization);
                return;
        }
        findings_add(&context->findings, FINDING_NOTE, "host-clock",
                     "this machine (%s) has no clock of its host's, by which it would notice that it was paused",
                     facts->virtualization);
        findings_remedy(&context->findings,
                        "on KVM: modprobe ptp_kvm, at each boot by /etc/modules-load.d; then restart cloudlock@%s",
                        context->instance);
}

static void check_machine(CheckContext *context) {
        _cleanup_manager_facts_ ManagerFacts facts = {};
        int r = manager_facts_ask(context->bus, ASK_US_MAX, &facts);
        const WatchdogFacts watchdog = manager_watchdog(&facts);

        if (r < 0) {
                findings_add(&context->findings, is_demanded(context) ? FINDING_FAILED : FINDING_WARNING, "hardware-watchdog",
                             "PID 1 does not tell of its watchdog: %s", strerror(-r));
                return;
        }
        judge_hardware_watchdog(context, &watchdog);
        check_host_clock(context, &facts);
}

void check_watchdogs(CheckContext *context) {
        if (!context->bus)
                return;
        check_service_watchdog(context, &context->daemon);
        check_service_watchdog(context, &context->guard);
        check_machine(context);
}
