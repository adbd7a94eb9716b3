/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Both ends of a connection: what is tested has one, and a peer of the test's own the other. */

#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "check.h"

typedef struct BusPair {
        sd_bus *client, *server;
} BusPair;

/* `handler` gets what comes to the server. */
static inline void bus_pair_connect(BusPair *pair, sd_bus_message_handler_t handler, void *userdata) {
        sd_id128_t id = {};
        int fds[2];

        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        CHECK(sd_bus_new(&pair->client) >= 0 && sd_bus_new(&pair->server) >= 0);
        CHECK(sd_bus_set_fd(pair->client, fds[0], fds[0]) >= 0 && sd_bus_set_fd(pair->server, fds[1], fds[1]) >= 0);
        CHECK(sd_bus_set_server(pair->server, 1, id) >= 0 && sd_bus_set_anonymous(pair->server, 1) >= 0);
        CHECK(sd_bus_add_filter(pair->server, NULL, handler, userdata) >= 0);
        CHECK(sd_bus_start(pair->server) >= 0 && sd_bus_start(pair->client) >= 0);
}

static inline void bus_pair_disconnect(BusPair *pair) {
        sd_bus_close_unref(pair->client);
        sd_bus_close_unref(pair->server);
}
