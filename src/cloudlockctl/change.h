/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether something happened to a lock that a person would want a line about. Pure. */

#include "json.h"

/* Between two answers of Status(); `before` NULL: the first one counts as news. What ticks and trembles does not count. */
bool change_is_news(json_object *before, json_object *status);

/* The daemon's own sentence, or whatever else there is. Belongs to `status`. */
const char *change_sentence(json_object *status);
