/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Before each source: rule (b) with no time for an original's slow clock. */
#include "time-limits.h"

#undef EXPIRED_MARGIN_US
#define EXPIRED_MARGIN_US UINT64_C(0)
