/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "core-dump.h"
#include "daemon.h"
#include "endpoint.h"
#include "file.h"
#include "log.h"
#include "parse.h"
#include "place-find.h"
#include "proxy.h"
#include "text.h"

#define CONFIG_DIRECTORY "/etc/cloudlock"
#define STATE_DIRECTORY "/var/lib/cloudlock"
#define PATH_SIZE 512
#define HOST_NAME_SIZE 256
#define CHOICE_ERROR_MAX 1024

_Static_assert(PLACE_FIND_ERROR_MAX <= CHOICE_ERROR_MAX && PROXY_ERROR_MAX <= CHOICE_ERROR_MAX, "a sentence could be cut");

static int help(void) {
        printf("cloudlockd [--dry-run] INSTANCE\n\n"
               "Leads the lock of /etc/cloudlock/INSTANCE.conf and runs its target while it is held.\n"
               "Started by cloudlock@INSTANCE.service.\n\n"
               "     --dry-run   Look, and say what would be done; write, start and stop nothing\n"
               "  -h --help      Show this help\n"
               "     --version   Show the version\n\n"
               "See cloudlockd(8) and cloudlock.conf(5).\n");
        return EXIT_SUCCESS;
}

/* PID 1 hands the file over as a credential, so that it may stay root's alone. */
static int read_config_file(const char *instance, const char *file_name, char **ret, size_t *ret_size) {
        const char *credentials = getenv("CREDENTIALS_DIRECTORY");
        char path[PATH_SIZE];
        int r;

        if (credentials)
                snprintf(path, sizeof(path), "%s/config", credentials);
        else
                snprintf(path, sizeof(path), "%s", file_name);
        r = read_small_file(path, CONFIG_SIZE_MAX, ret, ret_size);
        if (r < 0)
                log_entry(LOG_ERR, MESSAGE_CONFIG, "%s: %s; it holds the configuration of instance %s, see cloudlock.conf(5)",
                          path, strerror(-r), instance);
        return r;
}

static int load_config(const char *instance, Config **ret) {
        _cleanup_secret_ char *data = NULL;
        char file_name[PATH_SIZE], host_name[HOST_NAME_SIZE] = "", warnings[CONFIG_ERROR_MAX] = "";
        ConfigInput input = {
                .instance = instance, .file_name = file_name, .environment = environ, .host_name = host_name,
        };
        ConfigError error;
        int r;

        snprintf(file_name, sizeof(file_name), CONFIG_DIRECTORY "/%s.conf", instance);
        r = read_config_file(instance, file_name, &data, &input.size);
        if (r < 0)
                return r;
        input.data = data;
        /* Without one the configuration says what to do. */
        (void) gethostname(host_name, sizeof(host_name) - 1);
        r = config_parse(&input, ret, &error);
        if (r == -EINVAL)
                log_entry(LOG_ERR, MESSAGE_CONFIG, "%s", error.text);
        else if (r < 0)
                log_entry(LOG_ERR, MESSAGE_CONFIG, "Reading %s failed: %s", file_name, strerror(-r));
        if (r < 0)
                return r;
        config_warnings(*ret, warnings, sizeof(warnings));
        for (char *rest = warnings, *line; (line = strsep(&rest, "\n")) && *line;)
                log_entry(LOG_WARNING, MESSAGE_CONFIG, "%s", line);
        return 0;
}

/* The store sees to the proxy; here a wrong one is told of, and with its words. */
static int check_proxy(const Config *config, const Place *place, char error[static PROXY_ERROR_MAX]) {
        _cleanup_proxy_ Proxy proxy = {};
        Endpoint endpoint;
        int r = endpoint_parse(place->endpoint, &endpoint);

        return r < 0 ? r : proxy_read(config->aws_environment, endpoint.authority, endpoint.plain, &proxy, error);
}

