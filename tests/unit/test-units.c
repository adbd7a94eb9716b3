/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the units can be shown without a bus. The rest is tested on booted hosts. */
#include "check.h"
#include "units-internal.h"

/* PID 1's answers come one by one: the state that is shown must outlive the answer that it came with. */
static void state_outlives_the_answer(void) {
        char *targets[] = { (char *) "x.service", NULL };
        _cleanup_(units_freep) Units *units = NULL;
        const char *state;

        CHECK_EQ(units_new(NULL, "i", targets, NULL, &(UnitsHandlers) {}, &units), 0);
        CHECK_STR(units_active_state(units, 0), "unknown");
        units->members[GUARD_INDEX + 1].facts.active_state = strdup("activating");
        state = units_active_state(units, 0);
        CHECK(state != units->members[GUARD_INDEX + 1].facts.active_state);
        unit_facts_done(&units->members[GUARD_INDEX + 1].facts);
        CHECK_STR(state, "activating");
        CHECK_STR(units_active_state(units, 0), "unknown");
        CHECK_STR(units_active_state(units, 1), "unknown");
}

static const Case cases[] = {
        { "a state outlives the answer that it came with", state_outlives_the_answer },
};

int main(void) {
        return RUN_CASES(cases);
}
