/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "binding.h"
#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"
#include "extra-cgroups.h"
#include "strv.h"
#include "text.h"
#include "units-internal.h"
#include "units.h"

/* A PID 1 in good health answers within milliseconds, and during a reload within a second or two. */
#define QUESTION_US_MAX (5 * USEC_PER_SEC)

/* "cpu.service" is kept in "_cpu.service" when there is a controller of that name. */
#define ESCAPED_CGROUP_PREFIX "_"

void snapshot_cancel(Units *units) {
        for (size_t i = 0; i < units->n_members; i++)
                units->members[i].question = sd_bus_slot_unref(units->members[i].question);
        units->jobs_question = sd_bus_slot_unref(units->jobs_question);
        units->manager_question = sd_bus_slot_unref(units->manager_question);
        units->n_unanswered = 0;
        units->look_again = false;
}

static UnitsPhase phase_of(const UnitFacts *facts) {
        static const struct {
                const char *state;
                UnitsPhase phase;
        } phases[] = {
                { "inactive", UNITS_INACTIVE },         { "failed", UNITS_FAILED },
                { "activating", UNITS_ACTIVATING },     { "active", UNITS_ACTIVE },
                { "deactivating", UNITS_DEACTIVATING },
        };

        for (size_t i = 0; i < ELEMENTSOF(phases); i++)
                if (text_is(facts->active_state, phases[i].state))
                        return phases[i].phase;
        return UNITS_ACTIVE; /* reloading, and whatever else there may come to be */
}

static bool is_down(UnitsPhase phase) {
        return phase == UNITS_INACTIVE || phase == UNITS_FAILED;
}

static UnitsPhase more_telling(UnitsPhase a, UnitsPhase b) {
        static const unsigned weight[] = {
                [UNITS_INACTIVE] = 0, [UNITS_DEACTIVATING] = 1, [UNITS_ACTIVATING] = 2, [UNITS_ACTIVE] = 3, [UNITS_FAILED] = 4,
        };

        return weight[a] >= weight[b] ? a : b;
}

static void judge_binding(const Units *units, UnitsSnapshot *snapshot) {
        _cleanup_free_ UnitFacts *targets = calloc(units->n_members, sizeof(UnitFacts));
        const UnitFacts *guard = &units->members[GUARD_INDEX].facts;
        size_t n_targets = units->n_members - 1;

        if (!targets) {
                text_append(snapshot->refusal, sizeof(snapshot->refusal), "Out of memory.");
                return;
        }
        for (size_t i = 0; i < n_targets; i++)
                targets[i] = units->members[i + 1].facts; /* borrowed */
        snapshot->bound = binding_check(&(BindingSubject){ .instance = units->instance,
                                                           .guard = guard,
                                                           .targets = targets,
                                                           .n_targets = n_targets,
                                                           .has_extra_cgroups = strv_length(units->extra_cgroups) > 0 },
                                        snapshot->refusal, sizeof(snapshot->refusal)) == BINDING_FINE &&
                          extra_cgroups_check(units->extra_cgroups, units->targets, guard->control_group,
                                              snapshot->refusal, sizeof(snapshot->refusal));
        snapshot->stop_budget_us = binding_stop_budget_us(targets, n_targets);
}

static void sum_up(const Units *units, UnitsSnapshot *ret) {
        UnitsSnapshot s = { .asked_boot_us = units->asked_boot_us, .targets_down = true, .stop_job_pending = true, .clean_oneshot = true };

        for (size_t i = 0; i < units->n_members; i++) {
                const Member *member = units->members + i;
                UnitsPhase phase = phase_of(&member->facts);

                /* A job that was there beside the state, and is done by the time of ListJobs, made that state stale. */
                s.job_pending |= member->job != MEMBER_JOB_NONE || member->facts.job_id != 0;
                s.stop_job_pending &= is_down(phase) || phase == UNITS_DEACTIVATING || member->job == MEMBER_JOB_STOP;
                if (i == GUARD_INDEX) {
                        s.guard = phase;
                        s.guard_watched = member->facts.watchdog_us > 0 && member->facts.watchdog_us != USEC_INFINITY;
                        continue;
                }
                s.target = i == GUARD_INDEX + 1 ? phase : more_telling(s.target, phase);
                s.targets_down &= is_down(phase);
                s.start_job_pending |= member->job == MEMBER_JOB_START;
                s.clean_oneshot &= phase == UNITS_INACTIVE && text_is(member->facts.type, "oneshot") &&
                                   text_is(member->facts.result, "success");
        }
        judge_binding(units, &s);
        if (units->manager_known && units->manager_boot_us == units->asked_boot_us)
                s.manager = &units->manager;
        /* Last, so that a start that came between the answers shows in its processes. */
        s.populated = units_are_populated(units);
        *ret = s;
}

static int remember_cgroup(Units *units, const char *path) {
        return strv_contains(units->cgroups, path) ? 0 : strv_extend(&units->cgroups, path);
}

