/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The store as an operator's commands ask it, by the same way as the lock: the same keys, signatures, trust and proxy. */

#include "store.h"
#include "table-admin.h"

typedef void (*AdminHandler)(const AdminReport *report, void *userdata);

/* One operation at a time, beside the lock's own requests; beginning another one cancels it. The handler is called
 * exactly once, never from inside. `timeout_us` bounds the whole. 0 or a negative errno (nothing was sent then). */
int store_admin(Store *store, AdminOperation operation, usec_t timeout_us, AdminHandler handler, void *userdata);

/* ADMIN_SCAN, of the page behind the label `after`; NULL: the first. */
int store_admin_scan(Store *store, const char *after, usec_t timeout_us, AdminHandler handler, void *userdata);

void store_admin_cancel(Store *store);
