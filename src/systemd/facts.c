/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "facts.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "properties.h"
#include "strv.h"

#define UNIT_PATH_PREFIX "/org/freedesktop/systemd1/unit"

static int read_strv(sd_bus_message *m, void *to) {
        char ***field = to;

        strv_free(*field);
        *field = NULL;
        return sd_bus_message_read_strv(m, field);
}

static int read_u32(sd_bus_message *m, void *to) {
        return sd_bus_message_read(m, "u", (uint32_t *) to);
}

static int read_i32(sd_bus_message *m, void *to) {
        return sd_bus_message_read(m, "i", (int32_t *) to);
}

static int read_bool(sd_bus_message *m, void *to) {
        bool *field = to;
        int b, r = sd_bus_message_read(m, "b", &b);

        if (r >= 0)
                *field = b;
        return r;
}

static int read_job(sd_bus_message *m, void *to) {
        return sd_bus_message_read(m, "(uo)", (uint32_t *) to, NULL);
}

static void exec_line_done(ExecLine *line) {
        free(line->path);
        strv_free(line->argv);
        *line = (ExecLine){};
}

static void exec_lines_done(ExecLines *lines) {
        for (size_t i = 0; i < lines->n; i++)
                exec_line_done(lines->list + i);
        free(lines->list);
        *lines = (ExecLines){};
}

/* sasb, followed by times, pid and status of the last run. */
static int read_exec_line(sd_bus_message *m, ExecLine *ret) {
        _cleanup_(exec_line_done) ExecLine line = {};
        int r, ignore_failure;

        r = property_read_string(m, &line.path);
        if (r < 0)
                return r;
        r = sd_bus_message_read_strv(m, &line.argv);
        if (r < 0)
                return r;
        r = sd_bus_message_read(m, "b", &ignore_failure);
        if (r < 0)
                return r;
        line.ignore_failure = ignore_failure;
        r = sd_bus_message_skip(m, "ttttuii");
        if (r < 0)
                return r;
        *ret = line;
        line = (ExecLine){};
        return 0;
}

static int exec_lines_add(ExecLines *lines, sd_bus_message *m) {
        ExecLine *grown = reallocarray(lines->list, lines->n + 1, sizeof(ExecLine));
        int r;

        if (!grown)
                return -ENOMEM;
        lines->list = grown;
        r = read_exec_line(m, grown + lines->n);
        if (r >= 0)
                lines->n++;
        return r;
}

