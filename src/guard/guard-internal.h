/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The guard's insides, shared by guard.c (what happens becomes an event of the core), perform.c (the core's actions become
 * calls) and tell.c (what journal and PID 1 are told). */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "clock.h"
#include "guard-core.h"
#include "pid1.h"
#include "settings.h"
#include "sleep.h"
#include "units.h"

/* Message ids; explained in units/cloudlock.catalog. */
#define MESSAGE_GUARD "8b0d3a4c5e6f4a719c2d1e0f3b5a7c01"         /* the guard changed its phase */
#define MESSAGE_GUARD_REFUSES "8b0d3a4c5e6f4a719c2d1e0f3b5a7c02" /* it does not start */
#define MESSAGE_GUARD_TROUBLE "8b0d3a4c5e6f4a719c2d1e0f3b5a7c03" /* a call failed that should not */
#define MESSAGE_GUARD_STUCK "8b0d3a4c5e6f4a719c2d1e0f3b5a7c04"   /* what is left can't be killed */
#define MESSAGE_GUARD_SLEEP "8b0d3a4c5e6f4a719c2d1e0f3b5a7c05"   /* it freezes the targets for a sleep, or thaws them */

/* The bus comes after deadlines, signals and the lease, however much PID 1 has to say. */
#define BUS_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)

typedef struct Program {
        const char *instance;
        Settings settings;
        sd_event *event;
        sd_event_source *timer, *lease_watch, *kill_timer;
        Pid1 *pid1;
        Units *units;
        Sleep *sleep; /* NULL: nothing may run yet */
        Guard core;
        GuardPhase told_phase; /* that journal and PID 1 know of */
        int permit_fd;
        usec_t heard_boot_us; /* when PID 1 answered last, or the phase changed */
        unsigned looks_in_vain; /* one after the other that have found processes to kill */
        bool ever_permitted, trouble_told, freezes;
        bool permit_is_there; /* by which --finish knows what to kill; it stays when it permits nothing any more */
        bool left_frozen; /* by a thaw that failed */
        char refusal[UNITS_TEXT_MAX];
} Program;

static inline GuardNow now_of(const Clocks *clocks) {
        return (GuardNow){ .boot_us = clocks->boot_us, .raw_us = clocks_raw_elapsed_us(clocks), .mono_us = clocks->mono_us };
}

/* Has the core look at an event, carries out what it says, and sets the timer to when it wants to be called next. */
void step(Program *p, const GuardEvent *event);

/* perform.c: what the actions need beside the loop; 0 or a negative errno. */
int perform_begin(Program *p);

/* Carries one action out. What fails is told, and the core names it again while it is needed: nothing is reported back. */
void perform(Program *p, const GuardAction *action);

/* At each tick: the core names a thaw once. */
void thaw_again(Program *p);

/* Ends the permit, if there is one. */
void forbid(Program *p);

/* tell.c: to the journal, or to the terminal where there is one. `priority` is syslog's. */
void say(const Program *p, int priority, const char *message_id, const char *format, ...) _printf_(4, 5);

/* Nothing unless `error` is a negative errno. Said once: what fails now will fail again at the next tick. */
void trouble(Program *p, const char *what, int error);

/* The targets can't be let run: `error` is a negative errno. */
void tell_no_permit(Program *p, int error);

/* Each phase once, also to PID 1. */
void tell_phase(Program *p, const GuardNow *now);

/* What is left can't be killed. */
void tell_stuck(Program *p);
