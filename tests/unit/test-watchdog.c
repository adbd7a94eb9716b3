/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a hardware watchdog is one, and resets a machine that hangs before its lease is over; and how PID 1 tells of it. */
#include <errno.h>
#include <stdlib.h>

#include "bus-pair.h"
#include "check.h"
#include "facts.h"
#include "manager.h"
#include "time-limits.h"

#define NOW_US (1000 * USEC_PER_SEC)
#define BUDGET_US (90 * USEC_PER_SEC)
#define TEXT_MAX 320 /* LOCK_REASON_MAX */

/* Fed 10 s ago, and resets after the 30 s that PID 1 asked for. */
static WatchdogFacts fed(void) {
        return (WatchdogFacts) { .device = "/dev/watchdog0", .runtime_us = 30 * USEC_PER_SEC,
                                 .device_us = USEC_PER_SEC, .tells_ping = true, .pinged_mono_us = NOW_US - 10 * USEC_PER_SEC };
}

static void check_refused(const WatchdogFacts *facts, usec_t budget_us, const char *expected) {
        char text[TEXT_MAX];

        CHECK(watchdog_refuses(facts, NOW_US, budget_us, text, sizeof(text)));
        CHECK_STR(text, expected);
}

static void check_taken(const WatchdogFacts *facts, usec_t budget_us) {
        char text[TEXT_MAX] = "before";

        CHECK(!watchdog_refuses(facts, NOW_US, budget_us, text, sizeof(text)));
        CHECK_STR(text, "");
}

static void fits(void) {
        WatchdogFacts facts = fed();

        check_taken(&facts, BUDGET_US);
        /* Until the very end of the lease, and not a microsecond longer. */
        facts.runtime_us = BUDGET_US + KILL_MARGIN_US;
        check_taken(&facts, BUDGET_US);
        check_taken(&facts, USEC_INFINITY);
        check_refused(&facts, BUDGET_US - 1,
                      "the timeout of /dev/watchdog0, 1min 35s, is longer than stopping the target 1min 29s + kill margin 5s = "
                      "1min 34s; set RuntimeWatchdogSec=94s or less in /etc/systemd/system.conf.d/watchdog.conf, then: systemctl "
                      "daemon-reexec; or cloudlock_stop_timeout=90s");
}

/* PID 1 asks the device for whole seconds, and the device may set itself to more. */
static void counts_as_the_device_does(void) {
        WatchdogFacts facts = fed();

        facts.runtime_us = 500 * USEC_PER_MSEC;
        CHECK_EQ(watchdog_timeout_us(&facts), USEC_PER_SEC);
        facts.device_us = 60 * USEC_PER_SEC;
        CHECK_EQ(watchdog_timeout_us(&facts), 60 * USEC_PER_SEC);
        facts.runtime_us = USEC_INFINITY;
        CHECK_EQ(watchdog_timeout_us(&facts), 60 * USEC_PER_SEC);
        facts.device_us = 0;
        CHECK_EQ(watchdog_timeout_us(&facts), USEC_INFINITY);
        CHECK_EQ(watchdog_state(&facts, NOW_US), WATCHDOG_UNTOLD);
        CHECK_EQ(watchdog_timeout_us_max(1500 * USEC_PER_MSEC), 6 * USEC_PER_SEC);
        CHECK_EQ(watchdog_timeout_us_max(USEC_INFINITY), USEC_INFINITY);
}

static void goes_by_the_last_ping(void) {
        WatchdogFacts facts = fed();

        facts.pinged_mono_us = NOW_US - facts.runtime_us;
        check_taken(&facts, BUDGET_US);
        facts.pinged_mono_us--;
        CHECK_EQ(watchdog_state(&facts, NOW_US), WATCHDOG_UNFED);
        facts.pinged_mono_us = NOW_US - 42 * USEC_PER_SEC;
        check_refused(&facts, BUDGET_US,
                      "PID 1 fed /dev/watchdog0 42s ago, and its timeout is 30s; see \"journalctl -b _PID=1 --grep=watchdog\", then: "
                      "systemctl daemon-reexec");
        for (unsigned i = 0; i < 2; i++) {
                facts.pinged_mono_us = i == 0 ? 0 : USEC_INFINITY;
                check_refused(&facts, BUDGET_US,
                              "PID 1 has never fed /dev/watchdog0; see \"journalctl -b _PID=1 --grep=watchdog\", then: systemctl "
                              "daemon-reexec");
        }
        /* Between the answer and our look at the clock it may have been fed again. */
        facts.pinged_mono_us = NOW_US + 1;
        check_taken(&facts, BUDGET_US);
}

