/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by units.c (the object, the signals, the verbs) and snapshot.c (the questions and what they add up to). */

#include "facts.h"
#include "manager.h"
#include "units.h"

#define GUARD_INDEX 0 /* in Units.members; the targets follow */

typedef enum MemberJob { MEMBER_JOB_NONE, MEMBER_JOB_STOP, MEMBER_JOB_START, MEMBER_JOB_OTHER } MemberJob;

/* One unit of ours. */
typedef struct Member {
        Units *units;
        char *name;
        UnitFacts facts; /* of the last complete answer */
        MemberJob job;
        sd_bus_slot *question, *match;
} Member;

struct Units {
        sd_bus *bus;
        char *instance;
        char **targets, **extra_cgroups;
        UnitsHandlers handlers;
        Member *members; /* the guard, then the targets in their order */
        size_t n_members;
        char **cgroups; /* every cgroup in which a target was seen or is to be expected */
        ManagerFacts manager; /* of the last answer */
        bool manager_known, manager_is_old;
        usec_t manager_boot_us; /* when that was asked for */
        usec_t manager_age_us;  /* older than this it is asked for again; USEC_INFINITY: never */
        sd_bus_slot *manager_question, *jobs_question, *match_job, *match_reload;
        sd_bus_slot *start_question;
        char *start_job; /* object path of the guard's start job; NULL: none that we wait for */
        /* The unique name of who answered so; NULL: PID 1's private socket, where nobody has one. A PID 1 that re-executes has
         * another one: how a start of before ends is seen in the states of the units then. */
        char *start_from;
        usec_t asked_boot_us;
        unsigned n_unanswered; /* of the snapshot under way; 0: none is */
        bool look_again;
};

/* Drops the snapshot under way without telling anybody. */
void snapshot_cancel(Units *units);
