/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Findings as text for people and as JSON for scripts. Pure but for the stream that is written to. */

#include <json-c/json.h>
#include <stdio.h>

#include "findings.h"
#include "show.h"

/* One line each, and one more with what to do. What came from elsewhere was written by others: control characters are
 * shown as '?'. */
void findings_show(FILE *out, const ShowStyle *style, const Findings *findings);

/* {"instance", "ok", "failures", "warnings", "findings": [{"check", "result", "text", "remedy"}]}; the caller's to free.
 * 0 or -ENOMEM. */
int findings_to_json(const Findings *findings, const char *instance, json_object **ret);
