/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is to happen, by time: a binary heap of small values; and the messages that the events refer to. */

#include <stdlib.h>

#include "sim.h"

static bool before(const Event *a, const Event *b) {
        return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void sift_up(World *w, unsigned i, const Event *e) {
        for (; i > 0 && before(e, &w->events[(i - 1) / 2]); i = (i - 1) / 2)
                w->events[i] = w->events[(i - 1) / 2];
        w->events[i] = *e;
}

void push(World *w, const Event *e) {
        if (w->n_events == EVENTS_MAX)
                abort();
        w->n_events++;
        sift_up(w, w->n_events - 1, e);
}

void schedule_event(World *w, usec_t in_us, Kind kind, const Host *h, uint32_t generation, Event e) {
        e.at_us = w->now_us + in_us;
        e.order = w->order++;
        e.generation = generation;
        e.kind = (uint8_t) kind;
        e.host = (uint8_t) (h ? h->id : 0);
        push(w, &e);
}

void schedule(World *w, usec_t in_us, Kind kind, const Host *h, uint32_t generation) {
        schedule_event(w, in_us, kind, h, generation, (Event) {});
}

Event pop(World *w, unsigned i) {
        Event taken = w->events[i], last = w->events[--w->n_events];

        if (i == w->n_events)
                return taken;
        if (i > 0 && before(&last, &w->events[(i - 1) / 2])) {
                sift_up(w, i, &last);
                return taken;
        }
        for (unsigned child; (child = 2 * i + 1) < w->n_events; i = child) {
                if (child + 1 < w->n_events && before(&w->events[child + 1], &w->events[child]))
                        child++;
                if (before(&last, &w->events[child]))
                        break;
                w->events[i] = w->events[child];
        }
        w->events[i] = last;
        return taken;
}

/* NULL when too many are under way: the network drops it then. */
Message *message_new(World *w, uint8_t *ret_number) {
        unsigned i;

        if (w->messages_used == UINT64_MAX)
                return NULL;
        i = (unsigned) __builtin_ctzll(~w->messages_used);
        w->messages_used |= UINT64_C(1) << i;
        *ret_number = (uint8_t) i;
        return &w->messages[i];
}

void message_free(World *w, uint8_t number) {
        w->messages_used &= ~(UINT64_C(1) << number);
}