static void says_what_is_missing(void) {
        WatchdogFacts facts = fed();

        facts.tells_ping = false;
        check_refused(&facts, BUDGET_US,
                      "this systemd does not tell when it fed /dev/watchdog0 last; use 252 or newer");
        facts = fed();
        facts.device_us = 0;
        facts.device = "/dev/watchdog-of-the-board";
        check_refused(&facts, BUDGET_US,
                      "the kernel does not tell after how long /dev/watchdog-of-the-board resets the machine; set WatchdogDevice= in "
                      "/etc/systemd/system.conf.d/watchdog.conf to a name in /sys/class/watchdog, as /dev/watchdog0 (none there: the "
                      "kernel lacks CONFIG_WATCHDOG_SYSFS), then: systemctl daemon-reexec");
        for (unsigned i = 0; i < 2; i++) {
                facts.device = i == 0 ? "" : NULL;
                check_refused(&facts, BUDGET_US,
                              "RuntimeWatchdogSec= is set, and PID 1 found no watchdog device; load its driver, or see the "
                              "firmware's setup, then: systemctl daemon-reexec");
        }
        facts = (WatchdogFacts) {};
        check_refused(&facts, BUDGET_US,
                      "PID 1 feeds no hardware watchdog; set RuntimeWatchdogSec=95s or less in "
                      "/etc/systemd/system.conf.d/watchdog.conf, then: systemctl daemon-reexec");
        check_refused(&facts, USEC_INFINITY,
                      "PID 1 feeds no hardware watchdog; set RuntimeWatchdogSec= in /etc/systemd/system.conf.d/watchdog.conf, then: "
                      "systemctl daemon-reexec");
}

/* A PID 1 whose manager has these properties. */
typedef struct Pid1 {
        BusPair bus;
        const char *name[3], *signature[3], *text[3]; /* text NULL: the number */
        uint64_t number;
        sd_bus_message *answer;
} Pid1;

static int on_question(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message *answer = NULL;
        const char *interface = NULL;
        Pid1 *p = userdata;

        (void) error;
        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "GetAll"))
                return 0;
        CHECK_STR(sd_bus_message_get_path(m), SYSTEMD_MANAGER_PATH);
        CHECK(sd_bus_message_read(m, "s", &interface) > 0);
        CHECK_STR(interface, SYSTEMD_MANAGER_INTERFACE);
        CHECK(sd_bus_message_new_method_return(m, &answer) >= 0);
        CHECK(sd_bus_message_open_container(answer, 'a', "{sv}") >= 0);
        for (size_t i = 0; i < ELEMENTSOF(p->name) && p->name[i]; i++)
                CHECK((p->text[i] ? sd_bus_message_append(answer, "{sv}", p->name[i], p->signature[i], p->text[i]) :
                                    sd_bus_message_append(answer, "{sv}", p->name[i], p->signature[i], p->number)) >= 0);
        CHECK(sd_bus_message_close_container(answer) >= 0);
        CHECK(sd_bus_send(NULL, answer, NULL) >= 0);
        sd_bus_message_unref(answer);
        return 1;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Pid1 *p = userdata;

        (void) error;
        p->answer = sd_bus_message_ref(m);
        return 1;
}

/* What is read out of its answer. */
static int ask(Pid1 *p, ManagerFacts *ret) {
        sd_bus_message *question = NULL;
        int r;

        bus_pair_connect(&p->bus, on_question, p);
        CHECK(manager_facts_question(p->bus.client, &question) >= 0);
        CHECK(sd_bus_call_async(p->bus.client, NULL, question, on_answer, p, 0) >= 0);
        while (!p->answer && sd_bus_process(p->bus.client, NULL) >= 0 && sd_bus_process(p->bus.server, NULL) >= 0)
                ;
        r = p->answer ? manager_facts_read(p->answer, ret) : -ENOTCONN;
        sd_bus_message_unref(p->answer);
        sd_bus_message_unref(question);
        bus_pair_disconnect(&p->bus);
        return r;
}

static void pid1_tells(void) {
        Pid1 p = { .name = { "WatchdogDevice", "NJobs", "WatchdogLastPingTimestampMonotonic" }, .signature = { "s", "t", "t" },
                   .text = { "/dev/watchdog7" }, .number = 5 };
        _cleanup_manager_facts_ ManagerFacts facts = {};
        WatchdogFacts watchdog;

        CHECK(ask(&p, &facts) >= 0);
        watchdog = manager_watchdog(&facts);
        CHECK_STR(watchdog.device, "/dev/watchdog7");
        CHECK(watchdog.tells_ping);
        CHECK_EQ(watchdog.pinged_mono_us, 5);
        CHECK_EQ(watchdog.runtime_us, 0);
        CHECK_EQ(watchdog.device_us, 0);
}

static void pid1_of_an_older_version(void) {
        Pid1 p = { .name = { "RuntimeWatchdogUSec", "Virtualization" }, .signature = { "t", "s" }, .text = { NULL, "kvm" },
                   .number = 30 * USEC_PER_SEC };
        _cleanup_manager_facts_ ManagerFacts facts = {};

        CHECK(ask(&p, &facts) >= 0);
        CHECK(!facts.tells_ping && !facts.watchdog_device);
        CHECK_EQ(facts.runtime_watchdog_us, 30 * USEC_PER_SEC);
        CHECK_STR(facts.virtualization, "kvm");
}

static void pid1_tells_nonsense(void) {
        Pid1 p = { .name = { "Virtualization", "WatchdogDevice" }, .signature = { "s", "t" }, .text = { "kvm" } };
        ManagerFacts facts = {};

        CHECK(ask(&p, &facts) < 0);
        CHECK(!facts.virtualization);
}

static const Case cases[] = {
        { "one that resets before the lease is over fits", fits },
        { "its timeout is the device's", counts_as_the_device_does },
        { "it goes by the last ping", goes_by_the_last_ping },
        { "what is missing is said, and what to do", says_what_is_missing },
        { "PID 1 tells of it", pid1_tells },
        { "a PID 1 that does not tell of its pings", pid1_of_an_older_version },
        { "a PID 1 that tells nonsense", pid1_tells_nonsense },
};

int main(void) {
        return RUN_CASES(cases);
}
