/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What befalls the world, one thing at a time and now and then several. Guard and PID 1 are never both taken away:
 * that pair is not promised. */

#include "sim.h"

#define DRIFT_PPM_MAX 450 /* of each host; two of them stay within 1/1000 */

void power_off(World *w, Host *h) {
        note(w, h, "loses its power");
        h->powered = h->populated = h->daemon_up = h->guard_up = h->permit = false;
        h->daemon++;
        h->guard_run++;
        h->target++;
        h->boot++;
        h->daemon_paused_us = h->guard_paused_us = h->pid1_paused_us = 0;
        h->has_lease = false; /* /run is gone */
        h->n_journal = 0;
        h->guard_unit = h->target_unit = UNIT_INACTIVE;
        h->start_job = h->stop_job = false;
        schedule(w, draw_us(w, 5 * USEC_PER_SEC, 240 * USEC_PER_SEC), EV_POWER_ON, h, 0);
}

void power_on(World *w, Host *h) {
        if (h->powered)
                return;
        h->powered = true;
        h->boot++;
        h->booted_us = w->now_us;
        h->boot_ppm = (int64_t) (draw(w) % (2 * DRIFT_PPM_MAX + 1)) - DRIFT_PPM_MAX;
        h->raw_ppm = (int64_t) (draw(w) % (2 * DRIFT_PPM_MAX + 1)) - DRIFT_PPM_MAX;
        h->wall_off_us = (int64_t) draw_us(w, 0, 60 * USEC_PER_SEC) - 30 * (int64_t) USEC_PER_SEC;
        schedule(w, draw_us(w, 0, 5 * USEC_PER_SEC), EV_DAEMON_START, h, h->boot);
}

static void set_wall_clock(World *w, Host *h) {
        static const int64_t offs_s[] = { 0, 0, 0, 25, -25, 39, -39, 45, -45, 3600, -86400, 315360000, -315360000 };

        h->wall_off_us = offs_s[draw(w) % (sizeof(offs_s) / sizeof(offs_s[0]))] * (int64_t) USEC_PER_SEC;
        note(w, h, "wall clock is set");
        if (h->daemon_up && chance(w, 2))
                schedule(w, USEC_PER_MSEC, EV_DAEMON_STOP, h, h->daemon)->lock_event.type = LOCK_EVENT_CLOCK_JUMP;
}

static void stop_daemon(World *w, Host *h) {
        if (h->daemon_up)
                schedule(w, 0, EV_DAEMON_STOP, h, h->daemon)->lock_event.type = LOCK_EVENT_STOP;
}

static void befall(World *w, Host *h) {
        usec_t for_us = draw_us(w, USEC_PER_SEC, 150 * USEC_PER_SEC);

        switch (draw(w) % 12) {
        case 0: case 1:
                h->cut = !h->cut;
                note(w, h, h->cut ? "is cut off" : "is joined again");
                break;
        case 2:
                if (h->powered)
                        power_off(w, h);
                break;
        case 3:
                if (h->daemon_up)
                        daemon_down(w, h);
                break;
        case 4:
                h->daemon_paused_us = w->now_us + for_us;
                note(w, h, "the daemon is stopped for %.3f s", (double) for_us / 1e6);
                break;
        case 5:
                if (h->guard_up && !h->guard.finishing && h->pid1_paused_us <= w->now_us)
                        guard_down(w, h);
                break;
        case 6:
                if (h->guard_up && !h->guard.finishing && h->pid1_paused_us <= w->now_us)
                        h->guard_paused_us = w->now_us + for_us;
                break;
        case 7:
                if (h->guard_paused_us <= w->now_us && (h->guard_up ? !h->guard.finishing : h->guard_unit == UNIT_INACTIVE))
                        h->pid1_paused_us = w->now_us + for_us;
                break;
        case 8:
                set_wall_clock(w, h);
                break;
        case 9:
                stop_daemon(w, h);
                break;
        case 10:
                if (h->populated)
                        schedule(w, 0, EV_TARGET_EXIT, h, h->target);
                break;
        default:
                if (chance(w, 4) && w->has_item) {
                        note(w, NULL, "the item is deleted by hand");
                        w->has_item = false;
                        w->item = (Record) {};
                }
                break;
        }
}

/* The last of them mends what can be mended; then the world has to come to rest. */
static void mend(World *w) {
        for (unsigned i = 0; i < w->n_hosts; i++) {
                w->hosts[i].cut = w->hosts[i].cut_next = false;
                w->hosts[i].wall_off_us = 0;
        }
        note(w, NULL, "the faults are over");
}

void fault(World *w) {
        unsigned n = chance(w, 4) ? 3 : 1;

        if (w->now_us >= w->faults_until_us) {
                mend(w);
                return;
        }
        for (unsigned i = 0; i < n; i++)
                befall(w, &w->hosts[draw(w) % w->n_hosts]);
        schedule(w, draw_us(w, USEC_PER_SEC, w->fault_every_us), EV_FAULT, NULL, 0);
}
