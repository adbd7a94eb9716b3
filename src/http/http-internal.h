/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between http.c, which makes requests and answers, and http-loop.c, which turns libcurl's wheels. */

#include <curl/curl.h>

#include "http.h"

CURLM *http_multi(Http *http);
sd_event *http_event(Http *http);
const HttpOptions *http_options(const Http *http);

/* libcurl is through with the transfer; called outside of its callbacks. */
void http_transfer_done(HttpTransfer *transfer, CURLcode result);
