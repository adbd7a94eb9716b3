/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Before each source: an expire_time without room for an original's fast clock. */
#include "time-limits.h"

#undef EXPIRE_HEADROOM_US
#define EXPIRE_HEADROOM_US UINT64_C(0)
