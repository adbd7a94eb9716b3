/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "binding.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "cleanup.h"
#include "escapes.h"
#include "strv.h"
#include "text.h"

#define GUARD_PREFIX "cloudlock-guard@"

/* systemd re-arms TimeoutStopSec= for each ExecStop= line, the wait after SIGTERM, each ExecStopPost= line, and a
 * second SIGTERM for what is left. The two waits after SIGKILL are left out: it ends a process at once or, in an
 * uninterruptible sleep, not at all. */
#define STOP_PHASES_BESIDES_LINES 2

/* CPUSchedulingPriority= of cloudlock-guard@.service. */
#define GUARD_PRIORITY 50

/* Says why, and passes the verdict on. */
#define REFUSE(verdict, text, size, ...) (*(text) = '\0', text_append((text), (size), __VA_ARGS__), (verdict))

static bool is_set(const char *value) {
        return value && *value;
}

static BindingVerdict check_loaded(const UnitFacts *unit, char *text, size_t size) {
        if (text_is(unit->load_state, "loaded"))
                return BINDING_FINE;
        if (text_is(unit->load_state, "not-found"))
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s does not exist on this host; create it, or name another one with cloudlock_target_unit=.",
                              unit->id);
        if (text_is(unit->load_state, "masked"))
                return REFUSE(BINDING_UNSUITABLE, text, size, "%s is masked; run \"systemctl unmask %s\".", unit->id, unit->id);
        return REFUSE(BINDING_UNSUITABLE, text, size,
                      "systemd cannot load %s (%s); \"systemctl status %s\" says why.", unit->id, unit->load_state, unit->id);
}

/* Settings with which systemd, or cgroup.kill after it, would leave processes behind. */
static BindingVerdict check_killing(const UnitFacts *target, char *text, size_t size) {
        if (text_is(target->kill_mode, "process") || text_is(target->kill_mode, "none"))
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s has KillMode=%s, with which processes stay after a stop; set KillMode=control-group or mixed.",
                              target->id, target->kill_mode);
        if (!target->send_sigkill)
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s has SendSIGKILL=no, with which processes stay after a stop; remove that line.", target->id);
        if (target->final_kill_signal != SIGKILL)
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s has a FinalKillSignal= (%d) other than SIGKILL, which a process may ignore; remove that line.",
                              target->id, target->final_kill_signal);
        return BINDING_FINE;
}

/* Settings with which a busy loop would keep the guard from every processor. The limit is a permission and not a use,
 * but who uses less loses nothing by a lower one; and without a privilege nobody gets beyond it. */
static BindingVerdict check_priority(const UnitFacts *target, char *text, size_t size) {
        bool real_time = target->cpu_scheduling_policy == SCHED_FIFO || target->cpu_scheduling_policy == SCHED_RR;

        if (real_time && target->cpu_scheduling_priority >= GUARD_PRIORITY)
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s has CPUSchedulingPriority=%d, with which it could keep the guard, which has %d, from running; "
                              "set one below %d.",
                              target->id, target->cpu_scheduling_priority, GUARD_PRIORITY, GUARD_PRIORITY);
        if (target->limit_rtprio >= GUARD_PRIORITY)
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s has a LimitRTPRIO= that lets it give itself a real-time priority of %d or more, with which it "
                              "could keep the guard from running; set LimitRTPRIO=%d or less.",
                              target->id, GUARD_PRIORITY, GUARD_PRIORITY - 1);
        return BINDING_FINE;
}

/* In another root the condition would find neither its program nor the lease, and the target never start. */
static BindingVerdict check_root(const UnitFacts *target, char *text, size_t size) {
        bool other_root = is_set(target->root_image) || (is_set(target->root_directory) && !text_is(target->root_directory, "/"));

        if (other_root && !target->root_directory_start_only)
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s has RootDirectory= or RootImage=, in which the condition that asks for the lease cannot run; "
                              "add RootDirectoryStartOnly=yes.", target->id);
        return BINDING_FINE;
}

static BindingVerdict check_escapes(const UnitFacts *target, bool has_extra_cgroups, char *text, size_t size) {
        const ExecLines *const lines[] = { &target->start_pre, &target->start, &target->start_post };
        const char *escape = NULL;

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                if (exec_lines_have_restart_policy(lines[i]))
                        return REFUSE(BINDING_UNSUITABLE, text, size,
                                      "%s starts a container with a restart policy, which would bring it back without the lock; "
                                      "remove --restart and use Restart= of the unit.", target->id);
                if (!escape)
                        escape = exec_lines_find_escape(lines[i]);
        }
        if (has_extra_cgroups)
                return BINDING_FINE;
        if (escape)
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s uses %s, whose work runs outside the unit's cgroup where it cannot be stopped; start the program "
                              "directly (User=), or name the cgroup of that work with cloudlock_extra_cgroups=.", target->id, escape);
        if (is_set(target->pam_name))
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s has PAMName=, which moves its processes into a session outside the unit's cgroup; remove it, or "
                              "name the cgroup of that work with cloudlock_extra_cgroups=.", target->id);
        return BINDING_FINE;
}

static const char *other_guard(char *const *units, const char *guard) {
        for (; units && *units; units++)
                if (strncmp(*units, GUARD_PREFIX, strlen(GUARD_PREFIX)) == 0 && strcmp(*units, guard) != 0)
                        return *units;
        return NULL;
}

