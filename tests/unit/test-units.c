/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units against a PID 1 of the test's own. The rest is tested on booted hosts. */
#include <string.h>

#include "bus-pair.h"
#include "check.h"
#include "cleanup.h"
#include "units-internal.h"

#define PID1 ":1.1"
#define JOB "/org/freedesktop/systemd1/job/7"

/* PID 1's answers come one by one: the state that is shown must outlive the answer that it came with. */
static void state_outlives_the_answer(void) {
        char *targets[] = { (char *) "x.service", NULL };
        _cleanup_(units_freep) Units *units = NULL;
        const char *state;

        CHECK_EQ(units_new(NULL, "i", targets, NULL, &(UnitsHandlers) {}, &units), 0);
        CHECK_STR(units_active_state(units, 0), "unknown");
        units->members[GUARD_INDEX + 1].facts.active_state = strdup("activating");
        state = units_active_state(units, 0);
        CHECK(state != units->members[GUARD_INDEX + 1].facts.active_state);
        unit_facts_done(&units->members[GUARD_INDEX + 1].facts);
        CHECK_STR(state, "activating");
        CHECK_STR(units_active_state(units, 0), "unknown");
        CHECK_STR(units_active_state(units, 1), "unknown");
}

/* Both ends of a connection to it, and what came of it. */
typedef struct Pid1 {
        BusPair bus;
        Units *units;
        bool nameless;                /* as on its private socket */
        bool hides_manager;           /* it answers with an error instead */
        unsigned pictures, n_manager; /* and how many of these tell of its manager */
        char result[64]; /* of the guard's start */
} Pid1;

static int on_question(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        Pid1 *p = userdata;
        int r;

        if (p->hides_manager && strcmp(sd_bus_message_get_path(m), SYSTEMD_MANAGER_PATH) == 0 &&
            sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "GetAll"))
                return sd_bus_error_set(error, SD_BUS_ERROR_FAILED, "Not now.");
        CHECK(sd_bus_message_new_method_return(m, &answer) >= 0);
        CHECK(p->nameless || sd_bus_message_set_sender(answer, PID1) >= 0);
        if (sd_bus_message_is_method_call(m, SYSTEMD_MANAGER_INTERFACE, "StartUnit"))
                r = sd_bus_message_append(answer, "o", JOB);
        else if (sd_bus_message_is_method_call(m, SYSTEMD_MANAGER_INTERFACE, "ListJobs"))
                r = sd_bus_message_append(answer, "a(usssoo)", 0);
        else
                r = sd_bus_message_append(answer, "a{sv}", 3, "Id", "s", "x.service", "LoadState", "s", "loaded", "ActiveState", "s",
                                          "inactive");
        CHECK(r >= 0 && sd_bus_send(NULL, answer, NULL) >= 0);
        return 1;
}

static void on_guard_started(const char *result, void *userdata) {
        Pid1 *p = userdata;

        snprintf(p->result, sizeof(p->result), "%s", result);
}

static void on_snapshot(int error, const UnitsSnapshot *snapshot, void *userdata) {
        Pid1 *p = userdata;

        CHECK_EQ(error, 0);
        p->pictures++;
        p->n_manager += snapshot && snapshot->manager;
}

static void connect_both(Pid1 *p) {
        char *targets[] = { (char *) "x.service", NULL };
        const UnitsHandlers handlers = { .snapshot = on_snapshot, .guard_started = on_guard_started, .userdata = p };

        bus_pair_connect(&p->bus, on_question, p);
        CHECK_EQ(units_new(p->bus.client, "i", targets, NULL, &handlers, &p->units), 0);
}

static void disconnect(Pid1 *p) {
        units_free(p->units);
        bus_pair_disconnect(&p->bus);
}

#define PROCESS_UNTIL(p, condition)                                                                                     \
        while (!(condition))                                                                                            \
                CHECK(sd_bus_process((p)->bus.client, NULL) >= 0 && sd_bus_process((p)->bus.server, NULL) >= 0)

static void job_removed(Pid1 *p, const char *sender, const char *job, const char *result) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        CHECK(sd_bus_message_new_signal(p->bus.server, &m, SYSTEMD_MANAGER_PATH, SYSTEMD_MANAGER_INTERFACE, "JobRemoved") >= 0);
        CHECK(!sender || sd_bus_message_set_sender(m, sender) >= 0);
        CHECK(sd_bus_message_append(m, "uoss", 7, job, "cloudlock-guard@i.service", result) >= 0);
        CHECK(sd_bus_send(p->bus.server, m, NULL) >= 0);
}

/* Whoever is on the bus may address a signal to us, and a job's number is soon guessed. */
static void nobody_else_ends_a_start(void) {
        Pid1 p = {};

        connect_both(&p);
        for (unsigned i = 0; i < 2; i++) {
                CHECK(units_start_guard(p.units) >= 0);
                PROCESS_UNTIL(&p, p.units->start_job);
                job_removed(&p, ":1.7", JOB, "failed");
                job_removed(&p, NULL, JOB, "failed");
                job_removed(&p, PID1, "/org/freedesktop/systemd1/job/8", "canceled");
                job_removed(&p, PID1, JOB, i == 0 ? "done" : "timeout");
                PROCESS_UNTIL(&p, p.result[0]);
                CHECK_STR(p.result, i == 0 ? "done" : "timeout");
                CHECK(!p.units->start_job);
                p.result[0] = '\0';
        }
        disconnect(&p);
}

static void on_its_private_socket_nobody_has_a_name(void) {
        Pid1 p = { .nameless = true };

        connect_both(&p);
        CHECK(units_start_guard(p.units) >= 0);
        PROCESS_UNTIL(&p, p.units->start_job);
        job_removed(&p, NULL, JOB, "done");
        PROCESS_UNTIL(&p, p.result[0]);
        CHECK_STR(p.result, "done");
        disconnect(&p);
}

static void look(Pid1 *p) {
        unsigned before = p->pictures;

        CHECK(units_look(p->units) >= 0);
        PROCESS_UNTIL(p, p->pictures > before);
}

/* By then PID 1 may have fed its watchdog again, and what is judged twice is judged by another clock. */
static void old_facts_of_the_manager_are_not_told(void) {
        Pid1 p = {};

        connect_both(&p);
        look(&p);
        CHECK_EQ(p.n_manager, 0);
        units_tell_manager(p.units, USEC_PER_MINUTE);
        look(&p);
        look(&p);
        look(&p);
        CHECK_EQ(p.n_manager, 1);
        units_tell_manager(p.units, 0);
        look(&p);
        look(&p);
        CHECK_EQ(p.n_manager, 3);
        disconnect(&p);
}

static void a_manager_that_does_not_answer_is_left_out(void) {
        Pid1 p = { .hides_manager = true };

        connect_both(&p);
        units_tell_manager(p.units, USEC_PER_MINUTE);
        look(&p);
        CHECK_EQ(p.n_manager, 0);
        p.hides_manager = false;
        look(&p);
        CHECK_EQ(p.n_manager, 1);
        disconnect(&p);
}

static const Case cases[] = {
        { "a state outlives the answer that it came with", state_outlives_the_answer },
        { "nobody else ends a start", nobody_else_ends_a_start },
        { "on its private socket nobody has a name", on_its_private_socket_nobody_has_a_name },
        { "old facts of the manager are not told", old_facts_of_the_manager_are_not_told },
        { "a manager that does not answer is left out", a_manager_that_does_not_answer_is_left_out },
};

int main(void) {
        return RUN_CASES(cases);
}