static int read_exec(sd_bus_message *m, void *to) {
        ExecLines *lines = to;
        int r = sd_bus_message_enter_container(m, 'a', "(sasbttttuii)");

        exec_lines_done(lines);
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "sasbttttuii")) > 0) {
                r = exec_lines_add(lines, m);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static const Property properties[] = {
#define PROPERTY(name, signature, read, field) { name, signature, read, offsetof(UnitFacts, field) }
        PROPERTY("Id", "s", property_read_string, id),
        PROPERTY("LoadState", "s", property_read_string, load_state),
        PROPERTY("ActiveState", "s", property_read_string, active_state),
        PROPERTY("SubState", "s", property_read_string, sub_state),
        PROPERTY("UnitFileState", "s", property_read_string, unit_file_state),
        PROPERTY("FragmentPath", "s", property_read_string, fragment_path),
        PROPERTY("DropInPaths", "as", read_strv, drop_in_paths),
        PROPERTY("NeedDaemonReload", "b", read_bool, need_daemon_reload),
        PROPERTY("Job", "(uo)", read_job, job_id),
        PROPERTY("BindsTo", "as", read_strv, binds_to),
        PROPERTY("Requisite", "as", read_strv, requisite),
        PROPERTY("After", "as", read_strv, after),
        PROPERTY("Before", "as", read_strv, before),
        PROPERTY("Wants", "as", read_strv, wants),
        PROPERTY("PropagatesStopTo", "as", read_strv, propagates_stop_to),
        PROPERTY("Type", "s", property_read_string, type),
        PROPERTY("Result", "s", property_read_string, result),
        PROPERTY("Restart", "s", property_read_string, restart),
        PROPERTY("MainPID", "u", read_u32, main_pid),
        PROPERTY("RemainAfterExit", "b", read_bool, remain_after_exit),
        PROPERTY("ControlGroup", "s", property_read_string, control_group),
        PROPERTY("Slice", "s", property_read_string, slice),
        PROPERTY("User", "s", property_read_string, user),
        PROPERTY("PAMName", "s", property_read_string, pam_name),
        PROPERTY("RootDirectory", "s", property_read_string, root_directory),
        PROPERTY("RootImage", "s", property_read_string, root_image),
        PROPERTY("RootDirectoryStartOnly", "b", read_bool, root_directory_start_only),
        PROPERTY("KillMode", "s", property_read_string, kill_mode),
        PROPERTY("SendSIGKILL", "b", read_bool, send_sigkill),
        PROPERTY("FinalKillSignal", "i", read_i32, final_kill_signal),
        PROPERTY("CPUSchedulingPolicy", "i", read_i32, cpu_scheduling_policy),
        PROPERTY("CPUSchedulingPriority", "i", read_i32, cpu_scheduling_priority),
        PROPERTY("WatchdogUSec", "t", property_read_u64, watchdog_us),
        PROPERTY("LimitRTPRIO", "t", property_read_u64, limit_rtprio),
        PROPERTY("TimeoutStopUSec", "t", property_read_u64, timeout_stop_us),
        PROPERTY("TimeoutAbortUSec", "t", property_read_u64, timeout_abort_us),
        PROPERTY("ExecCondition", "a(sasbttttuii)", read_exec, condition),
        PROPERTY("ExecStartPre", "a(sasbttttuii)", read_exec, start_pre),
        PROPERTY("ExecStart", "a(sasbttttuii)", read_exec, start),
        PROPERTY("ExecStartPost", "a(sasbttttuii)", read_exec, start_post),
        PROPERTY("ExecStop", "a(sasbttttuii)", read_exec, stop),
        PROPERTY("ExecStopPost", "a(sasbttttuii)", read_exec, stop_post),
#undef PROPERTY
};

void unit_facts_done(UnitFacts *facts) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++) {
                void *field = (char *) facts + properties[i].offset;

                if (properties[i].read == property_read_string)
                        freep(field);
                else if (properties[i].read == read_strv)
                        strv_freep(field);
                else if (properties[i].read == read_exec)
                        exec_lines_done(field);
        }
        *facts = (UnitFacts){};
}

int unit_facts_read(sd_bus_message *answer, UnitFacts *ret) {
        const Properties wanted = { properties, ELEMENTSOF(properties) };
        _cleanup_facts_ UnitFacts facts = {};
        int r = properties_read(answer, &wanted, &facts);

        if (r < 0)
                return r;
        if (!facts.id || !facts.load_state || !facts.active_state)
                return -EBADMSG;
        *ret = facts;
        facts = (UnitFacts){};
        return 0;
}

int unit_object_path(const char *unit, char **ret) {
        return sd_bus_path_encode(UNIT_PATH_PREFIX, unit, ret);
}

int unit_facts_question(sd_bus *bus, const char *unit, sd_bus_message **ret) {
        _cleanup_free_ char *path = NULL;
        int r = unit_object_path(unit, &path);

        /* Unit's and Service's properties in one answer. */
        return r < 0 ? r : properties_question(bus, path, "", ret);
}

int unit_facts_ask(sd_bus *bus, const char *unit, usec_t timeout_us, UnitFacts *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *question = NULL, *answer = NULL;
        int r = unit_facts_question(bus, unit, &question);

        if (r < 0)
                return r;
        r = sd_bus_call(bus, question, timeout_us, NULL, &answer);
        if (r < 0)
                return r;
        return unit_facts_read(answer, ret);
}
