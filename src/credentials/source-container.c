/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The endpoint that ECS and EKS (pod identity) give to a container.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "fetch.h"
#include "files.h"
#include "key-json.h"
#include "metadata-url.h"
#include "strv.h"
#include "text.h"

#define ECS_HOST "http://169.254.170.2"
#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_SIZE_MAX ((size_t) 16 * 1024)

#define TRIES 3

bool container_is_configured(const Surroundings *around) {
        return environment_get(around->environment, RELATIVE) || environment_get(around->environment, FULL);
}

static const char *url_variable(const Surroundings *around) {
        return environment_get(around->environment, RELATIVE) ? RELATIVE : FULL;
}

static void on_answer(Fetch *fetch, const HttpAnswer *answer) {
        char error[CREDENTIALS_ERROR_MAX];
        int r;

        if (answer->status == 0)
                return fetch_fail(fetch, true, "%s does not give keys: %s; see %s", fetch->found.source, answer->error,
                                  url_variable(fetch->request.around));
        if (answer->status != 200) {
                key_json_error(answer->body, answer->body_size, sizeof(error), error);
                return fetch_fail(fetch, answer->status >= 500, "%s answered %d%s%s: see %s, its token, and that the task or pod "
                                  "has a role", fetch->found.source, answer->status, *error ? ": " : "", error,
                                  url_variable(fetch->request.around));
        }
        r = key_json_parse(KEY_JSON_CONTAINER, answer->body, answer->body_size, &fetch->found.keys, &fetch->found.expires_s,
                           error);
        if (r < 0)
                return fetch_fail(fetch, true, "the answer of %s %s", fetch->found.source, r == -EINVAL ? error : strerror(-r));
        fetch->found.date_s = answer->date_s;
        fetch_done(fetch);
}

/* *ret stays NULL where there is none; 1: it can't be used, and found.error says why. */
static int find_token(Fetch *fetch, char **ret) {
        char *const *environment = fetch->request.around->environment;
        const char *path = environment_get(environment, TOKEN_FILE), *token = environment_get(environment, TOKEN);
        Found *found = &fetch->found;
        int r;

        if (path) {
                r = files_read_line(path, TOKEN_SIZE_MAX, ret);
                if (r >= 0 || r == -ENOMEM)
                        return r;
                snprintf(found->error, sizeof(found->error), "the token %.200s, which " TOKEN_FILE " names, %s; let the user "
                         "cloudlock read it", path, r == -EBADMSG ? "is empty, or no word" : strerror(-r));
                found->transient = true; /* it is written by somebody else, who may be late */
                return 1;
        }
        if (!token)
                return 0;
        *ret = strdup(token);
        return *ret ? 0 : -ENOMEM;
}

static int send_request(Fetch *fetch) {
        _cleanup_secret_ char *token = NULL;
        Header headers[2] = { { "accept", "application/json" } };
        size_t n = 1;
        bool plain;
        int r = find_token(fetch, &token);

        if (r != 0)
                return r;
        if (token)
                headers[n++] = (Header) { "authorization", token };
        r = metadata_url_check(METADATA_CONTAINER, fetch->url, &plain);
        if (r < 0)
                return r;
        return fetch_start(fetch, &(HttpRequest) {
                                          .url = fetch->url,
                                          .headers = headers,
                                          .n_headers = n,
                                          .plain = plain,
                                          .direct = true,
                                          .fresh = true,
                                          .connect_us = METADATA_CONNECT_US_MAX,
                                          .timeout_us = METADATA_ANSWER_US_MAX,
                                  });
}

/* 0; 1: it won't do, and ret->error says why. */
static int find_url(const Surroundings *around, char **ret_url, Found *ret) {
        const char *relative = environment_get(around->environment, RELATIVE);
        const char *token = environment_get(around->environment, TOKEN);
        _cleanup_free_ char *url = NULL;
        bool plain;

        if (asprintf(&url, "%s%s", relative ? ECS_HOST : "", relative ?: environment_get(around->environment, FULL)) < 0)
                return url = NULL, -ENOMEM;
        if (relative && *relative != '/')
                return snprintf(ret->error, sizeof(ret->error), RELATIVE " must begin with '/': it is a path on " ECS_HOST), 1;
        if (metadata_url_check(METADATA_CONTAINER, url, &plain) < 0)
                return snprintf(ret->error, sizeof(ret->error), "%s is refused: it must be an https URL, or an http one of %s",
                                url_variable(around), metadata_addresses(METADATA_CONTAINER)), 1;
        if (token && text_has_control(token))
                return snprintf(ret->error, sizeof(ret->error), TOKEN " has a control character in it: copy it again"), 1;
        *ret_url = TAKE_PTR(url);
        return 0;
}

int container_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch) {
        _cleanup_(fetch_freep) Fetch *fetch = NULL;
        _cleanup_free_ char *url = NULL;
        int r;

        snprintf(ret->source, sizeof(ret->source), "the container's endpoint for keys");
        r = find_url(request->around, &url, ret);
        if (r != 0)
                return r;
        r = fetch_new(request, ret->source, &fetch);
        if (r < 0)
                return r;
        fetch->url = TAKE_PTR(url);
        r = fetch_begin(fetch, TRIES, send_request, on_answer);
        if (r >= 0)
                *ret_fetch = TAKE_PTR(fetch);
        return r < 0 ? r : 0;
}
