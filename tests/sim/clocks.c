/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each host's clocks, against true time. They run straight between faults; a slew bends BOOTTIME (and MONOTONIC with
 * it) alone, a suspension adds to BOOTTIME alone, a machine that stands still loses time on all of them. */

#include <string.h>

#include "sim.h"

/* Beyond the end of every schedule, and well within what is reckoned with here. */
#define FAR_US ((int64_t) (1000 * USEC_PER_HOUR))

static usec_t read_clock(const Clock *c, usec_t at_us) {
        int64_t passed_us = (int64_t) (at_us - c->from_us);

        if (at_us <= c->from_us)
                return c->value_us;
        return c->value_us + (usec_t) (passed_us + passed_us * (c->ppm + c->slew_ppm) / 1000000);
}

static usec_t reaches(const Clock *c, usec_t value_us) {
        int64_t missing_us = (int64_t) (value_us - c->value_us);

        if (value_us <= c->value_us)
                return c->from_us;
        /* Rounded up: at that time it shows the value. */
        if (missing_us > FAR_US)
                return USEC_INFINITY;
        return c->from_us + (usec_t) (missing_us * 1000000 / (1000000 + c->ppm + c->slew_ppm)) + 1;
}

static void bend(Clock *c, usec_t now_us, usec_t skip_us) {
        c->value_us = read_clock(c, now_us);
        c->from_us = now_us + skip_us;
}

static int64_t draw_ppm(World *w, Host *h) {
        int64_t max = w->plan->drift_ppm_max;

        return (int64_t) draw_us(&h->random, 0, (usec_t) (2 * max)) - max;
}

void clocks_begin(World *w, Host *h) {
        h->boottime = (Clock) { .from_us = w->now_us, .value_us = USEC_PER_SEC, .ppm = draw_ppm(w, h) };
        h->raw = (Clock) { .from_us = w->now_us, .value_us = USEC_PER_SEC, .ppm = draw_ppm(w, h) };
        h->suspended_us = 0;
        h->wall_off_us = (int64_t) draw_us(&h->random, 0, 60 * USEC_PER_SEC) - 30 * (int64_t) USEC_PER_SEC;
        h->still = h->slewed = false;
        h->still_until_us = 0;
}

LockNow host_now(const World *w, const Host *h) {
        usec_t boot_us = read_clock(&h->boottime, w->now_us);

        return (LockNow) {
                .boot_us = boot_us,
                .mono_us = boot_us - h->suspended_us,
                .raw_us = read_clock(&h->raw, w->now_us),
                .wall_us = (usec_t) ((int64_t) w->now_us + EPOCH_US + h->wall_off_us),
        };
}

/* The guard's adapter adds what was suspended by itself: src/systemd/clock.c. */
GuardNow host_guard_now(const World *w, const Host *h) {
        usec_t boot_us = read_clock(&h->boottime, w->now_us);

        return (GuardNow) {
                .boot_us = boot_us,
                .mono_us = boot_us - h->suspended_us,
                .raw_us = read_clock(&h->raw, w->now_us) + h->suspended_us,
        };
}

usec_t true_time_us(const World *w, const Host *h, usec_t boot_us) {
        usec_t at_us;

        if (boot_us == USEC_INFINITY)
                return USEC_INFINITY;
        at_us = reaches(&h->boottime, boot_us);
        return at_us > w->now_us ? at_us : w->now_us;
}

usec_t true_time_of_raw_us(const World *w, const Host *h, usec_t raw_us) {
        usec_t at_us = reaches(&h->raw, raw_us > h->suspended_us ? raw_us - h->suspended_us : 0);

        return at_us > w->now_us ? at_us : w->now_us;
}

/* Timers on the clock that bends come sooner or later than they would have. */
static void rearm(World *w, Host *h, usec_t *due_us, usec_t boot_us) {
        if (*due_us != USEC_INFINITY)
                *due_us = true_time_us(w, h, boot_us);
}

void clock_slew(World *w, Host *h, int64_t ppm) {
        usec_t daemon_boot_us = read_clock(&h->boottime, h->daemon_due_us);
        usec_t guard_boot_us = read_clock(&h->boottime, h->guard_due_us);

        bend(&h->boottime, w->now_us, 0);
        h->boottime.slew_ppm = ppm;
        h->slewed = true;
        rearm(w, h, &h->daemon_due_us, daemon_boot_us);
        rearm(w, h, &h->guard_due_us, guard_boot_us);
}

/* Outside the allowance, on every clock; timers that are armed already are not moved: they come early, and see it. */
void clock_drift(World *w, Host *h, int64_t ppm) {
        bend(&h->boottime, w->now_us, 0);
        bend(&h->raw, w->now_us, 0);
        h->boottime.ppm = h->raw.ppm = ppm;
}

/* Whether an event takes place on the host, by its own clocks, and not in the world around it. */
static bool is_of_host(const Event *e) {
        return e->kind != EV_REQUEST && e->kind != EV_ANSWER && e->kind < EV_POWER_ON;
}

static void delay(usec_t *due_us, usec_t by_us) {
        if (*due_us != USEC_INFINITY)
                *due_us += by_us;
}

/* For the host no time passes; with `suspend`, BOOTTIME and the wall clock know of it afterwards. */
void stand_still(World *w, Host *h, usec_t for_us, bool suspend) {
        Event events[EVENTS_MAX];
        unsigned n = w->n_events;

        h->still = true;
        h->still_until_us = w->now_us + for_us;
        bend(&h->raw, w->now_us, for_us);
        bend(&h->boottime, w->now_us, for_us);
        if (suspend) {
                h->boottime.value_us += for_us;
                h->suspended_us += for_us;
                /* Timers on BOOTTIME fire as soon as it goes on: world.c holds them back until then. */
        } else {
                h->wall_off_us -= (int64_t) for_us;
                delay(&h->daemon_due_us, for_us);
                delay(&h->guard_due_us, for_us);
        }
        delay(&h->request_due_us, for_us);
        delay(&h->watchdog_us, for_us);
        memcpy(events, w->events, n * sizeof(Event));
        w->n_events = 0;
        for (unsigned i = 0; i < n; i++) {
                if (events[i].host == h->id && is_of_host(&events[i]))
                        events[i].at_us += for_us;
                push(w, &events[i]);
        }
        schedule_event(w, for_us, EV_RESUME, h, h->boot, (Event) { .type = suspend });
}

int64_t store_clock_us(const World *w) {
        return (int64_t) w->now_us + EPOCH_US + (w->now_us < w->date_until_us ? w->date_off_us : 0);
}
