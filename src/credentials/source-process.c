/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* credential_process: a command that prints keys as JSON.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "fetch.h"
#include "foreign.h"
#include "key-json.h"
#include "process.h"
#include "strv.h"
#include "text.h"
#include "words.h"

/* What the command said itself, where it said something. */
static void append_complaint(Fetch *fetch, const ProcessResult *result) {
        char text[FOREIGN_TEXT_MAX + 1];

        if (*result->complaint)
                text_append(fetch->found.error, sizeof(fetch->found.error), "; it says: %s",
                            foreign_text(result->complaint, text));
}

/* NULL: it ended well. */
static const char *describe_end(const ProcessResult *result, char *buf, size_t size) {
        char span[SPAN_TEXT_MAX];

        switch (result->end) {
        case PROCESS_EXITED:
                if (result->code == 0)
                        return NULL;
                snprintf(buf, size, "failed with exit status %d", result->code);
                return buf;
        case PROCESS_SIGNALLED:
                snprintf(buf, size, "was ended by SIG%s", sigabbrev_np(result->code) ?: "?");
                return buf;
        case PROCESS_NOT_BEGUN:
                snprintf(buf, size, "can't be run: %s; name it with its whole path, and see that the user cloudlock may run "
                         "it (homes are out of its reach)", strerror(result->code));
                return buf;
        case PROCESS_UNKNOWN:
                snprintf(buf, size, "ended, and how can't be learnt: %s", strerror(result->code));
                return buf;
        case PROCESS_TOO_SLOW:
                snprintf(buf, size, "did not end within %s and was killed; it must not ask anybody anything",
                         format_span(span, sizeof(span), PROCESS_US_MAX));
                return buf;
        case PROCESS_TOO_LARGE:
                snprintf(buf, size, "printed more than %zu KiB and was killed; it must print the JSON alone",
                         PROCESS_OUTPUT_MAX / 1024);
                return buf;
        }
        return NULL;
}

/* It may work another time unless it can't be run at all, or prints what nobody can read. */
static void on_result(const ProcessResult *result, void *userdata) {
        Fetch *fetch = userdata;
        Found *found = &fetch->found;
        char error[CREDENTIALS_ERROR_MAX];
        const char *end = describe_end(result, error, sizeof(error));
        int r;

        found->transient = end && result->end != PROCESS_NOT_BEGUN;
        if (!end) {
                r = key_json_parse(KEY_JSON_PROCESS, result->output, result->output_size, &found->keys, &found->expires_s,
                                   error);
                if (r >= 0)
                        return fetch_done(fetch);
                if (r == -ENOMEM)
                        snprintf(error, sizeof(error), "%s", strerror(-r));
        }
        snprintf(found->error, sizeof(found->error), end ? "%s %s" : "what %s printed %s", found->source, error);
        append_complaint(fetch, result);
        fetch_done(fetch);
}

static int complain(Found *ret, const char *what) {
        snprintf(ret->error, sizeof(ret->error), "%s %s: correct it", ret->source, what);
        return 1;
}

int process_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch) {
        const Profile *profile = request->around->profile;
        _cleanup_(fetch_freep) Fetch *fetch = NULL;
        _cleanup_strv_ char **words = NULL;
        int r = words_split(profile->credential_process, &words);

        snprintf(ret->source, sizeof(ret->source), "credential_process of profile %s", profile->name);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return complain(ret, "has a quote that is not closed, or ends in a backslash");
        if (!words)
                return complain(ret, "is empty");
        r = fetch_new(request, ret->source, &fetch);
        if (r < 0)
                return r;
        r = process_start(request->around->event, words, request->around->environment, on_result, fetch, &fetch->process);
        if (r < 0)
                return r;
        *ret_fetch = TAKE_PTR(fetch);
        return 0;
}
