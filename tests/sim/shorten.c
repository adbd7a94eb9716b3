/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A failing schedule is made as short as it still fails: delta debugging (A. Zeller, R. Hildebrandt: Simplifying and
 * Isolating Failure-Inducing Input, 2002) on the list of faults, then on the weather. */

#include <string.h>

#include "sim.h"

static bool fails(const Plan *plan, Invariant invariant) {
        static World world;
        Statistics statistics = {};

        world_run(&world, plan, &statistics, false);
        return world.violation == invariant;
}

static bool try(Plan *plan, const Plan *shorter, Invariant invariant) {
        if (!fails(shorter, invariant))
                return false;
        *plan = *shorter;
        return true;
}

static void leave_out(Plan *plan, unsigned from, unsigned n) {
        memmove(&plan->faults[from], &plan->faults[from + n], (plan->n_faults - from - n) * sizeof(Fault));
        plan->n_faults -= n;
}

static bool shorten_faults(Plan *plan, Invariant invariant) {
        bool any = false;

        for (unsigned chunk = plan->n_faults; chunk > 0; chunk /= 2)
                for (unsigned from = 0; from + chunk <= plan->n_faults;) {
                        Plan shorter = *plan;

                        leave_out(&shorter, from, chunk);
                        if (try(plan, &shorter, invariant))
                                any = true;
                        else
                                from += chunk;
                }
        return any;
}

static bool shorten_weather(Plan *plan, Invariant invariant) {
        const size_t offsets[] = {
                offsetof(Weather, lost), offsetof(Weather, slow), offsetof(Weather, late), offsetof(Weather, twice),
                offsetof(Weather, crash), offsetof(Weather, call_lost), offsetof(Weather, bus_slow),
                offsetof(Weather, straggler),
        };
        bool any = false;

        for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
                Plan shorter = *plan;
                unsigned *one_in = (unsigned *) (void *) ((char *) &shorter.weather + offsets[i]);

                if (*one_in == 0)
                        continue;
                *one_in = 0;
                any |= try(plan, &shorter, invariant);
        }
        return any;
}

void shorten(Plan *plan, Invariant invariant) {
        for (;;) {
                bool fewer_faults = shorten_faults(plan, invariant), calmer = shorten_weather(plan, invariant);

                if (!fewer_faults && !calmer)
                        return;
        }
}