/* Beside the file, AWS's variables and the profile have a say. */
static int choose_place(const Config *config, Profile **ret_profile, Place *ret) {
        _cleanup_profile_ Profile *profile = NULL;
        char error[CHOICE_ERROR_MAX];
        int r = place_find(&(PlaceInput) {
                                   .region = config->region,
                                   .endpoint = config->endpoint,
                                   .environment = config->aws_environment,
                           }, &profile, ret, error);

        if (r >= 0)
                r = check_proxy(config, ret, error);
        if (r == -EINVAL)
                log_entry(LOG_ERR, MESSAGE_CONFIG, "%s", error);
        else if (r < 0)
                log_entry(LOG_ERR, MESSAGE_CONFIG, "Looking for the region, the endpoint and the proxy failed: %s", strerror(-r));
        if (r < 0)
                return r;
        *ret_profile = TAKE_PTR(profile);
        return 0;
}

/* What is refused stays so until somebody edits it (RestartPreventExitStatus=CONFIG); for what the host lacks at the moment
 * that would be an end for good. */
static int config_status(int error) {
        switch (error) {
        case -ENOMEM:
        case -EMFILE:
        case -ENFILE:
        case -EIO:
                return EXIT_FAILURE;
        default:
                return EX_CONFIG;
        }
}

static int block_signals(void) {
        sigset_t signals;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return -errno;
        return sigprocmask(SIG_BLOCK, &signals, NULL) < 0 ? -errno : 0;
}

static int run(const DaemonInput *input) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(daemon_freep) Daemon *daemon = NULL;
        int r = block_signals();

        if (r >= 0)
                r = sd_event_new(&event);
        if (r >= 0) {
                r = daemon_new(input, event, &daemon);
                if (r < 0)
                        return r;
                r = sd_event_loop(event);
        }
        if (r < 0)
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "Ending: %s", strerror(-r));
        return r;
}

/* By hand there is no STATE_DIRECTORY=, where it says whether this host is paused. And whoever reads the journal for
 * what the daemon does hears nothing of a dry run, nor does PID 1. */
static int prepare_dry_run(const char *instance) {
        static const char *const services[] = { "JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_USEC" };
        char path[PATH_SIZE];

        for (size_t i = 0; i < ELEMENTSOF(services); i++)
                unsetenv(services[i]);
        snprintf(path, sizeof(path), STATE_DIRECTORY "/%s", instance);
        return setenv("STATE_DIRECTORY", path, false) < 0 ? -errno : 0;
}

static int parse_arguments(int argc, char **argv, const char **ret_instance, bool *ret_dry_run) {
        static const struct option options[] = {
                { "dry-run", no_argument, NULL, 'd' }, { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' }, {},
        };
        bool dry_run = false;
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                if (c == 'h')
                        exit(help());
                if (c == 'V') {
                        puts("cloudlockd " PACKAGE_VERSION);
                        exit(EXIT_SUCCESS);
                }
                if (c != 'd')
                        return -EINVAL;
                dry_run = true;
        }
        if (argc - optind != 1 || !instance_name_is_valid(argv[optind])) {
                fprintf(stderr, "cloudlockd: expected one INSTANCE, as in /etc/cloudlock/INSTANCE.conf. Try --help.\n");
                return -EINVAL;
        }
        *ret_instance = argv[optind];
        *ret_dry_run = dry_run;
        return 0;
}

int main(int argc, char **argv) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_profile_ Profile *profile = NULL;
        DaemonInput input = {};
        const char *instance;
        Place place;
        bool dry_run;
        int n_fds, r;

        if (parse_arguments(argc, argv, &instance, &dry_run) < 0)
                return EX_USAGE;
        log_instance(instance);
        r = dry_run ? prepare_dry_run(instance) : 0;
        if (r < 0) {
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "Preparing the dry run failed: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        r = core_dump_forbid();
        if (r < 0) {
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "Forbidding core dumps, which could hold AWS keys, failed: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        n_fds = sd_listen_fds(1);
        if (n_fds < 0) {
                /* Whoever connects to a socket that nobody serves waits for ever. */
                log_entry(LOG_ERR, MESSAGE_PROGRAM, "Taking over the control socket failed: %s", strerror(-n_fds));
                return EXIT_FAILURE;
        }
        r = load_config(instance, &config);
        if (r >= 0)
                r = choose_place(config, &profile, &place);
        if (r < 0)
                return config_status(r);
        input = (DaemonInput) {
                .config = config,
                .place = &place,
                .ca_bundle = profile->ca_bundle,
                .listen_fd = n_fds > 0 && !dry_run ? SD_LISTEN_FDS_START : -1,
                .dry_run = dry_run,
        };
        return run(&input) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
