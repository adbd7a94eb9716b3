/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The metadata service of EC2 instances (IMDSv2): a token, the role's name, its keys.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html */

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "clock-us.h"
#include "fetch.h"
#include "foreign.h"
#include "key-json.h"
#include "metadata-answer.h"
#include "metadata-url.h"
#include "strv.h"
#include "text.h"

#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"
#define ENDPOINT_MODE "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
#define DISABLED "AWS_EC2_METADATA_DISABLED"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
#define SET_KEYS "set cloudlock_aws_key_id and cloudlock_aws_secret"

/* The longest that the service gives; it is asked for a new one a little earlier. */
#define TOKEN_TTL_S "21600"
#define TOKEN_US_MAX ((21600 - 60) * USEC_PER_SEC)

#define TRIES 2

static void get_role(Fetch *fetch);

static void forget_token(Surroundings *around) {
        around->metadata_token = secret_free(around->metadata_token);
}

static int request_path(Fetch *fetch, const char *method, const char *path, const Header *header) {
        _cleanup_free_ char *url = NULL;
        bool plain;
        int r;

        if (asprintf(&url, "%s%s", fetch->url, path) < 0)
                return url = NULL, -ENOMEM;
        r = metadata_url_check(METADATA_INSTANCE, url, &plain);
        if (r < 0)
                return r;
        return fetch_start(fetch, &(HttpRequest) {
                                          .method = method,
                                          .url = url,
                                          .headers = header,
                                          .n_headers = header ? 1 : 0,
                                          .plain = plain,
                                          .direct = true,
                                          .fresh = true,
                                          .connect_us = METADATA_CONNECT_US_MAX,
                                          .timeout_us = METADATA_ANSWER_US_MAX,
                                  });
}

/* Where else there could have been keys. */
static void describe_places(const Surroundings *around, size_t size, char *ret) {
        const Profile *p = around->profile;

        text_append(ret, size, "there are no AWS keys anywhere: looked in the configuration, systemd's credentials, the "
                    "environment, profile %.64s of %.80s and %.80s", p->name, p->credentials_path ?: "~/.aws/credentials",
                    p->config_path ?: "~/.aws/config");
        if (p->unreadable)
                text_append(ret, size, " (%.120s)", p->unreadable);
}

static void fail_without_service(Fetch *fetch) {
        char places[CREDENTIALS_ERROR_MAX] = "";

        describe_places(fetch->request.around, sizeof(places), places);
        fetch_fail(fetch, true, "%.400s, and no metadata service answers; " SET_KEYS, places);
}

static int send_probe(Fetch *fetch) {
        return request_path(fetch, NULL, ROLE_PATH, NULL);
}

/* A token does not get further than the hop limit; other answers do. */
static void on_probe(Fetch *fetch, const HttpAnswer *answer) {
        if (answer->status == 0)
                return fail_without_service(fetch);
        fetch_fail(fetch, false, "IMDS answers, but its token does not arrive, as in a container: raise the hop limit to 2 (aws ec2 "
                   "modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id …), or " SET_KEYS);
}

static int send_token(Fetch *fetch) {
        return request_path(fetch, "PUT", "/latest/api/token",
                            &(Header) { "x-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL_S });
}

static void fail_with_status(Fetch *fetch, const char *what, const HttpAnswer *answer, const char *remedy) {
        fetch_fail(fetch, answer->status >= 500, "IMDS answered %d when asked for %s%s", answer->status, what, remedy);
}

static void on_token(Fetch *fetch, const HttpAnswer *answer) {
        Surroundings *around = fetch->request.around;

        if (answer->status == 0 && answer->failure == HTTP_FAILURE_TIME)
                return fetch_step(fetch, 1, send_probe, on_probe);
        if (answer->status == 0)
                return fail_without_service(fetch);
        if (answer->status == 403)
                return fetch_fail(fetch, false, "IMDS answered 403: it is turned off for this instance; turn it on (aws ec2 "
                                  "modify-instance-metadata-options --http-endpoint enabled --instance-id …), or " SET_KEYS);
        if (answer->status != 200)
                return fail_with_status(fetch, "a token", answer, ": is it the metadata service of EC2? see " ENDPOINT);
        if (!metadata_token_is_sound(answer->body, answer->body_size))
                return fetch_fail(fetch, true, "IMDS answered with a token that is no word: see " ENDPOINT);
        forget_token(around);
        around->metadata_token = strdup(answer->body);
        if (!around->metadata_token)
                return fetch_fail(fetch, true, "IMDS can't be asked: %s", strerror(ENOMEM));
        around->metadata_token_until_us = clock_us(CLOCK_BOOTTIME) + TOKEN_US_MAX;
        fetch->token_is_fresh = true;
        get_role(fetch);
}

static void get_token(Fetch *fetch) {
        fetch_step(fetch, TRIES, send_token, on_token);
}

/* A token that is refused may be of before a restart of the service, or of the instance's copy. */
static bool get_token_again(Fetch *fetch, const HttpAnswer *answer) {
        if (answer->status != 401 || fetch->token_is_fresh)
                return false;
        forget_token(fetch->request.around);
        get_token(fetch);
        return true;
}

static int send_with_token(Fetch *fetch, const char *path) {
        const char *token = fetch->request.around->metadata_token;

        return request_path(fetch, NULL, path, &(Header) { "x-aws-ec2-metadata-token", token ?: "" });
}

static int send_keys(Fetch *fetch) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, ROLE_PATH "%s", fetch->role) < 0)
                return path = NULL, -ENOMEM;
        return send_with_token(fetch, path);
}

