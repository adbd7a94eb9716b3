/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For test-credentials.py: the chain of credentials, with this program's environment.
 *
 *     credentials-probe ask        standard input has lines "ask MS", "refused", "elapse SECONDS" and "set-clock SECONDS", which
 *                                  shift CLOCK_BOOTTIME and CLOCK_REALTIME; the answer to a question is a line: key, secret,
 *                                  token, 1 if an error is transient, source, error; separated by tabs
 *     credentials-probe profile    the profile's key, secret, token, process and region, one a line
 *     credentials-probe words TEXT its words, one a line */

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "cleanup.h"
#include "credentials.h"
#include "profile.h"
#include "strv.h"
#include "words.h"

typedef struct Probe {
        sd_event *event;
        Credentials *credentials;
        CredentialsQuery *query;
} Probe;

static time_t boottime_shift_s, realtime_shift_s;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __real_clock_gettime(clockid_t clock, struct timespec *ret);

/* The event loop keeps the true time: its timers do not leap. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
        int r = __real_clock_gettime(clock, ret);

        ret->tv_sec += clock == CLOCK_BOOTTIME ? boottime_shift_s : clock == CLOCK_REALTIME ? realtime_shift_s : 0;
        return r;
}

static int say(const char *line) {
        printf("%s\n", line);
        return fflush(stdout);
}

static const char *shown(const char *text) {
        return text ?: "-";
}

static void on_answer(const CredentialsAnswer *answer, void *userdata) {
        const Keys *keys = answer->keys ?: &(Keys) { 0 };
        Probe *probe = userdata;

        printf("%s\t%s\t%s\t%d\t%s\t%s\n", shown(keys->key_id), shown(keys->secret), shown(keys->session_token),
               answer->transient, answer->source, answer->error);
        fflush(stdout);
        probe->query = credentials_query_free(probe->query);
}

/* NULL: the line is another command. */
static const char *number_after(const char *line, const char *command) {
        size_t length = strlen(command);

        return strncmp(line, command, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

static int on_command(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        Probe *probe = userdata;
        const char *number;
        char line[64];
        ssize_t n = read(fd, line, sizeof(line) - 1);

        if (n <= 0)
                return sd_event_exit(probe->event, 0);
        line[n] = '\0';
        if ((number = number_after(line, "ask")))
                return credentials_ask(probe->credentials, strtoul(number, NULL, 10) * USEC_PER_MSEC, on_answer, probe,
                                       &probe->query);
        if ((number = number_after(line, "elapse")))
                boottime_shift_s += strtol(number, NULL, 10);
        else if ((number = number_after(line, "set-clock")))
                realtime_shift_s = strtol(number, NULL, 10);
        else
                credentials_refused(probe->credentials);
        return say("done");
}

static int ask(void) {
        CredentialsConfig config = {
                .key_id = getenv("cloudlock_aws_key_id"),
                .secret = getenv("cloudlock_aws_secret"),
                .directory = getenv("CREDENTIALS_DIRECTORY"),
                .environment = environ,
                .region = "eu-central-1",
        };
        Probe probe = { 0 };
        Http *http = NULL;
        int r = sd_event_new(&probe.event);

        if (r >= 0)
                r = http_new(probe.event, &(HttpOptions) { .proxy = environment_get(environ, "HTTPS_PROXY") }, &http);
        if (r >= 0)
                r = credentials_new(probe.event, http, &config, &probe.credentials);
        if (r >= 0)
                r = sd_event_add_io(probe.event, NULL, STDIN_FILENO, EPOLLIN, on_command, &probe);
        if (r >= 0)
                r = sd_event_loop(probe.event);
        credentials_query_free(probe.query);
        credentials_free(probe.credentials);
        http_free(http);
        sd_event_unref(probe.event);
        return r;
}

static int show_profile(void) {
        _cleanup_profile_ Profile *p = NULL;
        char error[CREDENTIALS_ERROR_MAX];
        int r = profile_load(environ, &p, error);

        if (r < 0)
                return printf("%s\n", error), 0;
        printf("%s\n%s\n%s\n%s\n%s\n", shown(p->key_id), shown(p->secret), shown(p->session_token),
               shown(p->credential_process), shown(p->region));
        return 0;
}

static int show_words(const char *text) {
        _cleanup_strv_ char **words = NULL;
        int r = words_split(text, &words);

        for (char **w = words; r >= 0 && w && *w; w++)
                printf("%s\n", *w);
        return r;
}

int main(int argc, char *argv[]) {
        int r = -1;

        if (argc == 2 && strcmp(argv[1], "ask") == 0)
                r = ask();
        else if (argc == 2 && strcmp(argv[1], "profile") == 0)
                r = show_profile();
        else if (argc == 3 && strcmp(argv[1], "words") == 0)
                r = show_words(argv[2]);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
