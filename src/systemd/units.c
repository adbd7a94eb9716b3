/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "units.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "binding.h"
#include "cgroup.h"
#include "cleanup.h"
#include "strv.h"
#include "text.h"
#include "units-internal.h"

/* Starting the guard may include a person who is asked by polkit; anything slower is not worth waiting for. */
#define START_CALL_US_MAX (30 * USEC_PER_SEC)

static int strv_copy(char *const *v, char ***ret) {
        _cleanup_strv_ char **copy = NULL;

        for (; v && *v; v++)
                if (strv_extend(&copy, *v) < 0)
                        return -ENOMEM;
        *ret = TAKE_PTR(copy);
        return 0;
}

static void member_done(Member *member) {
        sd_bus_slot_unref(member->question);
        sd_bus_slot_unref(member->match);
        unit_facts_done(&member->facts);
        free(member->name);
}

static void forget_start(Units *units) {
        units->start_job = (free(units->start_job), NULL);
        units->start_from = (free(units->start_from), NULL);
}

Units *units_free(Units *units) {
        if (!units)
                return NULL;
        units_set_bus(units, NULL);
        for (size_t i = 0; i < units->n_members; i++)
                member_done(units->members + i);
        free(units->members);
        manager_facts_done(&units->manager);
        free(units->instance);
        strv_free(units->targets);
        strv_free(units->extra_cgroups);
        strv_free(units->cgroups);
        free(units);
        return NULL;
}

static int add_members(Units *units) {
        size_t n_targets = strv_length(units->targets);
        int r;

        units->members = calloc(1 + n_targets, sizeof(Member));
        if (!units->members)
                return -ENOMEM;
        units->n_members = 1 + n_targets;
        r = guard_unit_name(units->instance, &units->members[GUARD_INDEX].name);
        for (size_t i = 0; i < units->n_members; i++) {
                Member *member = units->members + i;

                member->units = units;
                if (i != GUARD_INDEX)
                        member->name = strdup(units->targets[i - 1]);
                if (!member->name)
                        return -ENOMEM;
        }
        return r;
}

int units_new(sd_bus *bus, const char *instance, char *const *targets, char *const *extra_cgroups,
              const UnitsHandlers *handlers, Units **ret) {
        _cleanup_(units_freep) Units *units = calloc(1, sizeof(Units));
        int r;

        if (!units)
                return -ENOMEM;
        units->handlers = *handlers;
        units->manager_age_us = USEC_INFINITY;
        units->instance = strdup(instance);
        if (!units->instance)
                return -ENOMEM;
        r = strv_copy(targets, &units->targets);
        if (r < 0)
                return r;
        r = strv_copy(extra_cgroups, &units->extra_cgroups);
        if (r < 0)
                return r;
        r = add_members(units);
        if (r < 0)
                return r;
        r = units_set_bus(units, bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(units);
        return 0;
}

static int changed(Units *units) {
        if (units->handlers.changed)
                units->handlers.changed(units->handlers.userdata);
        return 0;
}

static int on_properties_changed(_unused_ sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        return changed(userdata);
}

static void guard_started(Units *units, const char *result) {
        forget_start(units);
        if (units->handlers.guard_started)
                units->handlers.guard_started(result, units->handlers.userdata);
}

/* On the bus anybody may address a signal to us. The others than this one only make us look once more. */
static bool is_start_job(const Units *units, sd_bus_message *m, const char *job) {
        return text_is(units->start_job, job) && (!units->start_from || text_is(sd_bus_message_get_sender(m), units->start_from));
}

static int on_job_removed(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const char *job, *unit, *result;
        Units *units = userdata;
        bool ours = false;
        int r = sd_bus_message_read(m, "uoss", NULL, &job, &unit, &result);

        if (r < 0)
                return r;
        if (is_start_job(units, m, job))
                guard_started(units, result);
        for (size_t i = 0; i < units->n_members; i++)
                ours = ours || strcmp(units->members[i].name, unit) == 0;
        return ours ? changed(units) : 0;
}

static int on_reloading(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        int active, r = sd_bus_message_read(m, "b", &active);
        Units *units = userdata;

        if (r < 0)
                return r;
        units->manager_is_old = true;
        return active ? 0 : changed(units);
}

static int watch_member(Member *member, const char *sender) {
        _cleanup_free_ char *path = NULL;
        int r = unit_object_path(member->name, &path);

        if (r < 0)
                return r;
        return sd_bus_match_signal_async(member->units->bus, &member->match, sender, path, "org.freedesktop.DBus.Properties",
                                         "PropertiesChanged", on_properties_changed, NULL, member->units);
}

/* On the bus PID 1 sends its signals only to who subscribed; on its private socket to everybody, and there nobody has
 * a name. */
static int watch(Units *units) {
        bool on_bus = sd_bus_is_bus_client(units->bus) > 0;
        const char *sender = on_bus ? SYSTEMD_BUS_NAME : NULL;
        int r = sd_bus_match_signal_async(units->bus, &units->match_job, sender, SYSTEMD_MANAGER_PATH,
                                          SYSTEMD_MANAGER_INTERFACE, "JobRemoved", on_job_removed, NULL, units);

        if (r < 0)
                return r;
        r = sd_bus_match_signal_async(units->bus, &units->match_reload, sender, SYSTEMD_MANAGER_PATH,
                                      SYSTEMD_MANAGER_INTERFACE, "Reloading", on_reloading, NULL, units);
        for (size_t i = 0; i < units->n_members && r >= 0; i++)
                r = watch_member(units->members + i, sender);
        if (r < 0 || !on_bus)
                return r;
        return sd_bus_call_method_async(units->bus, NULL, SYSTEMD_BUS_NAME, SYSTEMD_MANAGER_PATH,
                                        SYSTEMD_MANAGER_INTERFACE, "Subscribe", NULL, NULL, NULL);
}

static void unwatch(Units *units) {
        sd_bus_slot **const slots[] = { &units->match_job, &units->match_reload, &units->start_question };

        for (size_t i = 0; i < ELEMENTSOF(slots); i++)
                *slots[i] = sd_bus_slot_unref(*slots[i]);
        for (size_t i = 0; i < units->n_members; i++)
                units->members[i].match = sd_bus_slot_unref(units->members[i].match);
}

int units_set_bus(Units *units, sd_bus *bus) {
        snapshot_cancel(units);
        unwatch(units);
        units->manager_is_old = true;
        forget_start(units);
        sd_bus_unref(units->bus);
        units->bus = sd_bus_ref(bus);
        return bus ? watch(units) : 0;
}

void units_tell_manager(Units *units, usec_t age_us_max) {
        units->manager_age_us = age_us_max;
}

static int wait_for_start(Units *units, const char *job, const char *sender) {
        forget_start(units);
        if (sender) {
                units->start_from = strdup(sender);
                if (!units->start_from)
                        return -ENOMEM;
        }
        units->start_job = strdup(job);
        return units->start_job ? 0 : -ENOMEM;
}

static int on_start_answer(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const sd_bus_error *refused = sd_bus_message_get_error(m);
        Units *units = userdata;
        const char *job;
        int r;

        units->start_question = sd_bus_slot_unref(units->start_question);
        if (refused) {
                guard_started(units, refused->message ? refused->message : refused->name);
                return 0;
        }
        r = sd_bus_message_read(m, "o", &job);
        return r < 0 ? r : wait_for_start(units, job, sd_bus_message_get_sender(m));
}

static int verb_message(Units *units, const char *verb, const char *unit, const char *mode, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if (!units->bus)
                return -ENOTCONN;
        r = sd_bus_message_new_method_call(units->bus, &m, SYSTEMD_BUS_NAME, SYSTEMD_MANAGER_PATH, SYSTEMD_MANAGER_INTERFACE, verb);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", unit, mode);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

int units_start_guard(Units *units) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = verb_message(units, "StartUnit", units->members[GUARD_INDEX].name, "replace", &m);

        if (r < 0)
                return r;
        units->start_question = sd_bus_slot_unref(units->start_question);
        forget_start(units);
        return sd_bus_call_async(units->bus, &units->start_question, m, on_start_answer, units, START_CALL_US_MAX);
}

/* Without waiting for an answer. */
static int tell(Units *units, const char *verb, const char *unit) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = verb_message(units, verb, unit, "replace-irreversibly", &m);

        if (r < 0)
                return r;
        r = sd_bus_message_set_expect_reply(m, false);
        return r < 0 ? r : sd_bus_send(units->bus, m, NULL);
}