static void on_keys(Fetch *fetch, const HttpAnswer *answer) {
        char error[CREDENTIALS_ERROR_MAX];
        int r;

        if (get_token_again(fetch, answer))
                return;
        if (answer->status == 0)
                return fetch_fail(fetch, true, "IMDS does not give the keys of role %s: %s", fetch->role, answer->error);
        if (answer->status != 200)
                return fail_with_status(fetch, "the role's keys", answer, ": look at the role and its instance profile");
        r = key_json_parse(KEY_JSON_INSTANCE, answer->body, answer->body_size, &fetch->found.keys, &fetch->found.expires_s,
                           error);
        if (r < 0)
                return fetch_fail(fetch, true, "the answer of IMDS for role %s %s: look at the role's trust policy, which must let "
                                  "ec2.amazonaws.com assume it", fetch->role, r == -EINVAL ? error : strerror(-r));
        fetch->found.date_s = answer->date_s;
        fetch_done(fetch);
}

static int send_role(Fetch *fetch) {
        return send_with_token(fetch, ROLE_PATH);
}

static void on_role(Fetch *fetch, const HttpAnswer *answer) {
        size_t length;

        if (get_token_again(fetch, answer))
                return;
        if (answer->status == 0)
                return fetch_fail(fetch, true, "IMDS does not say which role this instance has: %s", answer->error);
        if (answer->status == 404 || (answer->status == 200 && answer->body_size == 0))
                return fetch_fail(fetch, false, "IMDS answered %d: this instance has no role attached; attach one or " SET_KEYS,
                                  answer->status);
        if (answer->status != 200)
                return fail_with_status(fetch, "the instance's role", answer, ": see " ENDPOINT);
        length = metadata_role_length(answer->body, answer->body_size);
        if (length == 0)
                return fetch_fail(fetch, true, "IMDS answered with a role's name that is none: see " ENDPOINT);
        free(fetch->role);
        fetch->role = strndup(answer->body, length);
        if (!fetch->role)
                return fetch_fail(fetch, true, "IMDS can't be asked: %s", strerror(ENOMEM));
        snprintf(fetch->found.source, sizeof(fetch->found.source), "the instance's role %.200s (IMDS)", fetch->role);
        fetch_step(fetch, TRIES, send_keys, on_keys);
}

static void get_role(Fetch *fetch) {
        fetch_step(fetch, TRIES, send_role, on_role);
}

/* 0; 1: it won't do, and ret->error says why. */
static int find_url(char *const *environment, char **ret_url, Found *ret) {
        const char *url = environment_get(environment, ENDPOINT), *mode = environment_get(environment, ENDPOINT_MODE) ?: "IPv4";
        bool plain;

        if (!url && strcasecmp(mode, "IPv4") != 0 && strcasecmp(mode, "IPv6") != 0)
                return snprintf(ret->error, sizeof(ret->error), ENDPOINT_MODE " is neither IPv4 nor IPv6: correct it"), 1;
        url = url ?: strcasecmp(mode, "IPv6") == 0 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
        if (metadata_url_check(METADATA_INSTANCE, url, &plain) < 0)
                return snprintf(ret->error, sizeof(ret->error), ENDPOINT " is refused: it must be an https URL, or an http one of %s",
                                metadata_addresses(METADATA_INSTANCE)), 1;
        *ret_url = strdup(url);
        if (!*ret_url)
                return -ENOMEM;
        for (char *end = *ret_url + strlen(*ret_url); end > *ret_url && end[-1] == '/';)
                *--end = '\0';
        return 0;
}

static bool is_disabled(char *const *environment) {
        const char *disabled = environment_get(environment, DISABLED);

        return disabled && strcasecmp(disabled, "true") == 0;
}

int instance_look(const FetchRequest *request, Found *ret, Fetch **ret_fetch) {
        Surroundings *around = request->around;
        _cleanup_(fetch_freep) Fetch *fetch = NULL;
        bool has_token = around->metadata_token && clock_us(CLOCK_BOOTTIME) < around->metadata_token_until_us;
        int r;

        snprintf(ret->source, sizeof(ret->source), "the instance's role (IMDS)");
        if (is_disabled(around->environment)) {
                describe_places(around, sizeof(ret->error), ret->error);
                text_append(ret->error, sizeof(ret->error), "; the metadata service is turned off by " DISABLED "; " SET_KEYS);
                return 1;
        }
        r = fetch_new(request, ret->source, &fetch);
        if (r < 0)
                return r;
        r = find_url(around->environment, &fetch->url, ret);
        if (r != 0)
                return r;
        r = has_token ? fetch_begin(fetch, TRIES, send_role, on_role) : fetch_begin(fetch, TRIES, send_token, on_token);
        if (r < 0)
                return r;
        *ret_fetch = TAKE_PTR(fetch);
        return 0;
}