static int remember_expected(Units *units, const UnitFacts *facts) {
        static const char *const prefixes[] = { "", ESCAPED_CGROUP_PREFIX };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
                _cleanup_free_ char *path = NULL, *name = NULL;
                int r;

                if (asprintf(&name, "%s%s", prefixes[i], facts->id) < 0)
                        return name = NULL, -ENOMEM;
                r = cgroup_path_of_unit(facts->slice, name, &path);
                if (r >= 0)
                        r = remember_cgroup(units, path);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Where a target's processes are, and where they will be once it starts: PID 1 may hang by then. */
static int remember_cgroups(Units *units, const UnitFacts *facts) {
        int r = 0;

        if (facts->control_group && *facts->control_group)
                r = remember_cgroup(units, facts->control_group);
        if (r >= 0 && facts->slice && *facts->slice)
                r = remember_expected(units, facts);
        return r;
}

/* One more answer is in, or the snapshot failed. */
static void answered(Units *units, int error) {
        UnitsSnapshot snapshot;
        bool again = units->look_again;

        if (error >= 0 && --units->n_unanswered > 0)
                return;
        snapshot_cancel(units);
        if (error >= 0)
                sum_up(units, &snapshot);
        if (units->handlers.snapshot)
                units->handlers.snapshot(MIN(error, 0), error < 0 ? NULL : &snapshot, units->handlers.userdata);
        /* When it cannot be asked, the connection is gone, and its owner hears of that by itself. */
        if (again)
                units_look(units);
}

static int on_facts(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        _cleanup_facts_ UnitFacts facts = {};
        Member *member = userdata;
        Units *units = member->units;
        int r = -sd_bus_message_get_errno(m);

        member->question = sd_bus_slot_unref(member->question);
        if (r >= 0)
                r = unit_facts_read(m, &facts);
        if (r >= 0 && member != units->members + GUARD_INDEX)
                r = remember_cgroups(units, &facts);
        if (r >= 0) {
                unit_facts_done(&member->facts);
                member->facts = facts;
                facts = (UnitFacts){};
        }
        answered(units, r);
        return 0;
}

static MemberJob job_of_type(const char *type) {
        if (text_is(type, "stop"))
                return MEMBER_JOB_STOP;
        /* "reload-or-start", "restart", "try-restart" and "start" all can end in a start. */
        return strstr(type, "start") ? MEMBER_JOB_START : MEMBER_JOB_OTHER;
}

static int read_jobs(Units *units, sd_bus_message *m) {
        const char *unit, *type;
        int r = sd_bus_message_enter_container(m, 'a', "(usssoo)");

        if (r < 0)
                return r;
        for (size_t i = 0; i < units->n_members; i++)
                units->members[i].job = MEMBER_JOB_NONE;
        while ((r = sd_bus_message_read(m, "(usssoo)", NULL, &unit, &type, NULL, NULL, NULL)) > 0)
                for (size_t i = 0; i < units->n_members; i++) {
                        Member *member = units->members + i;

                        if (text_is(member->facts.id, unit) || text_is(member->name, unit))
                                member->job = job_of_type(type);
                }
        return r;
}

static int on_jobs(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        Units *units = userdata;
        int r = -sd_bus_message_get_errno(m);

        units->jobs_question = sd_bus_slot_unref(units->jobs_question);
        if (r >= 0)
                r = read_jobs(units, m);
        answered(units, r);
        return 0;
}

/* One more answer to wait for. */
static int ask(Units *units, sd_bus_slot **slot, sd_bus_message *question, sd_bus_message_handler_t handler, void *userdata) {
        int r = sd_bus_call_async(units->bus, slot, question, handler, userdata, QUESTION_US_MAX);

        if (r >= 0)
                units->n_unanswered++;
        return r;
}

static int ask_facts(Member *member) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        Units *units = member->units;
        int r = unit_facts_question(units->bus, member->name, &m);

        return r < 0 ? r : ask(units, &member->question, m, on_facts, member);
}

/* After the units, so that what starts in between shows as a job. */
static int ask_jobs(Units *units) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(units->bus, &m, SYSTEMD_BUS_NAME, SYSTEMD_MANAGER_PATH,
                                               SYSTEMD_MANAGER_INTERFACE, "ListJobs");

        return r < 0 ? r : ask(units, &units->jobs_question, m, on_jobs, units);
}

/* Without an answer the snapshot goes without: nothing else hangs on that. */
static int on_manager(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        _cleanup_manager_facts_ ManagerFacts facts = {};
        Units *units = userdata;
        int r = -sd_bus_message_get_errno(m);

        units->manager_question = sd_bus_slot_unref(units->manager_question);
        if (r >= 0)
                r = manager_facts_read(m, &facts);
        if (r >= 0) {
                manager_facts_done(&units->manager);
                units->manager = facts;
                facts = (ManagerFacts) {};
                units->manager_known = true;
                units->manager_is_old = false;
                units->manager_boot_us = units->asked_boot_us;
        }
        answered(units, 0);
        return 0;
}

static bool manager_is_wanted(const Units *units) {
        if (units->manager_age_us == USEC_INFINITY)
                return false;
        return !units->manager_known || units->manager_is_old ||
               usec_sub(units->asked_boot_us, units->manager_boot_us) >= units->manager_age_us;
}

static int ask_manager(Units *units) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = manager_facts_question(units->bus, &m);

        return r < 0 ? r : ask(units, &units->manager_question, m, on_manager, units);
}

int units_look(Units *units) {
        int r = 0;

        if (!units->bus)
                return -ENOTCONN;
        if (units->n_unanswered > 0) {
                units->look_again = true;
                return 0;
        }
        units->asked_boot_us = clocks_now().boot_us;
        for (size_t i = 0; i < units->n_members && r >= 0; i++)
                r = ask_facts(units->members + i);
        if (r >= 0)
                r = ask_jobs(units);
        if (r >= 0 && manager_is_wanted(units))
                r = ask_manager(units);
        if (r < 0)
                snapshot_cancel(units);
        return r < 0 ? r : 0;
}
