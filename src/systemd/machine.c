/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include <systemd/sd-id128.h>

/* Ours alone, so that the machine id itself is not published: sd_id128_get_machine_app_specific(3). */
#define APPLICATION_ID SD_ID128_MAKE(5b, 0e, 9d, 2c, 31, 7f, 4a, 5e, 9c, 1d, 8b, 60, 42, aa, 77, e3)

int machine_host_id(char ret[static MACHINE_HOST_ID_SIZE]) {
        sd_id128_t machine;
        int r = sd_id128_get_machine_app_specific(APPLICATION_ID, &machine);

        if (r < 0)
                return r;
        sd_id128_to_string(machine, ret);
        return 0;
}
