/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The guard's inhibitor on a system bus of the test's own, with a logind that does what a test says; and with each call
 * failing in turn. */

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>

#include "cleanup.h"
#include "guard-bench.h"
#include "sleep.h"

#define MANAGER "org.freedesktop.login1.Manager"
#define LOGIND ":1.1"
#define BUS "org.freedesktop.DBus"
#define WAKE_US (2 * USEC_PER_MSEC)

typedef struct Bus {
        sd_event *event;
        sd_event_source *listening;
        sd_bus *peer; /* the guard's connection, as the bus has it */
        bool refuses, malformed, nameless;
        int inhibitor;                   /* our end of the last one; -1: none yet */
        unsigned asked, sleeps, wakes; /* what the guard was told */
} Bus;

static Bus bus = { .inhibitor = -1 };

/* It tries again sooner than it would. */
int __real_sd_event_source_set_time(sd_event_source *s, uint64_t us);
int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t us);

int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t us) {
        return __real_sd_event_source_set_time(s, MIN(us, clocks_now().mono_us + WAKE_US));
}

static int answer(sd_bus_message *m, const char *types, ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        va_list ap;
        int r = sd_bus_message_new_method_return(m, &answer);

        if (r >= 0 && !bus.nameless)
                r = sd_bus_message_set_sender(answer, LOGIND);
        va_start(ap, types);
        if (r >= 0)
                r = sd_bus_message_appendv(answer, types, ap);
        va_end(ap);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static int refuse(sd_bus_message *m) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r = sd_bus_message_new_method_errorf(m, &answer, SD_BUS_ERROR_FAILED, "The operation is already in progress.");

        if (r >= 0)
                r = sd_bus_message_set_sender(answer, LOGIND);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static int give_inhibitor(sd_bus_message *m) {
        _cleanup_close_ int theirs = -1;
        int ends[2];

        bus.asked++;
        if (bus.refuses)
                return refuse(m);
        if (bus.malformed)
                return answer(m, "s", "no descriptor");
        closep(&bus.inhibitor);
        CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
        bus.inhibitor = ends[0];
        theirs = ends[1];
        return answer(m, "h", theirs);
}

static int on_message(sd_bus_message *m, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        int r = 0;

        fault_pause(true);
        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "Hello"))
                r = sd_bus_reply_method_return(m, "s", ":1.2");
        else if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "AddMatch"))
                r = sd_bus_reply_method_return(m, NULL);
        else if (sd_bus_message_is_method_call(m, MANAGER, "Inhibit"))
                r = give_inhibitor(m);
        fault_pause(false);
        CHECK(r >= 0);
        return 1;
}

static int on_connection(_unused_ sd_event_source *s, int listening, _unused_ uint32_t events, _unused_ void *userdata) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        fault_pause(true);
        sd_bus_close_unref(bus.peer);
        bus.peer = NULL;
        CHECK(sd_bus_new(&bus.peer) >= 0 && sd_bus_set_fd(bus.peer, fd, fd) >= 0 &&
              sd_bus_set_server(bus.peer, true, SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f, 0)) >= 0 &&
              sd_bus_set_trusted(bus.peer, true) >= 0 && sd_bus_start(bus.peer) >= 0 &&
              sd_bus_add_filter(bus.peer, NULL, on_message, NULL) >= 0 && sd_bus_attach_event(bus.peer, bus.event, 0) >= 0);
        fault_pause(false);
        return 0;
}

static void start_bus(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/dbus/system_bus_socket" };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        unlink(address.sun_path);
        CHECK(bind(fd, (const struct sockaddr *) &address, sizeof(address)) == 0 && listen(fd, SOMAXCONN) == 0);
        fault_pause(true);
        CHECK(sd_event_add_io(bus.event, &bus.listening, fd, POLLIN, on_connection, NULL) >= 0);
        sd_event_source_set_io_fd_own(bus.listening, true);
        fault_pause(false);
}

static void stop_bus(void) {
        bus.peer = sd_bus_close_unref(bus.peer);
        bus.listening = sd_event_source_unref(bus.listening);
}

static void on_sleep(bool sleeps, _unused_ void *userdata) {
        (*(sleeps ? &bus.sleeps : &bus.wakes))++;
}

