/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-end.h"

#include <signal.h>
#include <string.h>

#include "cleanup.h"
#include "facts.h"

/* systemd.exec(5), "PROCESS EXIT CODES": it could not be executed, or, from 200 on, prepared. */
#define SYSTEMD_EXIT_EXEC 203
#define SYSTEMD_EXIT_MIN 200

#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define SERVICE_INTERFACE "org.freedesktop.systemd1.Service"

typedef struct Question {
        const char *interface, *name, *type;
        void *to;
} Question;

static int ask(sd_bus *bus, const char *path, usec_t timeout_us, const Question *question) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *answer = NULL;
        int r = sd_bus_message_new_method_call(bus, &call, SYSTEMD_BUS_NAME, path, "org.freedesktop.DBus.Properties",
                                               "Get");

        if (r >= 0)
                r = sd_bus_message_append(call, "ss", question->interface, question->name);
        if (r >= 0)
                r = sd_bus_call(bus, call, timeout_us, NULL, &answer);
        return r < 0 ? r : sd_bus_message_read(answer, "v", question->type, question->to);
}

int run_end_ask(sd_bus *bus, const char *unit, usec_t timeout_us, RunEnd *ret) {
        _cleanup_free_ char *path = NULL;
        RunEnd end = {};
        const Question questions[] = {
                { SERVICE_INTERFACE, "ExecMainCode", "i", &end.code },
                { SERVICE_INTERFACE, "ExecMainStatus", "i", &end.status },
                { SERVICE_INTERFACE, "ExecMainStartTimestampMonotonic", "t", &end.started_us },
                { SERVICE_INTERFACE, "ExecMainExitTimestampMonotonic", "t", &end.ended_us },
                { UNIT_INTERFACE, "ActiveEnterTimestampMonotonic", "t", &end.active_us },
                { UNIT_INTERFACE, "ActiveExitTimestampMonotonic", "t", &end.left_us },
        };
        int r = unit_object_path(unit, &path);

        for (size_t i = 0; i < ELEMENTSOF(questions) && r >= 0; i++)
                r = ask(bus, path, timeout_us, &questions[i]);
        if (r < 0)
                return r;
        *ret = end;
        return 0;
}

int run_exit_status(const RunEnd *end, bool stopped, bool lost) {
        bool executed = end->active_us >= end->started_us;
        bool told_to_stop = executed && end->left_us >= end->active_us && end->left_us < end->ended_us;
        bool killed = end->code == CLD_KILLED && end->status == SIGKILL;

        if (!executed && end->code == CLD_EXITED && end->status >= SYSTEMD_EXIT_MIN)
                return end->status == SYSTEMD_EXIT_EXEC ? EXIT_NOT_EXECUTED : EXIT_RUN_FAILED;
        if (!stopped && (told_to_stop || (lost && killed)))
                return EXIT_LOCK_GONE;
        return end->code == CLD_EXITED ? end->status : 128 + end->status;
}
