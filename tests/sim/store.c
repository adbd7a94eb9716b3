/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A linearizable item behind a network that delays, loses and brings late. */

#include <string.h>

#include "sim.h"

#define EPOCH_S INT64_C(1763928000)

static bool fulfilled(const World *w, const LockWrite *write) {
        if (!w->has_item)
                return write->create;
        for (size_t i = 0; i < write->n_expected; i++)
                if (strcmp(write->expected[i], w->item.version) == 0)
                        return true;
        return false;
}

/* Mostly milliseconds; sometimes seconds; now and then so late that nobody waits any more. */
static usec_t network_us(World *w) {
        if (chance(w, 200))
                return draw_us(w, USEC_PER_SEC, 90 * USEC_PER_SEC);
        return chance(w, w->slow_one_in) ? draw_us(w, 0, 9 * USEC_PER_SEC) : draw_us(w, USEC_PER_MSEC, 30 * USEC_PER_MSEC);
}

void send_request(World *w, Host *h, const LockWrite *write) {
        Event *timeout = schedule(w, request_timeout_us(w->lease_us), EV_TIMEOUT, h, h->daemon);

        timeout->request = ++h->request;
        timeout->lock_event.type = LOCK_EVENT_REQUEST_FAILED;
        h->sent = host_now(w, h);
        note(w, h, "sends %s %s", write ? "write" : "read", write ? write->record.version : "");
        if (!h->cut && !(w->now_us < w->faults_until_us && chance(w, w->loss_one_in))) {
                Event *e = schedule(w, network_us(w), EV_REQUEST, h, h->daemon);

                e->request = h->request;
                e->is_write = write != NULL;
                if (write)
                        e->write = *write;
        }
}

static void check_write(World *w, const Event *e) {
        const Host *h = &w->hosts[e->host];

        if (record_is_released(&e->write.record) && h->populated && !record_is_released(&w->item))
                violate(w, "the lock was released while the target was running");
}

void store_apply(World *w, Event *e) {
        Host *h = &w->hosts[e->host];
        LockEvent event = {
                .type = LOCK_EVENT_READ,
                .answer = { .sent = h->sent, .date_s = EPOCH_S + (int64_t) (w->now_us / USEC_PER_SEC) },
                .has_record = w->has_item,
                .record = w->item,
        };
        bool again = e->is_write && w->has_item && strcmp(w->item.version, e->write.record.version) == 0;
        Event *answer;

        if (e->is_write) {
                event.type = fulfilled(w, &e->write) ? LOCK_EVENT_WRITTEN : LOCK_EVENT_CONDITION_FAILED;
                if (event.type == LOCK_EVENT_WRITTEN) {
                        check_write(w, e);
                        w->item = e->write.record;
                        w->has_item = true;
                }
                note(w, h, "the store %s %s", event.type == LOCK_EVENT_WRITTEN ? "applies" : "refuses", e->write.record.version);
        }
        if (h->cut || (w->now_us < w->faults_until_us && chance(w, w->loss_one_in))) {
                note(w, h, "the answer is lost");
                return;
        }
        /* The worst moment to lose the network: the first attempt was applied long ago, and only this answer came. */
        h->cut_next = again && w->now_us < w->faults_until_us && chance(w, 3);
        answer = schedule(w, network_us(w), EV_ANSWER, h, e->generation);
        answer->request = e->request;
        answer->lock_event = event;
}
