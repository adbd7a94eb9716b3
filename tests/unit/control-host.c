/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Serves one picture on a real socket and a real bus, for test-control.py: control-host SOCKET BUS-ADDRESS.
 * Letters on standard input change the picture, each answered with a line; at its end the host ends. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "cleanup.h"
#include "control.h"
#include "sample-picture.h"

/* Stands for the lock's own timers: what is done for the peers of the socket between two ticks is what they can do to
 * them. How late a tick is depends on what else the machine does, too. */
#define TICK_US (10 * USEC_PER_MSEC)

static ControlTarget many_targets[4000];

typedef struct Host {
        ControlPicture picture;
        Control *control;
        sd_event *event;
        sd_event_source *tick, *input;
        usec_t late_us_max;
        usec_t worked_us; /* of CPU time, until the last tick */
        usec_t work_us_max;
} Host;

static usec_t cpu_us(void) {
        struct timespec used;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        return (usec_t) used.tv_sec * USEC_PER_SEC + (usec_t) used.tv_nsec / 1000;
}

static int on_tick(sd_event_source *source, uint64_t due_us, void *userdata) {
        Host *host = userdata;
        usec_t worked_us = cpu_us();
        uint64_t now_us;

        sd_event_now(host->event, CLOCK_MONOTONIC, &now_us);
        host->work_us_max = MAX(host->work_us_max, worked_us - host->worked_us);
        host->worked_us = worked_us;
        host->late_us_max = MAX(host->late_us_max, now_us - due_us);
        sd_event_source_set_time(source, now_us + TICK_US);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void change(Host *host, char command) {
        switch (command) {
        case 's': /* stops, and is released */
                host->picture.view.state = LOCK_STANDBY;
                host->picture.view.held = false;
                host->picture.view.record.expire_time_ms = 0;
                break;
        case 't': /* trembles */
                host->picture.wall_minus_boot_us += 10;
                host->picture.view.skew_us += 10;
                snprintf(host->picture.status, sizeof(host->picture.status), "expires in 27min");
                break;
        case 'p': /* is paused, or resumed */
                host->picture.view.paused = !host->picture.view.paused;
                break;
        case 'l': /* answers are so long that a socket takes only a few */
                for (size_t i = 0; i < ELEMENTSOF(many_targets); i++)
                        many_targets[i] = sample_targets[0];
                host->picture.targets = many_targets;
                host->picture.n_targets = ELEMENTSOF(many_targets);
                break;
        case 'b': /* the bus is gone */
                control_set_bus(host->control, NULL);
                break;
        default:
                break;
        }
        control_changed(host->control);
}

/* As a daemon that is never refused by its lock, but for ForceUnlock. */
static void operate(const OperationCall *call, uid_t uid, OperationAnswer *answer, void *userdata) {
        Host *host = userdata;

        printf("operation %s by %u for %" PRIu64 " to '%s' holder '%s' version '%s'\n", operations[call->id].verb, uid,
               call->for_us, call->to, call->holder, call->version);
        if (call->id == OPERATION_FORCE_UNLOCK)
                *answer = (OperationAnswer) { .error = "OtherRecord", .message = "Look again" };
        if (call->id == OPERATION_PAUSE || call->id == OPERATION_RESUME)
                host->picture.view.paused = call->id == OPERATION_PAUSE;
        control_changed(host->control);
}

static int on_input(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        Host *host = userdata;
        char command;

        if (read(fd, &command, 1) <= 0)
                return sd_event_exit(host->event, 0);
        change(host, command);
        printf("%c late %" PRIu64 " us, work %" PRIu64 " us, bus error %d\n", command, host->late_us_max, host->work_us_max,
               control_bus_error(host->control));
        host->late_us_max = host->work_us_max = 0;
        return 0;
}

static int listen_on(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || chmod(path, 0666) < 0 ||
            listen(fd, 128) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int open_bus(sd_event *event, const char *address, sd_bus **ret) {
        sd_bus *bus = NULL;
        int r = sd_bus_new(&bus);

        if (r < 0 || (r = sd_bus_set_address(bus, address)) < 0 || (r = sd_bus_set_bus_client(bus, true)) < 0 ||
            (r = sd_bus_start(bus)) < 0 || (r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL)) < 0) {
                sd_bus_unref(bus);
                return r;
        }
        *ret = bus;
        return 0;
}

static int host_start(Host *host, int listen_fd, sd_bus *bus) {
        const ControlHandler handler = { .operate = operate, .userdata = host };
        int r = control_new(host->event, listen_fd, &host->picture, &handler, &host->control);

        if (r < 0 || (r = control_set_bus(host->control, bus)) < 0)
                return r;
        r = sd_event_add_io(host->event, &host->input, STDIN_FILENO, EPOLLIN, on_input, host);
        if (r < 0)
                return r;
        return sd_event_add_time_relative(host->event, &host->tick, CLOCK_MONOTONIC, TICK_US, 1, on_tick, host);
}

int main(int argc, char **argv) {
        static Host host;
        sd_bus *bus = NULL;
        int listen_fd, r;

        if (argc != 3)
                return 2;
        setvbuf(stdout, NULL, _IOLBF, 0);
        sample_picture(&host.picture);
        listen_fd = listen_on(argv[1]);
        r = listen_fd < 0 ? listen_fd : sd_event_new(&host.event);
        if (r >= 0)
                r = open_bus(host.event, argv[2], &bus);
        if (r >= 0)
                r = host_start(&host, listen_fd, bus);
        if (r >= 0)
                r = sd_event_loop(host.event);
        control_free(host.control);
        sd_event_source_unref(host.tick);
        sd_event_source_unref(host.input);
        sd_bus_flush_close_unref(bus);
        sd_event_unref(host.event);
        closep(&listen_fd);
        if (r < 0)
                fprintf(stderr, "control-host: %s\n", strerror(-r));
        return r < 0;
}
