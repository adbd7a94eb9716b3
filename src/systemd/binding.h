/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What ties a target to cloudlock-guard@INSTANCE.service: the drop-ins' text, and verdicts over what PID 1 made of
 * them. Pure: no file is written or read here. cloudlock(7), "BINDING". */

#include <stdbool.h>
#include <stddef.h>

#include "facts.h"

#define BINDING_TEXT_MAX 512

typedef enum BindingVerdict {
        BINDING_FINE,
        BINDING_UNBOUND,    /* drop-ins are missing or do not take effect: `cloudlockctl bind` helps */
        BINDING_UNSUITABLE, /* this unit cannot be gated as it is: a person has to change it */
        BINDING_CONFLICT,   /* the target belongs to another lock's guard as well */
} BindingVerdict;

/* A guard and its targets, as PID 1 shows them. */
typedef struct BindingSubject {
        const char *instance;
        const UnitFacts *guard;
        const UnitFacts *targets;
        size_t n_targets;
        bool has_extra_cgroups; /* cloudlock_extra_cgroups= says where the work goes that leaves a target's cgroup */
} BindingSubject;

/* Unless fine, `text` gets one sentence that says what is wrong and what to do. */

/* Whether this unit may be gated at all, bound or not yet. */
BindingVerdict binding_check_target(const char *instance, const UnitFacts *target, bool has_extra_cgroups, char *text,
                                    size_t size);

/* The whole: every target may be gated and is bound, and the guard knows every one of them. */
BindingVerdict binding_check(const BindingSubject *subject, char *text, size_t size);

/* How long the targets may take to stop by their own properties; USEC_INFINITY: they set no limit. */
usec_t binding_stop_budget_us(const UnitFacts *targets, size_t n_targets);

/* Names and texts; newly allocated. 0 or -ENOMEM. */
int guard_unit_name(const char *instance, char **ret);
int binding_target_path(const char *target, char **ret);   /* /etc/systemd/system/TARGET.d/zzzz-cloudlock.conf */
int binding_guard_path(const char *instance, char **ret);  /* /etc/systemd/system/cloudlock-guard@….service.d/… */
int binding_target_text(const char *instance, char **ret);
int binding_guard_text(const char *instance, char *const *targets, char **ret);
