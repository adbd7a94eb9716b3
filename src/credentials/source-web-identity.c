/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "endpoint.h"
#include "fetch.h"
#include "files.h"
#include "strv.h"
#include "sts-xml.h"
#include "text.h"
#include "web-identity.h"

/* STS takes 20,000 characters. */
#define TOKEN_SIZE_MAX ((size_t) 20000)

#define TRIES 3
#define STS_US_MAX (5 * USEC_PER_SEC)
#define SESSION_NAME "cloudlock" /* shown in CloudTrail */

/* The three settings, and what the operator calls them. */
typedef struct WebIdentity {
        const char *token_file, *role_arn, *session_name;
        const char *token_file_name, *role_arn_name;
} WebIdentity;

bool web_identity_is_configured(const Surroundings *around) {
        return environment_get(around->environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
}

static WebIdentity find_web_identity(const Surroundings *around) {
        const Profile *profile = around->profile;

        if (web_identity_is_configured(around))
                return (WebIdentity) {
                        .token_file = environment_get(around->environment, "AWS_WEB_IDENTITY_TOKEN_FILE"),
                        .role_arn = environment_get(around->environment, "AWS_ROLE_ARN"),
                        .session_name = environment_get(around->environment, "AWS_ROLE_SESSION_NAME"),
                        .token_file_name = "AWS_WEB_IDENTITY_TOKEN_FILE",
                        .role_arn_name = "AWS_ROLE_ARN",
                };
        return (WebIdentity) {
                .token_file = profile->web_identity_token_file,
                .role_arn = profile->role_arn,
                .session_name = profile->role_session_name,
                .token_file_name = "web_identity_token_file",
                .role_arn_name = "role_arn",
        };
}

/* STS's reference, and its page on common errors. */
static const struct {
        const char *code, *remedy;
        bool of_token; /* the remedy goes on with the token's setting, not with the role's */
} remedies[] = {
        { "AccessDenied", "let the role's trust policy allow sts:AssumeRoleWithWebIdentity to the token's subject, or correct",
          false },
        { "ValidationError", "correct", false },
        { "ExpiredTokenException", "have a new token written to the file of", true },
        { "InvalidIdentityToken", "register the token's issuer with IAM, or have another token written to the file of", true },
};

static void describe_refusal(const Fetch *fetch, const char *code, const char *message,
                             char ret_error[static CREDENTIALS_ERROR_MAX]) {
        ret_error[0] = '\0';
        text_append(ret_error, CREDENTIALS_ERROR_MAX, "STS refuses %s: %s: %s", fetch->found.source, code, message);
        for (size_t i = 0; i < ELEMENTSOF(remedies); i++)
                if (strcmp(code, remedies[i].code) == 0)
                        text_append(ret_error, CREDENTIALS_ERROR_MAX, "; %s %s", remedies[i].remedy,
                                    remedies[i].of_token ? fetch->token_file_name : fetch->role_arn_name);
}

/* By STS's reference; what is not named there is worth another try only where the server is at fault. */
static bool is_transient(int status, const char *code) {
        return status >= 500 || strcmp(code, "IDPCommunicationError") == 0 || strncmp(code, "Throttl", strlen("Throttl")) == 0;
}

static void on_answer(Fetch *fetch, const HttpAnswer *answer) {
        char code[STS_CODE_MAX + 1], message[HTTP_ERROR_MAX], error[CREDENTIALS_ERROR_MAX];
        int r;

        if (answer->status == 0)
                return fetch_fail(fetch, true, "STS does not answer for %s: %s", fetch->found.source, answer->error);
        if (answer->status != 200) {
                sts_xml_error(answer->body, answer->body_size, code, sizeof(message), message);
                if (!*code)
                        return fetch_fail(fetch, true, "STS answers with HTTP status %d for %s: is it STS? see "
                                          "AWS_ENDPOINT_URL_STS", answer->status, fetch->found.source);
                describe_refusal(fetch, code, message, error);
                return fetch_fail(fetch, is_transient(answer->status, code), "%s", error);
        }
        r = sts_xml_keys(answer->body, answer->body_size, &fetch->found.keys, &fetch->found.expires_s, error);
        if (r < 0)
                return fetch_fail(fetch, true, "the answer of STS for %s %s", fetch->found.source,
                                  r == -EINVAL ? error : strerror(-r));
        fetch->found.date_s = answer->date_s;
        fetch_done(fetch);
}

static int complain_of_token(Fetch *fetch, int error) {
        snprintf(fetch->found.error, sizeof(fetch->found.error), "the token %.200s, which %s names, %s; let the user cloudlock "
                 "read it", fetch->token_file, fetch->token_file_name,
                 error == -EBADMSG ? "is empty, or holds something else" : strerror(-error));
        fetch->found.transient = true; /* it is written by somebody else, who may be late */
        return 1;
}

static int send_request(Fetch *fetch) {
        _cleanup_secret_ char *token = NULL, *body = NULL;
        const Header headers[] = {
                { "content-type", "application/x-www-form-urlencoded; charset=utf-8" }, { "accept", "text/xml" },
        };
        int r = files_read_line(fetch->token_file, TOKEN_SIZE_MAX, &token);

        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return complain_of_token(fetch, r);
        r = sts_body(fetch->role, fetch->session_name, token, &body);
        if (r < 0)
                return r;
        return fetch_start(fetch, &(HttpRequest) {
                                          .method = "POST",
                                          .url = fetch->url,
                                          .headers = headers,
                                          .n_headers = ELEMENTSOF(headers),
                                          .body = body,
                                          .body_size = strlen(body),
                                          .plain = strncmp(fetch->url, "http://", strlen("http://")) == 0,
                                          .timeout_us = STS_US_MAX,
                                  });
}

static int find_url(const Surroundings *around, char **ret, Found *ret_found) {
        char url[STS_URL_MAX];
        Endpoint endpoint;
        int r = sts_endpoint(around->region, around->environment, around->profile, url, ret_found->error);

        if (r < 0)
                return 1;
        if (endpoint_parse(url, &endpoint) < 0) {
                snprintf(ret_found->error, sizeof(ret_found->error), "%.200s is no address of STS: it takes https://HOST[:PORT]; "
                         "correct AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, or endpoint_url of sts in the profile", url);
                return 1;
        }
        if (asprintf(ret, "%s/", url) < 0)
                return *ret = NULL, -ENOMEM;
        return 0;
}

/* What changes meanwhile in the profile is for the next time. */
static int copy_settings(const WebIdentity *identity, Fetch *fetch) {
        fetch->role = strdup(identity->role_arn);
        fetch->token_file = strdup(identity->token_file);
        fetch->session_name = strdup(identity->session_name ?: SESSION_NAME);
        fetch->token_file_name = identity->token_file_name;
        fetch->role_arn_name = identity->role_arn_name;
        return fetch->role && fetch->token_file && fetch->session_name ? 0 : -ENOMEM;
}

int web_identity_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch) {
        WebIdentity identity = find_web_identity(request->around);
        _cleanup_(fetch_freep) Fetch *fetch = NULL;
        int r;

        snprintf(ret->source, sizeof(ret->source), "the role %.200s (web identity)", identity.role_arn ?: "of the token");
        if (!identity.role_arn) {
                snprintf(ret->error, sizeof(ret->error), "%s is set and %s is not: set both, or neither",
                         identity.token_file_name, identity.role_arn_name);
                return 1;
        }
        r = fetch_new(request, ret->source, &fetch);
        if (r >= 0)
                r = copy_settings(&identity, fetch);
        if (r >= 0)
                r = find_url(request->around, &fetch->url, ret);
        if (r == 0)
                r = fetch_begin(fetch, TRIES, send_request, on_answer);
        if (r == 0)
                *ret_fetch = TAKE_PTR(fetch);
        return r;
}
