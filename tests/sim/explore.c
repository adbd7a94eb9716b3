/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every order of events, two hosts, to a depth: from moments at which it matters, each pending message, answer, signal
 * and call is tried next; each message is lost as well; each daemon may crash once; or the earliest timer fires first.
 * What two orders lead to the same world is looked at once. From where the depth ends the world goes on by itself until
 * every lease of that moment is over. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define SEEN_BITS 24
#define SEEN_MAX (UINT64_C(1) << SEEN_BITS)
#define DEPTH_MAX 32
#define BEFORE_KILL_US (300 * USEC_PER_MSEC)

typedef struct Search {
        uint64_t *seen;
        uint64_t n_states, n_steps, n_ends;
        unsigned crashes[DEPTH_MAX + 1];
        World worlds[DEPTH_MAX + 1];
        World end;
} Search;

typedef struct Root {
        const char *name;
        bool (*reached)(World *w);
} Root;

static Search search;

static void copy_world(World *to, const World *from) {
        memcpy(to, from, offsetof(World, events) + from->n_events * sizeof(Event));
        memcpy(to->hosts, from->hosts, from->plan->n_hosts * sizeof(Host));
        for (uint64_t used = from->messages_used; used != 0; used &= used - 1)
                to->messages[__builtin_ctzll(used)] = from->messages[__builtin_ctzll(used)];
}

static uint64_t mix(uint64_t h, uint64_t word) {
        h = (h ^ word) * 0x9e3779b97f4a7c15;
        return h ^ (h >> 29);
}

static uint64_t hash_bytes(uint64_t h, const void *data, size_t size) {
        const char *p = data;
        uint64_t word;

        for (; size >= sizeof(word); p += sizeof(word), size -= sizeof(word)) {
                memcpy(&word, p, sizeof(word));
                h = mix(h, word);
        }
        word = 0;
        memcpy(&word, p, size);
        return mix(h, word);
}

/* The order in which events were scheduled, and where their messages lie, is of no account. */
static uint64_t hash_events(const World *w) {
        uint64_t sum = 0;

        for (unsigned i = 0; i < w->n_events; i++) {
                Event e = w->events[i];
                uint64_t h;

                e.order = 0;
                e.message = 0;
                h = hash_bytes(0, &e, sizeof(e));
                if (e.kind == EV_REQUEST || e.kind == EV_ANSWER)
                        h = hash_bytes(h, &w->messages[w->events[i].message], sizeof(Message));
                sum += h;
        }
        return sum;
}

static uint64_t hash_world(const World *w, unsigned depth, unsigned crashes) {
        uint64_t h = mix(mix(hash_events(w), w->now_us), depth << 8 | crashes);

        h = hash_bytes(h, w->items, sizeof(w->items));
        return hash_bytes(h, w->hosts, w->plan->n_hosts * sizeof(Host));
}

/* Whether it was met before. A full table makes the search longer, not wrong. */
static bool met(uint64_t hash) {
        uint64_t i = hash >> (64 - SEEN_BITS);

        for (unsigned tries = 0; tries < 64; tries++, i = (i + 1) % SEEN_MAX) {
                if (search.seen[i] == hash)
                        return true;
                if (search.seen[i] == 0) {
                        search.seen[i] = hash;
                        return false;
                }
        }
        return false;
}

static bool is_timer(const Event *e) {
        return e->kind == EV_DAEMON_START || e->kind == EV_PID1_TARGET_KILL || e->kind == EV_PID1_WATCHDOG ||
               e->kind >= EV_TARGET_EXIT;
}

static bool is_sound(const World *w) {
        if (w->violation)
                printf("FAIL an order of events leads to %s: %s\n", invariant_name(w->violation), w->violation_text);
        return !w->violation;
}

/* On until whatever was granted is over; only then is an order known to be harmless. */
static bool goes_well(const World *from) {
        World *w = &search.end;
        usec_t end_us = from->now_us + from->plan->lease_us + from->plan->lease_us / 2;
        Event e;

        copy_world(w, from);
        search.n_ends++;
        while (!w->violation && w->now_us < end_us && world_next(w, &e))
                world_step(w, &e);
        return is_sound(w);
}

static bool visit(unsigned depth);

/* In the child world something has just happened. */
static bool descend(World *child, unsigned depth, unsigned crashes) {
        search.n_steps++;
        if (!is_sound(child))
                return false;
        if (met(hash_world(child, depth, crashes)))
                return true;
        search.n_states++;
        search.crashes[depth] = crashes;
        return depth == 0 ? goes_well(child) : visit(depth);
}

static bool try_event(unsigned depth, unsigned i, bool lose) {
        World *w = &search.worlds[depth], *child = &search.worlds[depth - 1];
        Event e;

        copy_world(child, w);
        e = pop(child, i);
        e.at_us = child->now_us;
        if (lose)
                message_free(child, e.message);
        else
                world_step(child, &e);
        return descend(child, depth - 1, search.crashes[depth]);
}

static bool try_crash(unsigned depth, unsigned host) {
        World *w = &search.worlds[depth], *child = &search.worlds[depth - 1];

        if (!w->hosts[host].daemon_up || search.crashes[depth] & 1u << host)
                return true;
        copy_world(child, w);
        daemon_killed(child, &child->hosts[host], USEC_PER_SEC);
        return descend(child, depth - 1, search.crashes[depth] | 1u << host);
}

