/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manager.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "facts.h"
#include "file.h"
#include "parse.h"
#include "properties.h"

#define WATCHDOG_CLASS "/sys/class/watchdog"
#define ATTRIBUTE_MAX 64
/* The kernel counts seconds in an unsigned int; less than that is no lease's business either. */
#define TIMEOUT_S_MAX UINT32_MAX

/* That it is told at all is news as well: older versions don't. */
static int read_ping(sd_bus_message *m, void *to) {
        ManagerFacts *facts = to;

        facts->tells_ping = true;
        return property_read_u64(m, &facts->watchdog_pinged_mono_us);
}

static const Property properties[] = {
        { "WatchdogDevice", "s", property_read_string, offsetof(ManagerFacts, watchdog_device) },
        { "RuntimeWatchdogUSec", "t", property_read_u64, offsetof(ManagerFacts, runtime_watchdog_us) },
        { "WatchdogLastPingTimestampMonotonic", "t", read_ping, 0 },
        { "Virtualization", "s", property_read_string, offsetof(ManagerFacts, virtualization) },
};

void manager_facts_done(ManagerFacts *facts) {
        free(facts->watchdog_device);
        free(facts->virtualization);
        *facts = (ManagerFacts) {};
}

/* "/dev/watchdog0", and the older name of the same device. 0 where the kernel does not tell: under any other name, as a
 * link of udev's, or built without CONFIG_WATCHDOG_SYSFS. */
static usec_t device_timeout_us(const char *device) {
        const char *name = strrchr(device, '/');
        _cleanup_free_ char *path = NULL, *text = NULL;
        uint64_t timeout_s;

        if (!name || asprintf(&path, WATCHDOG_CLASS "%s%s/timeout", name, strcmp(name, "/watchdog") == 0 ? "0" : "") < 0)
                return path = NULL, 0;
        if (read_small_file(path, ATTRIBUTE_MAX, &text, NULL) < 0)
                return 0;
        text[strcspn(text, "\n")] = '\0';
        return parse_u64(text, &timeout_s) < 0 || timeout_s > TIMEOUT_S_MAX ? 0 : timeout_s * USEC_PER_SEC;
}

int manager_facts_question(sd_bus *bus, sd_bus_message **ret) {
        return properties_question(bus, SYSTEMD_MANAGER_PATH, SYSTEMD_MANAGER_INTERFACE, ret);
}

int manager_facts_read(sd_bus_message *answer, ManagerFacts *ret) {
        const Properties wanted = { properties, ELEMENTSOF(properties) };
        _cleanup_manager_facts_ ManagerFacts facts = {};
        int r = properties_read(answer, &wanted, &facts);

        if (r < 0)
                return r;
        if (facts.watchdog_device)
                facts.watchdog_device_us = device_timeout_us(facts.watchdog_device);
        *ret = facts;
        facts = (ManagerFacts) {};
        return 0;
}

int manager_facts_ask(sd_bus *bus, usec_t timeout_us, ManagerFacts *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *question = NULL, *answer = NULL;
        int r = manager_facts_question(bus, &question);

        if (r < 0)
                return r;
        r = sd_bus_call(bus, question, timeout_us, NULL, &answer);
        return r < 0 ? r : manager_facts_read(answer, ret);
}

WatchdogFacts manager_watchdog(const ManagerFacts *facts) {
        return (WatchdogFacts) {
                .device = facts->watchdog_device,
                .runtime_us = facts->runtime_watchdog_us,
                .device_us = facts->watchdog_device_us,
                .tells_ping = facts->tells_ping,
                .pinged_mono_us = facts->watchdog_pinged_mono_us,
        };
}
