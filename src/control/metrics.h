/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lock for monitoring, as OpenMetrics text: https://prometheus.io/docs/specs/om/open_metrics_spec/ . Pure. */

#include "control.h"

/* *ret is the caller's to free. 0 or -ENOMEM. */
int metrics_text(const ControlPicture *picture, char **ret);