/* The earliest thing that time brings about; what is under way meanwhile is late. */
static bool try_timer(unsigned depth) {
        World *w = &search.worlds[depth], *child = &search.worlds[depth - 1];
        Event best = { .at_us = USEC_INFINITY }, e;
        unsigned in_queue = EVENTS_MAX;

        copy_world(child, w);
        child->n_events = 0;
        if (world_next(child, &e))
                best = e;
        for (unsigned i = 0; i < w->n_events; i++)
                if (is_timer(&w->events[i]) && w->events[i].at_us < best.at_us) {
                        best = w->events[i];
                        in_queue = i;
                }
        if (best.at_us == USEC_INFINITY)
                return true;
        copy_world(child, w);
        if (in_queue < EVENTS_MAX)
                best = pop(child, in_queue);
        world_step(child, &best);
        return descend(child, depth - 1, search.crashes[depth]);
}

static bool visit(unsigned depth) {
        const World *w = &search.worlds[depth];

        for (unsigned i = 0; i < w->n_events; i++) {
                if (is_timer(&w->events[i]))
                        continue;
                if (!try_event(depth, i, false))
                        return false;
                if ((w->events[i].kind == EV_REQUEST || w->events[i].kind == EV_ANSWER) && !try_event(depth, i, true))
                        return false;
        }
        for (unsigned i = 0; i < w->plan->n_hosts; i++)
                if (!try_crash(depth, i))
                        return false;
        return try_timer(depth);
}

static bool both_up(World *w) {
        return w->hosts[0].daemon_up && w->hosts[1].daemon_up;
}

static bool first_runs(World *w) {
        return both_up(w) && w->hosts[0].populated && w->hosts[0].lock.state == LOCK_RUNNING;
}

static bool renewal_is_sent(World *w) {
        return first_runs(w) && w->hosts[0].waits && w->hosts[0].lock.request == REQUEST_WRITE;
}

static bool holder_is_told_to_stop(World *w) {
        if (!first_runs(w))
                return false;
        schedule_event(w, 0, EV_DAEMON_HEARS, &w->hosts[0], w->hosts[0].daemon, (Event) { .type = LOCK_EVENT_STOP });
        return true;
}

static bool daemon_is_killed(World *w) {
        if (!renewal_is_sent(w))
                return false;
        daemon_killed(w, &w->hosts[0], 100 * USEC_PER_MSEC);
        return true;
}

static bool holder_is_cut_off(World *w) {
        Host *h = &w->hosts[0];

        if (first_runs(w))
                h->requests_cut_until_us = h->answers_cut_until_us = USEC_INFINITY;
        return h->requests_cut_until_us == USEC_INFINITY;
}

static bool lease_ends(World *w) {
        return holder_is_cut_off(w) && w->hosts[0].has_lease &&
               w->now_us + BEFORE_KILL_US >= true_time_us(w, &w->hosts[0], w->hosts[0].lease.kill_boot_us);
}

static bool peer_acquires(World *w) {
        return holder_is_cut_off(w) && w->hosts[1].lock.state == LOCK_ACQUIRING;
}

static bool begin(const Plan *plan, const Root *root, Statistics *statistics, World *w) {
        Event e;

        world_begin(w, plan, statistics, false);
        while (!root->reached(w))
                if (w->violation || !world_next(w, &e))
                        return false;
                else
                        world_step(w, &e);
        return true;
}

bool explore(unsigned depth, Statistics *statistics) {
        static const Root roots[] = {
                { "both hosts come up beside an empty table", both_up },
                { "a renewal is on its way", renewal_is_sent },
                { "the holder's daemon dies with a renewal on its way", daemon_is_killed },
                { "the holder is told to stop", holder_is_told_to_stop },
                { "a cut-off holder's lease ends", lease_ends },
                { "the other host takes over from it", peer_acquires },
        };
        const Plan plan = {
                .seed = 1, .n_hosts = 2, .outside = _FAULT_MAX, .lease_us = 20 * USEC_PER_SEC, .renew_us = 4 * USEC_PER_SEC,
                .poll_us = 5 * USEC_PER_SEC, .budget_us = 3 * USEC_PER_SEC, .drift_ppm_max = 990,
                .faults_until_us = USEC_PER_HOUR,
        };
        uint64_t n_states = 0;

        if (depth > DEPTH_MAX)
                depth = DEPTH_MAX;
        search.seen = calloc(SEEN_MAX, sizeof(uint64_t));
        if (!search.seen)
                abort();
        for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
                search.n_states = search.n_steps = search.n_ends = 0;
                search.crashes[depth] = 0;
                memset(search.seen, 0, SEEN_MAX * sizeof(uint64_t));
                if (!begin(&plan, &roots[i], statistics, &search.worlds[depth]) || !visit(depth)) {
                        printf("FAIL %s\n", roots[i].name);
                        return false;
                }
                printf("ok %s: %" PRIu64 " states in %" PRIu64 " steps to a depth of %u, %" PRIu64 " followed to the end\n",
                       roots[i].name, search.n_states, search.n_steps, depth, search.n_ends);
                n_states += search.n_states;
        }
        free(search.seen);
        printf("%" PRIu64 " states of two hosts, every order to a depth of %u: none violates an invariant\n", n_states, depth);
        return true;
}
