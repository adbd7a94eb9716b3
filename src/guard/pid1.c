/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pid1.h"

#include <errno.h>
#include <stdbool.h>

#include "bus.h"
#include "cleanup.h"

#define PID1_ADDRESS "unix:path=/run/systemd/private"

struct Pid1 {
        sd_event *event;
        int priority;
        Pid1Handler handler;
        void *userdata;
        sd_bus *bus;
        bool lost; /* to be dropped outside its own callback */
};

static void drop(Pid1 *pid1) {
        if (!pid1->bus)
                return;
        pid1->handler(NULL, pid1->userdata);
        pid1->bus = sd_bus_close_unref(pid1->bus);
        pid1->lost = false;
}

Pid1 *pid1_free(Pid1 *pid1) {
        if (!pid1)
                return NULL;
        sd_bus_close_unref(pid1->bus);
        sd_event_unref(pid1->event);
        free(pid1);
        return NULL;
}

static int connect_bus(Pid1 *pid1) {
        int r = bus_open(PID1_ADDRESS, false, pid1->event, pid1->priority, &pid1->lost, &pid1->bus);

        return r < 0 ? r : pid1->handler(pid1->bus, pid1->userdata);
}

void pid1_reconnect(Pid1 *pid1) {
        if (pid1->lost)
                drop(pid1);
        /* PID 1 opens its socket anew while it re-executes itself: if not now, then at the next call. */
        if (!pid1->bus && connect_bus(pid1) < 0)
                drop(pid1);
}

int pid1_new(sd_event *event, int priority, Pid1Handler handler, void *userdata, Pid1 **ret) {
        Pid1 *pid1 = calloc(1, sizeof(Pid1));

        if (!pid1)
                return -ENOMEM;
        *pid1 = (Pid1){ .event = sd_event_ref(event), .priority = priority, .handler = handler, .userdata = userdata };
        *ret = pid1;
        pid1_reconnect(pid1);
        return 0;
}
