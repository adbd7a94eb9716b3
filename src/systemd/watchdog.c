/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watchdog.h"

#include <inttypes.h>

#include "cleanup.h"
#include "text.h"
#include "time-limits.h"

/* Where the remedies send; systemd-system.conf(5). */
#define SYSTEM_CONF "/etc/systemd/system.conf.d/watchdog.conf"

/* PID 1 and the kernel's drivers round up to whole seconds. */
static usec_t round_up(usec_t us) {
        return us == USEC_INFINITY ? us : usec_add(us, USEC_PER_SEC - 1) / USEC_PER_SEC * USEC_PER_SEC;
}

usec_t watchdog_timeout_us(const WatchdogFacts *facts) {
        /* RuntimeWatchdogSec= is what PID 1 asks the device for. */
        if (facts->device_us == 0)
                return USEC_INFINITY;
        return facts->runtime_us == USEC_INFINITY ? facts->device_us : MAX(round_up(facts->runtime_us), facts->device_us);
}

usec_t watchdog_timeout_us_max(usec_t stop_budget_us) {
        usec_t most_us = usec_add(stop_budget_us, KILL_MARGIN_US);

        return most_us == USEC_INFINITY ? most_us : most_us - most_us % USEC_PER_SEC;
}

WatchdogState watchdog_state(const WatchdogFacts *facts, usec_t now_mono_us) {
        if (facts->runtime_us == 0)
                return WATCHDOG_OFF;
        if (!facts->device || !*facts->device)
                return WATCHDOG_NO_DEVICE;
        if (!facts->tells_ping)
                return WATCHDOG_UNTOLD;
        if (facts->pinged_mono_us == 0 || facts->pinged_mono_us == USEC_INFINITY)
                return WATCHDOG_UNFED;
        if (watchdog_timeout_us(facts) == USEC_INFINITY)
                return WATCHDOG_UNTOLD;
        return usec_sub(now_mono_us, facts->pinged_mono_us) > watchdog_timeout_us(facts) ? WATCHDOG_UNFED : WATCHDOG_FED;
}

typedef struct Refusal {
        char *buf;
        size_t size;
} Refusal;

#define SAY(r, ...) text_append((r)->buf, (r)->size, __VA_ARGS__)

static void say_remedy(const Refusal *r, usec_t stop_budget_us) {
        usec_t most_us = watchdog_timeout_us_max(stop_budget_us);

        if (most_us == USEC_INFINITY)
                SAY(r, "; set RuntimeWatchdogSec= in " SYSTEM_CONF ", then: systemctl daemon-reexec");
        else
                SAY(r, "; set RuntimeWatchdogSec=%" PRIu64 "s or less in " SYSTEM_CONF ", then: systemctl daemon-reexec",
                    most_us / USEC_PER_SEC);
}

static void say_unfed(const Refusal *r, const WatchdogFacts *facts, usec_t now_mono_us) {
        char ago[SPAN_TEXT_MAX], timeout[SPAN_TEXT_MAX];

        if (facts->pinged_mono_us == 0 || facts->pinged_mono_us == USEC_INFINITY)
                SAY(r, "PID 1 has never fed %s", facts->device);
        else
                SAY(r, "PID 1 fed %s %s ago, and its timeout is %s", facts->device,
                    format_span(ago, sizeof(ago), usec_sub(now_mono_us, facts->pinged_mono_us)),
                    format_span(timeout, sizeof(timeout), watchdog_timeout_us(facts)));
        SAY(r, "; see \"journalctl -b _PID=1 --grep=watchdog\", then: systemctl daemon-reexec");
}

static void say_too_long(const Refusal *r, const WatchdogFacts *facts, usec_t stop_budget_us) {
        char timeout[SPAN_TEXT_MAX], stop[SPAN_TEXT_MAX], kill[SPAN_TEXT_MAX], most[SPAN_TEXT_MAX];
        usec_t timeout_us = watchdog_timeout_us(facts), most_us = usec_add(stop_budget_us, KILL_MARGIN_US);

        SAY(r, "the timeout of %s, %s, is longer than stopping the target %s + kill margin %s = %s", facts->device,
            format_span(timeout, sizeof(timeout), timeout_us), format_span(stop, sizeof(stop), stop_budget_us),
            format_span(kill, sizeof(kill), KILL_MARGIN_US), format_span(most, sizeof(most), most_us));
        say_remedy(r, stop_budget_us);
        SAY(r, "; or cloudlock_stop_timeout=%" PRIu64 "s", (timeout_us - KILL_MARGIN_US) / USEC_PER_SEC);
}

bool watchdog_refuses(const WatchdogFacts *facts, usec_t now_mono_us, usec_t stop_budget_us, char *buf, size_t size) {
        const Refusal r = { buf, size };

        *buf = '\0';
        switch (watchdog_state(facts, now_mono_us)) {
        case WATCHDOG_OFF:
                SAY(&r, "PID 1 feeds no hardware watchdog");
                say_remedy(&r, stop_budget_us);
                return true;
        case WATCHDOG_NO_DEVICE:
                SAY(&r, "RuntimeWatchdogSec= is set, and PID 1 found no watchdog device; load its driver, or see the "
                        "firmware's setup, then: systemctl daemon-reexec");
                return true;
        case WATCHDOG_UNTOLD:
                if (!facts->tells_ping)
                        SAY(&r, "this systemd does not tell when it fed %s last; use 252 or newer", facts->device);
                else
                        SAY(&r, "the kernel does not tell after how long %s resets the machine; set WatchdogDevice= in " SYSTEM_CONF
                                " to a name in /sys/class/watchdog, as /dev/watchdog0 (none there: the kernel lacks CONFIG_WATCHDOG_SYSFS), "
                                "then: systemctl daemon-reexec",
                            facts->device);
                return true;
        case WATCHDOG_UNFED: say_unfed(&r, facts, now_mono_us); return true;
        case WATCHDOG_FED: break;
        }
        if (watchdog_timeout_us(facts) <= usec_add(stop_budget_us, KILL_MARGIN_US))
                return false;
        say_too_long(&r, facts, stop_budget_us);
        return true;
}
