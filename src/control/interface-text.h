/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The interfaces' descriptions, made at build time by embed.py from the files that are installed. */

extern const char interface_text_lock[];
extern const char interface_text_service[];
