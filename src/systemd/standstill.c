/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "standstill.h"

static usec_t missing_us(const HostLook *base, const HostLook *look) {
        usec_t host_us = usec_sub(look->host_us, base->host_us);

        return usec_sub(host_us, usec_sub(look->after_boot_us, base->before_boot_us));
}

/* The host's clock was set back, or the guest's counts were slewed: what is missing must not make up for a standstill. */
static bool went_back(const HostLook *base, const HostLook *look) {
        return usec_add(look->host_us, STANDSTILL_US_MIN) <
               usec_add(base->host_us, usec_sub(look->before_boot_us, base->after_boot_us));
}

usec_t standstill_look(Standstill *standstill, const HostLook *look) {
        HostLook *base = &standstill->base;
        bool disrupted = look->has_marker && base->has_marker && look->marker != base->marker;
        usec_t stood_us = 0;

        if (look->has_marker) {
                base->has_marker = true;
                base->marker = look->marker;
        }
        if (look->has_time && base->has_time)
                stood_us = missing_us(base, look);
        if (look->has_time && (!base->has_time || disrupted || stood_us >= STANDSTILL_US_MIN || went_back(base, look) ||
                               usec_sub(look->before_boot_us, base->before_boot_us) >= STANDSTILL_BASE_US)) {
                base->has_time = true;
                base->host_us = look->host_us;
                base->before_boot_us = look->before_boot_us;
                base->after_boot_us = look->after_boot_us;
        }
        if (stood_us >= STANDSTILL_US_MIN)
                return stood_us;
        return disrupted ? USEC_INFINITY : 0;
}