static void set_up(void) {
        fault_at(0);
        bus = (Bus) { .inhibitor = -1 };
        CHECK_EQ(sd_event_new(&bus.event), 0);
        start_bus();
}

static void tear_down(Sleep *sleep) {
        CHECK(!sleep_free(sleep));
        stop_bus();
        closep(&bus.inhibitor);
        sd_event_unref(bus.event);
}

/* The other end of it is open. */
static bool is_inhibited(void) {
        struct pollfd end = { .fd = bus.inhibitor };

        return bus.inhibitor >= 0 && poll(&end, 1, 0) == 0;
}

#define RUN_UNTIL(condition)                                                    \
        do                                                                      \
                CHECK(sd_event_run(bus.event, 10 * USEC_PER_SEC) >= 0);         \
        while (!(condition))

/* The guard's side has heard, and tried again, whatever it wants to. */
static void settle(void) {
        for (unsigned i = 0; i < 20; i++)
                CHECK(sd_event_run(bus.event, 10 * WAKE_US) >= 0);
}

static Sleep *inhibit(void) {
        Sleep *sleep = NULL;

        CHECK_EQ(sleep_new(bus.event, 5, on_sleep, NULL, &sleep), 0);
        RUN_UNTIL(is_inhibited());
        return sleep;
}

static void send_signal(const char *sender, const char *path, const char *interface, const char *member, const char *types, ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;

        fault_pause(true);
        va_start(ap, types);
        CHECK(sd_bus_message_new_signal(bus.peer, &m, path, interface, member) >= 0 && sd_bus_message_set_sender(m, sender) >= 0 &&
              sd_bus_message_appendv(m, types, ap) >= 0 && sd_bus_send(bus.peer, m, NULL) >= 0);
        va_end(ap);
        fault_pause(false);
}

static void prepare_for_sleep(bool sleeps) {
        send_signal(LOGIND, "/org/freedesktop/login1", MANAGER, "PrepareForSleep", "b", (int) sleeps);
}

