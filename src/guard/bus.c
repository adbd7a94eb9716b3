/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus.h"

#include "cleanup.h"

static int on_disconnected(_unused_ sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        bool *lost = userdata;

        *lost = true;
        return 0;
}

int bus_open(const char *address, bool has_broker, sd_event *event, int priority, bool *lost, sd_bus **ret) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r = sd_bus_new(&bus);

        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, has_broker);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        /* Or the loop's end would wait for a peer that hangs, to tell it what is of no use any more. */
        sd_bus_set_close_on_exit(bus, false);
        r = sd_bus_attach_event(bus, event, priority);
        if (r < 0)
                return r;
        r = sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Disconnected",
                                on_disconnected, lost);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}