int units_stop(Units *units) {
        int result = 0;

        for (size_t i = 0; i < units->n_members; i++) {
                int r = tell(units, "StopUnit", units->members[i].name);

                if (r < 0 && result >= 0)
                        result = r;
        }
        return result;
}

int units_reboot(Units *units) {
        return tell(units, "StartUnit", "cloudlock-stuck.service");
}

/* A literal, and not what PID 1's answer holds: that goes when the next one comes, in the middle of a snapshot. */
const char *units_active_state(const Units *units, size_t target) {
        static const char *const states[] = { "active", "reloading", "inactive", "failed", "activating", "deactivating",
                                              "maintenance", "refreshing" };
        const char *state = GUARD_INDEX + 1 + target < units->n_members ?
                                    units->members[GUARD_INDEX + 1 + target].facts.active_state : NULL;

        for (size_t i = 0; state && i < ELEMENTSOF(states); i++)
                if (strcmp(states[i], state) == 0)
                        return states[i];
        return "unknown";
}

/* Does the same to each. 0, or the first negative errno, the others being tried all the same. */
static int for_each(char *const *paths, int (*apply)(const char *path, int argument), int argument) {
        int result = 0;

        for (; paths && *paths; paths++) {
                int r = apply(*paths, argument);

                if (r < 0 && result >= 0)
                        result = r;
        }
        return result;
}

char *const *units_cgroups(const Units *units) {
        return units->cgroups;
}

int units_expect_cgroups(Units *units, char *const *cgroups) {
        assert(!units->cgroups);
        return strv_copy(cgroups, &units->cgroups);
}

static int set_frozen(const char *path, int frozen) {
        return cgroup_freeze(path, frozen != 0);
}

/* In this order: what has joined before the freezing is killed, and what joins after it waits. The other way round
 * something could join, and run, between the two. A frozen process is killed like any other. */
static int kill_one(const char *path, int freeze) {
        int frozen = freeze ? set_frozen(path, true) : 0, killed = cgroup_kill(path);

        return killed < 0 ? killed : frozen;
}

int units_kill(Units *units, bool freeze) {
        int targets = for_each(units->cgroups, kill_one, freeze), extra = for_each(units->extra_cgroups, kill_one, freeze);

        return targets < 0 ? targets : extra;
}

int units_freeze(Units *units, bool freeze) {
        return for_each(units->cgroups, set_frozen, freeze);
}

bool units_are_populated(const Units *units) {
        char *const *const lists[] = { units->cgroups, units->extra_cgroups };

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                for (char *const *path = lists[i]; path && *path; path++)
                        if (cgroup_is_populated(*path) != 0)
                                return true;
        return false;
}

int units_freeze_extra(Units *units, bool freeze) {
        return for_each(units->extra_cgroups, set_frozen, freeze);
}
