/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A linearizable item behind a network that delays, loses, doubles and brings late, and a store that fails before and
 * after it has applied a write. */

#include <string.h>

#include "sim.h"

#define LATE_US_MIN USEC_PER_SEC
#define LATE_US_MAX (120 * USEC_PER_SEC)
#define SLOW_US_MAX (9 * USEC_PER_SEC)

static bool fulfilled(const Item *item, const LockWrite *write) {
        if (!item->there)
                return write->create;
        if (item->unclear)
                return false;
        for (size_t i = 0; i < write->n_expected; i++)
                if (strcmp(write->expected[i], item->record.version) == 0)
                        return true;
        return false;
}

/* Mostly milliseconds; sometimes seconds; now and then so late that nobody waits any more. */
static usec_t network_us(World *w, Host *h) {
        if (by_chance(w, h, w->plan->weather.late))
                return draw_us(&h->random, LATE_US_MIN, LATE_US_MAX);
        if (w->now_us < h->slow_until_us || by_chance(w, h, w->plan->weather.slow))
                return draw_us(&h->random, 0, SLOW_US_MAX);
        return draw_us(&h->random, USEC_PER_MSEC, 30 * USEC_PER_MSEC);
}

void requests_forget(Host *h) {
        h->waits = false;
        h->request_due_us = USEC_INFINITY;
}

static void launch(World *w, Host *h, const LockWrite *write, const LockDelete *unlock) {
        uint8_t number;
        Message *m = message_new(w, &number);

        if (!m)
                return;
        m->is_write = write != NULL;
        m->is_delete = unlock != NULL;
        m->acquires = !h->original && h->lock.write_kind == WRITE_ACQUIRE;
        m->label = h->original ? 0 : h->leads.label;
        m->run = (uint64_t) h->id << 32 | h->daemon;
        m->first_sent_us = h->first_sent_us;
        if (write)
                m->write = *write;
        if (unlock)
                m->unlock = *unlock;
        schedule_event(w, network_us(w, h), EV_REQUEST, h, h->original ? h->boot : h->daemon,
                       (Event) { .message = number, .number = h->request });
}

static void send(World *w, Host *h, const LockWrite *write, const LockDelete *unlock) {
        h->request++;
        h->waits = true;
        h->request_due_us = w->now_us + request_timeout_us(w->plan->lease_us);
        h->request_sent_us = w->now_us;
        w->statistics->writes += write != NULL;
        if (w->now_us < h->requests_cut_until_us || by_chance(w, h, w->plan->weather.lost))
                return;
        launch(w, h, write, unlock);
        if (by_chance(w, h, w->plan->weather.twice))
                launch(w, h, write, unlock);
}

void send_request(World *w, Host *h, const LockWrite *write) {
        note(w, h, "sends %s %s", write ? "write" : "read", write ? write->record.version : "");
        send(w, h, write, NULL);
}

void send_delete(World *w, Host *h, const LockDelete *unlock) {
        note(w, h, "sends deletion of %s", unlock->version);
        judge_delete(w, h);
        send(w, h, NULL, unlock);
}

static void apply(World *w, const Host *h, Item *item, Message *m) {
        judge_apply(w, h, m);
        if (!item->there || strcmp(item->record.version, m->write.record.version) != 0)
                item->applied_us = w->now_us;
        item->record = m->write.record;
        item->run = m->run;
        item->first_sent_us = m->first_sent_us;
        item->there = true;
        item->unclear = item->by_hand = false;
        item->busy_until_us[h->id] = m->write.record.expire_time_ms == 0 ?
                w->now_us : m->first_sent_us + (usec_t) m->write.record.lease_ms * USEC_PER_MSEC;
        note(w, h, "the store applies %s", m->write.record.version);
}

static LockEventType after_applying(const World *w, LockEventType outcome) {
        return outcome == LOCK_EVENT_WRITTEN && w->now_us < w->fails_after_until_us ? LOCK_EVENT_REQUEST_FAILED : outcome;
}

static LockEventType read_outcome(const Item *item) {
        return item->there && item->unclear ? LOCK_EVENT_READ_UNCLEAR : LOCK_EVENT_READ;
}

static LockEventType delete_outcome(World *w, const Host *h, Item *item, const Message *m) {
        if (!item->there || strcmp(item->record.version, m->unlock.version) != 0 ||
            strcmp(item->record.holder, m->unlock.holder) != 0) {
                note(w, h, "the store refuses to delete %s", m->unlock.version);
                return LOCK_EVENT_CONDITION_FAILED;
        }
        item->there = item->unclear = item->by_hand = false;
        w->deleted_by_hand = true;
        note(w, h, "the store deletes %s", m->unlock.version);
        return LOCK_EVENT_WRITTEN;
}

static LockEventType outcome(World *w, const Host *h, Item *item, Message *m) {
        if (w->now_us < w->throttled_until_us)
                return LOCK_EVENT_REQUEST_FAILED;
        if (m->is_delete)
                return after_applying(w, delete_outcome(w, h, item, m));
        if (!m->is_write)
                return read_outcome(item);
        if (!fulfilled(item, &m->write)) {
                note(w, h, "the store refuses %s", m->write.record.version);
                return LOCK_EVENT_CONDITION_FAILED;
        }
        apply(w, h, item, m);
        return after_applying(w, LOCK_EVENT_WRITTEN);
}

void store_apply(World *w, Host *h, const Event *e) {
        Message *m = &w->messages[e->message];
        Item *item = &w->items[m->label];
        bool again = m->is_write && item->there && strcmp(item->record.version, m->write.record.version) == 0;

        if (w->now_us < w->store_down_until_us) {
                message_free(w, e->message);
                return;
        }
        m->outcome = outcome(w, h, item, m);
        m->applied_us = item->applied_us;
        m->has_record = item->there && !item->unclear;
        if (!m->is_write)
                m->record = item->record;
        m->date_off_us = store_clock_us(w) - EPOCH_US - (int64_t) w->now_us;
        m->date_s = store_clock_us(w) / (int64_t) USEC_PER_SEC;
        if (w->now_us < h->answers_cut_until_us || by_chance(w, h, w->plan->weather.lost)) {
                note(w, h, "the answer is lost");
                message_free(w, e->message);
                return;
        }
        /* The worst moment to lose the network: the first attempt was applied long ago, and only this answer came. */
        h->cut_next |= again && by_chance(w, h, 3);
        schedule_event(w, network_us(w, h), EV_ANSWER, h, e->generation,
                       (Event) { .message = e->message, .number = e->number });
}
