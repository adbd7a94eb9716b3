/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "answer.h"
#include "ask.h"
#include "client.h"
#include "clock-us.h"
#include "instances.h"
#include "status.h"
#include "strv.h"
#include "tenures.h"

/* An exit status; the array of changes. */
static int ask(const char *instance, json_object **ret) {
        _cleanup_json_ json_object *answer = NULL;
        json_object *changes;
        int r = ask_for(instance, "history", LOCK_INTERFACE ".History", NULL, CALL_US_MAX, &answer);

        if (r != EXIT_DONE)
                return r;
        changes = answer_array(answer, "changes");
        if (!changes) {
                fprintf(stderr, "%s: cloudlockd's answer has no changes in it.\n", instance);
                return EXIT_FAILED;
        }
        *ret = json_object_get(changes);
        return EXIT_DONE;
}

static int append(json_object *array, const char *instance, json_object *changes) {
        _cleanup_json_ json_object *entry = json_object_new_object();
        int r = entry ? json_put_string(entry, "instance", instance) : -ENOMEM;

        if (r >= 0)
                r = json_put(entry, "changes", json_object_get(changes));
        if (r >= 0 && json_object_array_add(array, entry) < 0)
                r = -ENOMEM;
        if (r >= 0)
                entry = NULL;
        return r;
}

static int show(const Options *options, const char *instance, json_object *changes, bool is_one_of_many, bool is_first) {
        ShowStyle style = show_style(stdout);

        if (options->full)
                style.width = 0;
        if (is_one_of_many && !options->no_legend)
                printf("%s%s:\n", is_first ? "" : "\n", instance);
        return tenures_put(stdout, &style, changes, clock_us(CLOCK_REALTIME), !options->no_legend);
}

/* An exit status, or -ENOMEM. */
static int show_all(const Options *options, char *const *instances) {
        _cleanup_json_ json_object *array = json_object_new_array();
        bool many = strv_length(instances) > 1;
        int result = EXIT_DONE, r = array ? 0 : -ENOMEM;

        for (char *const *i = instances; *i && r >= 0; i++) {
                _cleanup_json_ json_object *changes = NULL;
                int one = ask(*i, &changes);

                result = status_worse(result, one);
                if (one != EXIT_DONE)
                        continue;
                r = options->json ? append(array, *i, changes) : show(options, *i, changes, many, i == instances);
        }
        if (r >= 0 && options->json)
                r = answer_print(stdout, array, options->json);
        return r < 0 ? r : result;
}

int verb_history(const Options *options, char *const *args) {
        static char *const nothing[] = { NULL };
        _cleanup_strv_ char **all = NULL;
        int r = *args ? 0 : instances_list(&all);

        if (r >= 0)
                r = show_all(options, *args ? args : all ?: nothing);
        if (r < 0) {
                fprintf(stderr, "%s\n", strerror(-r));
                return EXIT_FAILED;
        }
        return r;
}
