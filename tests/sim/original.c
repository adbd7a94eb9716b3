/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A host that follows the original Java program's rules to the letter (cloudlock-safety(7), "Beside the original"): its
 * own wall clock throughout, a look each 5 s, SIGTERM below 60 s, a kill once expired, and rounds of a read and a
 * conditional write of the whole item. */

#include <stdio.h>
#include <string.h>

#include "sim.h"

#define LOOK_US (5 * USEC_PER_SEC)
#define TERM_MS 60000
#define AGAIN_US (10 * USEC_PER_SEC) /* its unit's RestartSec= */

static int64_t wall_ms(const World *w, const Host *h) {
        return (int64_t) (host_now(w, h).wall_us / USEC_PER_MSEC);
}

static void kill_program(World *w, Host *h, const char *why) {
        h->java.holds = false;
        if (!h->populated)
                return;
        note(w, h, "kills its program: %s", why);
        target_exits(w, h, true);
}

static void look_at_the_program(World *w, Host *h) {
        Original *o = &h->java;
        int64_t now_ms = wall_ms(w, h);

        if (!o->holds)
                return;
        if (now_ms >= o->expire_time_ms)
                kill_program(w, h, "expired");
        else if (h->populated && o->expire_time_ms - now_ms < TERM_MS && !o->termed) {
                o->termed = true;
                schedule(w, draw_us(&h->random, USEC_PER_MSEC, w->plan->budget_us / 2), EV_TARGET_EXIT, h, h->target);
        } else if (!h->populated && now_ms >= o->start_time_ms + (int64_t) (w->plan->gap_us / USEC_PER_MSEC) &&
                   o->expire_time_ms - now_ms >= TERM_MS) {
                h->populated = true;
                o->termed = false;
                h->target++;
                w->statistics->starts++;
                w->statistics->takeovers += w->last_runner != h->id;
                w->last_runner = h->id;
                note(w, h, "THE TARGET RUNS");
        }
}

/* Neither the time server nor the store answers who is cut off; no round then. */
static void begin_round(World *w, Host *h) {
        if (w->now_us < h->java.renew_us || h->waits)
                return;
        h->java.renew_us = w->now_us + w->plan->renew_us;
        if (w->now_us < h->requests_cut_until_us || w->now_us < h->answers_cut_until_us)
                return;
        send_request(w, h, NULL);
}

void original_tick(World *w, Host *h) {
        look_at_the_program(w, h);
        begin_round(w, h);
        schedule(w, LOOK_US, EV_ORIGINAL_TICK, h, h->boot);
}

void original_power_on(World *w, Host *h) {
        uint32_t versions = h->java.versions;

        h->java = (Original) { .versions = versions };
        schedule(w, draw_us(&h->random, 0, LOOK_US), EV_ORIGINAL_TICK, h, h->boot);
}

static bool is_mine(const Host *h, const Record *record) {
        char name[RECORD_HOLDER_MAX + 1];

        snprintf(name, sizeof(name), "original%u", h->machine);
        return strcmp(record->holder, name) == 0;
}

static void put(World *w, Host *h, const Message *m, bool renew) {
        LockWrite write = { .create = !m->has_record };
        Record *record = &write.record;
        int64_t now_ms = wall_ms(w, h);

        if (m->has_record) {
                strcpy(write.expected[0], m->record.version);
                write.n_expected = 1;
        }
        snprintf(record->holder, sizeof(record->holder), "original%u", h->machine);
        snprintf(record->version, sizeof(record->version), "original%u-%u", h->id, ++h->java.versions);
        record->start_time_ms = renew ? m->record.start_time_ms : now_ms;
        record->expire_time_ms = now_ms + (int64_t) (w->plan->lease_us / USEC_PER_MSEC);
        h->first_sent_us = w->now_us;
        send_request(w, h, &write);
}

static void on_read(World *w, Host *h, const Message *m) {
        if (m->outcome == LOCK_EVENT_READ_UNCLEAR || m->outcome == LOCK_EVENT_REQUEST_FAILED)
                return;
        if (m->has_record && is_mine(h, &m->record))
                put(w, h, m, true);
        else if (!m->has_record || m->record.expire_time_ms < wall_ms(w, h))
                put(w, h, m, false);
        else
                kill_program(w, h, "somebody else's");
}

static void on_put(World *w, Host *h, const Message *m) {
        if (m->outcome == LOCK_EVENT_CONDITION_FAILED)
                kill_program(w, h, "refused");
        if (m->outcome != LOCK_EVENT_WRITTEN)
                return;
        h->java.holds = true;
        h->java.expire_time_ms = m->write.record.expire_time_ms;
        h->java.start_time_ms = m->write.record.start_time_ms;
}

void original_answer(World *w, Host *h, const Event *e) {
        if (!h->powered || e->generation != h->boot || !h->waits || e->number != h->request)
                return;
        requests_forget(h);
        if (w->messages[e->message].is_write)
                on_put(w, h, &w->messages[e->message]);
        else
                on_read(w, h, &w->messages[e->message]);
}

/* The wrapper exits with its program, and its unit starts it anew. */
void original_target_gone(World *w, Host *h) {
        h->java.holds = false;
        h->java.renew_us = w->now_us + AGAIN_US;
}
