/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What bind and unbind look at: the instance's configuration, and its guard and targets as PID 1 knows them. */

#include <systemd/sd-bus.h>

#include "binding.h"
#include "config.h"

typedef struct Setup {
        const char *instance;
        char *config_path; /* the file that the service gets its configuration from */
        Config *config;    /* both NULL with unbind: it need not be there any more */
        sd_bus *bus;
        char *guard_name;
        char **bound_names;  /* units with a drop-in of ours for this instance's guard */
        char **target_names; /* of the configuration, or else the bound ones */
        UnitFacts guard;
        UnitFacts *targets; /* one for each target name */
        size_t n_targets;
} Setup;

void setup_done(Setup *setup);
#define _cleanup_setup_ _cleanup_(setup_done)

/* Connects to the system bus, reads the configuration if asked to, and looks for drop-ins. `instance` has passed
 * instance_name_check(). Each of these functions says on stderr what went wrong. 0 or a negative errno. */
int setup_open(const char *instance, bool with_config, Setup *ret);

/* Asks PID 1 about guard and targets, again if it was asked before. 0 or a negative errno. */
int setup_look(Setup *setup);

/* Lets PID 1 read its units again. 0 or a negative errno. */
int setup_reload(Setup *setup);

bool unit_is_alive(const UnitFacts *facts);
