/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "answer.h"
#include "ask.h"
#include "client.h"
#include "clock-us.h"
#include "instances.h"
#include "show.h"
#include "status.h"
#include "strv.h"
#include "verbs.h"

int status_ask(const char *instance, json_object **ret_status) {
        _cleanup_reply_ VarlinkReply reply = {};
        int r = ask_daemon(instance, LOCK_INTERFACE ".Status", NULL, CALL_US_MAX, &reply);

        if (r != EXIT_DONE)
                return r;
        if (reply.error) {
                refusal_put(stderr, instance, "status", &reply);
                return EXIT_FAILED;
        }
        *ret_status = TAKE_PTR(reply.parameters);
        return EXIT_DONE;
}

int status_append(json_object *array, const char *instance, json_object *status) {
        _cleanup_json_ json_object *entry = status ? json_object_get(status) : json_object_new_object();

        if (!entry || json_put_string(entry, "instance", instance) < 0 ||
            json_put(entry, "daemonRunning", json_object_new_boolean(status != NULL)) < 0 ||
            json_object_array_add(array, entry) < 0)
                return -ENOMEM;
        entry = NULL;
        return 0;
}

int status_worse(int a, int b) {
        static const int order[] = { EXIT_FAILED, EXIT_NO_INSTANCE, EXIT_NOT_RUNNING };

        for (size_t i = 0; i < ELEMENTSOF(order); i++)
                if (a == order[i] || b == order[i])
                        return order[i];
        return EXIT_DONE;
}

static int show_all(const Options *options, char *const *instances) {
        _cleanup_json_ json_object *array = json_object_new_array();
        ShowStyle style = show_style(stdout);
        int result = EXIT_DONE;

        if (options->full)
                style.width = 0;
        if (!array)
                return -ENOMEM;
        for (char *const *i = instances; i && *i; i++) {
                _cleanup_json_ json_object *status = NULL;
                int one = status_ask(*i, &status);

                result = status_worse(result, one);
                if (one != EXIT_DONE && one != EXIT_NOT_RUNNING)
                        continue;
                if (options->json && status_append(array, *i, status) < 0)
                        return -ENOMEM;
                if (options->json)
                        continue;
                if (i != instances)
                        putchar('\n');
                if (status)
                        show_status(stdout, &style, status, clock_us(CLOCK_REALTIME));
                else
                        show_not_running(stdout, &style, *i);
        }
        if (options->json && answer_print(stdout, array, options->json) < 0)
                return -ENOMEM;
        return result;
}

int verb_status(const Options *options, char *const *args) {
        _cleanup_strv_ char **all = NULL;
        int r;

        if (!*args) {
                r = instances_list(&all);
                if (r < 0) {
                        fprintf(stderr, "Cannot list the instances of this host: %s\n", strerror(-r));
                        return EXIT_FAILED;
                }
                if (!all && !options->json) {
                        puts("No lock is configured on this host: " CONFIG_DIRECTORY "/*.conf is empty.");
                        return EXIT_DONE;
                }
                args = all;
        }
        r = show_all(options, args);
        if (r < 0) {
                fprintf(stderr, "%s\n", strerror(-r));
                return EXIT_FAILED;
        }
        return r;
}
