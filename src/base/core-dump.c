/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-dump.h"

#include <errno.h>
#include <sys/prctl.h>

int core_dump_forbid(void) {
        return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}