static BindingVerdict check_conflict(const char *guard, const UnitFacts *target, char *text, size_t size) {
        const char *other = other_guard(target->binds_to, guard);

        if (!other)
                other = other_guard(target->requisite, guard);
        if (!other)
                return BINDING_FINE;
        return REFUSE(BINDING_CONFLICT, text, size,
                      "%s is bound to %s as well, and one unit cannot follow two locks; unbind one of them.", target->id, other);
}

BindingVerdict binding_check_target(const char *instance, const UnitFacts *target, bool has_extra_cgroups, char *text,
                                    size_t size) {
        _cleanup_free_ char *guard = NULL;
        const char *suffix = strrchr(target->id, '.');
        BindingVerdict v;

        if (guard_unit_name(instance, &guard) < 0)
                return REFUSE(BINDING_UNSUITABLE, text, size, "Out of memory.");
        if (!text_is(suffix, ".service"))
                return REFUSE(BINDING_UNSUITABLE, text, size,
                              "%s is not a service; only services can be gated, so name those that do the work.", target->id);
        if (strncmp(target->id, "cloudlock@", strlen("cloudlock@")) == 0 ||
            strncmp(target->id, GUARD_PREFIX, strlen(GUARD_PREFIX)) == 0)
                return REFUSE(BINDING_UNSUITABLE, text, size, "%s is a part of cloudlock; it cannot be its target.", target->id);
        v = check_loaded(target, text, size);
        if (v == BINDING_FINE)
                v = check_conflict(guard, target, text, size);
        if (v == BINDING_FINE)
                v = check_killing(target, text, size);
        if (v == BINDING_FINE)
                v = check_priority(target, text, size);
        if (v == BINDING_FINE)
                v = check_root(target, text, size);
        return v == BINDING_FINE ? check_escapes(target, has_extra_cgroups, text, size) : v;
}

static bool has_condition(const UnitFacts *target, const char *instance) {
        for (size_t i = 0; i < target->condition.n; i++) {
                const ExecLine *line = target->condition.list + i;

                if (text_is(line->path, GUARD_PROGRAM) && !line->ignore_failure && strv_length(line->argv) == 3 &&
                    text_is(line->argv[1], "--condition") && text_is(line->argv[2], instance))
                        return true;
        }
        return false;
}

/* The name of what is missing between the two, or NULL. */
static const char *missing_tie(const char *instance, const UnitFacts *guard, const UnitFacts *target) {
        const struct {
                const char *name;
                char *const *list;
                const char *unit;
        } ties[] = {
                { "BindsTo=", target->binds_to, guard->id },
                { "Requisite=", target->requisite, guard->id },
                { "After=", target->after, guard->id },
                { "the guard's Wants=", guard->wants, target->id },
                { "the guard's Before=", guard->before, target->id },
                { "the guard's PropagatesStopTo=", guard->propagates_stop_to, target->id },
        };

        for (size_t i = 0; i < ELEMENTSOF(ties); i++)
                if (!strv_contains(ties[i].list, ties[i].unit))
                        return ties[i].name;
        return has_condition(target, instance) ? NULL : "ExecCondition=";
}

static BindingVerdict check_tie(const BindingSubject *s, const UnitFacts *target, char *text, size_t size) {
        const char *missing = missing_tie(s->instance, s->guard, target);

        if (!missing)
                return BINDING_FINE;
        return REFUSE(BINDING_UNBOUND, text, size, "%s is not bound to %s (%s is missing); run \"cloudlockctl bind %s\".",
                      target->id, s->guard->id, missing, s->instance);
}

BindingVerdict binding_check(const BindingSubject *s, char *text, size_t size) {
        if (!text_is(s->guard->load_state, "loaded"))
                return REFUSE(BINDING_UNSUITABLE, text, size, "systemd cannot load %s (%s); install cloudlock's units.",
                              s->guard->id, s->guard->load_state);
        if (s->n_targets == 0)
                return REFUSE(BINDING_UNSUITABLE, text, size, "No target is configured; set cloudlock_target_unit=.");
        for (size_t i = 0; i < s->n_targets; i++) {
                BindingVerdict v = binding_check_target(s->instance, s->targets + i, s->has_extra_cgroups, text, size);

                if (v == BINDING_FINE)
                        v = check_tie(s, s->targets + i, text, size);
                if (v != BINDING_FINE)
                        return v;
        }
        return BINDING_FINE;
}

static usec_t stop_budget_of_one_us(const UnitFacts *target) {
        usec_t budget_us;

        if (target->timeout_stop_us == USEC_INFINITY ||
            __builtin_mul_overflow(target->timeout_stop_us,
                                   target->stop.n + target->stop_post.n + STOP_PHASES_BESIDES_LINES, &budget_us))
                return USEC_INFINITY;
        return budget_us;
}

usec_t binding_stop_budget_us(const UnitFacts *targets, size_t n_targets) {
        usec_t sum_us = 0, longest_us = 0;
        bool ordered = false;

        for (size_t i = 0; i < n_targets; i++) {
                usec_t one_us = stop_budget_of_one_us(targets + i);

                sum_us = usec_add(sum_us, one_us);
                longest_us = MAX(longest_us, one_us);
                for (size_t j = 0; j < n_targets; j++)
                        ordered = ordered || strv_contains(targets[i].after, targets[j].id);
        }
        /* Units that are ordered stop one after another, others at the same time. */
        return ordered ? sum_us : longest_us;
}