static void owner_changes(const char *to) {
        send_signal(BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", "sss", "org.freedesktop.login1", "", to);
}

static void a_sleep_waits_for_the_guard(void) {
        Sleep *sleep;

        set_up();
        sleep = inhibit();
        CHECK_EQ(bus.asked, 1);
        prepare_for_sleep(true);
        RUN_UNTIL(bus.sleeps == 1);
        CHECK(is_inhibited());
        sleep_allow(sleep);
        CHECK(!is_inhibited());
        prepare_for_sleep(false);
        RUN_UNTIL(bus.wakes == 1);
        CHECK_EQ(bus.asked, 1);
        sleep_inhibit(sleep);
        sleep_inhibit(sleep);
        RUN_UNTIL(is_inhibited());
        settle();
        CHECK(is_inhibited());
        CHECK_EQ(bus.asked, 2);
        tear_down(sleep);
}

static void what_is_allowed_stays_so(void) {
        Sleep *sleep;

        set_up();
        sleep = inhibit();
        sleep_allow(sleep);
        owner_changes(":1.9");
        settle();
        CHECK_EQ(bus.asked, 1);
        tear_down(sleep);
}

/* It would hold the sleep up. */
static void an_answer_that_comes_later_is_no_inhibitor(void) {
        Sleep *sleep = NULL;

        set_up();
        CHECK_EQ(sleep_new(bus.event, 5, on_sleep, NULL, &sleep), 0);
        RUN_UNTIL(bus.asked == 1);
        sleep_allow(sleep);
        settle();
        CHECK(!is_inhibited());
        CHECK_EQ(bus.asked, 1);
        tear_down(sleep);
}

static void another_logind_is_asked(void) {
        Sleep *sleep;

        set_up();
        sleep = inhibit();
        owner_changes("");
        RUN_UNTIL(!is_inhibited() || bus.asked > 1);
        owner_changes(":1.9");
        RUN_UNTIL(bus.asked > 1 && is_inhibited());
        tear_down(sleep);
}

static void who_refuses_is_asked_again(void) {
        Sleep *sleep = NULL;

        set_up();
        bus.refuses = true;
        CHECK_EQ(sleep_new(bus.event, 5, on_sleep, NULL, &sleep), 0);
        RUN_UNTIL(bus.asked == 3);
        bus.refuses = false;
        bus.malformed = true;
        RUN_UNTIL(bus.asked == 6);
        bus.malformed = false;
        bus.nameless = true; /* no bus leaves that out */
        RUN_UNTIL(bus.asked == 9);
        bus.nameless = false;
        RUN_UNTIL(bus.asked > 9 && is_inhibited());
        tear_down(sleep);
}

/* Whoever is on the bus may address a signal to the guard, and says in it what he likes, but for his name. */
static void nobody_else_is_believed(void) {
        Sleep *sleep;

        set_up();
        sleep = inhibit();
        send_signal(":1.7", "/org/freedesktop/login1", MANAGER, "PrepareForSleep", "b", true);
        send_signal(":1.7", "/org/freedesktop/DBus", BUS, "NameOwnerChanged", "sss", "org.freedesktop.login1", LOGIND, "");
        prepare_for_sleep(true);
        settle();
        CHECK_EQ(bus.sleeps, 1);
        CHECK(is_inhibited());
        CHECK_EQ(bus.asked, 1);
        send_signal(":1.7", "/org/freedesktop/login1", MANAGER, "PrepareForSleep", "b", false);
        prepare_for_sleep(true);
        settle();
        CHECK_EQ(bus.sleeps, 2);
        CHECK_EQ(bus.wakes, 0);
        /* The next logind has another name. */
        owner_changes("");
        prepare_for_sleep(false);
        settle();
        CHECK_EQ(bus.wakes, 0);
        tear_down(sleep);
}

static void another_bus_is_found(void) {
        Sleep *sleep;

        set_up();
        sleep = inhibit();
        stop_bus();
        RUN_UNTIL(!is_inhibited());
        start_bus();
        RUN_UNTIL(is_inhibited());
        prepare_for_sleep(true);
        RUN_UNTIL(bus.sleeps == 1);
        tear_down(sleep);
}

static void what_makes_no_sense_is_passed_over(void) {
        Sleep *sleep;

        set_up();
        sleep = inhibit();
        send_signal(LOGIND, "/org/freedesktop/login1", MANAGER, "PrepareForSleep", "s", "soon");
        send_signal(BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", "su", "org.freedesktop.login1", 1);
        prepare_for_sleep(true);
        RUN_UNTIL(bus.sleeps == 1);
        CHECK(is_inhibited());
        tear_down(sleep);
        CHECK(!sleep_free(NULL));
}

/* Whichever fails, it is tried again, and nothing stays open. */
static void each_call_fails_in_turn(void) {
        unsigned files = open_files(), n = 0;
        bool hit;

        do {
                Sleep *sleep = NULL;

                set_up();
                fault_at(++n);
                if (sleep_new(bus.event, 5, on_sleep, NULL, &sleep) >= 0) {
                        RUN_UNTIL(is_inhibited());
                        /* What it was given it may yet let go of, until it is asked again. */
                        do
                                prepare_for_sleep(true);
                        while (sd_event_run(bus.event, WAKE_US) >= 0 && bus.sleeps == 0);
                        sleep_allow(sleep);
                        while (is_inhibited()) /* by an answer that was on its way */
                                CHECK(sd_event_run(bus.event, WAKE_US) >= 0);
                } else
                        CHECK(!sleep);
                hit = fault_was_hit();
                fault_at(0);
                tear_down(sleep);
                CHECK_EQ(open_files(), files);
        } while (hit && n < 1000);
        CHECK(n > 10);
}

static const Case cases[] = {
        { "a sleep waits for the guard", a_sleep_waits_for_the_guard },
        { "what is allowed stays so", what_is_allowed_stays_so },
        { "an answer that comes later is no inhibitor", an_answer_that_comes_later_is_no_inhibitor },
        { "another logind is asked", another_logind_is_asked },
        { "who refuses is asked again", who_refuses_is_asked_again },
        { "another bus is found", another_bus_is_found },
        { "nobody else is believed", nobody_else_is_believed },
        { "what makes no sense is passed over", what_makes_no_sense_is_passed_over },
        { "each call fails in turn", each_call_fails_in_turn },
};

int main(void) {
        if (make_run() < 0)
                return 1;
        mkdir("/run/dbus", 0755);
        return RUN_CASES(cases);
}
