/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ask.h"

#include <errno.h>
#include <string.h>

#include "answer.h"
#include "client.h"
#include "instances.h"
#include "show.h"

#define VARLINK_SERVICE "org.varlink.service"

int ask_daemon(const char *instance, const char *method, json_object *parameters, usec_t timeout_us, VarlinkReply *ret) {
        char path[INSTANCE_PATH_MAX];
        int r;

        if (!instance_name_check(instance))
                return EXIT_NO_INSTANCE;
        /* Never by way of PID 1, which might start something: the socket is there only while the daemon is. */
        r = varlink_ask(instance_socket_path(path, instance), method, parameters, timeout_us, ret);
        if (r >= 0)
                return EXIT_DONE;
        if (r == -ETIME) {
                fprintf(stderr, "%s: cloudlockd does not answer: systemctl status cloudlock@%s.service. If it hangs, its\n"
                        "watchdog restarts it, and the target runs no longer than its lease.\n", instance, instance);
                return EXIT_FAILED;
        }
        if (r != -ENOENT && r != -ECONNREFUSED) {
                fprintf(stderr, "%s: no proper answer from cloudlockd on %s: %s\n", instance, path, strerror(-r));
                return EXIT_FAILED;
        }
        if (instance_is_configured(instance))
                return EXIT_NOT_RUNNING;
        fprintf(stderr, "%s: there is no such instance: " CONFIG_DIRECTORY "/%s.conf is missing.\n", instance, instance);
        return EXIT_NO_INSTANCE;
}

static bool is_error(const VarlinkReply *reply, const char *interface, const char *name) {
        size_t length = strlen(interface);

        return strncmp(reply->error, interface, length) == 0 && reply->error[length] == '.' &&
               strcmp(reply->error + length + 1, name) == 0;
}

static bool is_of_permission(const VarlinkReply *reply) {
        return is_error(reply, VARLINK_SERVICE, "PermissionDenied") ||
               is_error(reply, LOCK_INTERFACE, "PermissionDenied") ||
               is_error(reply, LOCK_INTERFACE, "InteractiveAuthenticationRequired");
}

void refusal_put(FILE *out, const char *instance, const char *verb, const VarlinkReply *reply) {
        const char *message = reply->parameters ? answer_text(reply->parameters, "message") : NULL;

        fprintf(out, "%s: ", instance);
        if (is_of_permission(reply)) {
                fprintf(out, "You are not allowed to %s this lock. Run it as root (sudo cloudlockctl %s %s), or have polkit\n"
                        "allow you the action org.cloudlock1.manage.\n", verb, verb, instance);
        } else if (is_error(reply, VARLINK_SERVICE, "MethodNotFound") ||
                   is_error(reply, VARLINK_SERVICE, "MethodNotImplemented")) {
                fprintf(out, "The cloudlockd that runs here knows no '%s': it is an older one. Restart it, which leaves the\n"
                        "target running: systemctl restart cloudlock@%s.service\n", verb, instance);
        } else {
                show_safely(out, message ?: reply->error);
                fputc('\n', out);
        }
}

int ask_for(const char *instance, const char *verb, const char *method, json_object *parameters, usec_t timeout_us,
            json_object **ret) {
        _cleanup_reply_ VarlinkReply reply = {};
        int r = ask_daemon(instance, method, parameters, timeout_us, &reply);

        if (r == EXIT_NOT_RUNNING)
                fprintf(stderr, "%s: cloudlockd does not run: systemctl start cloudlock@%s.service\n", instance, instance);
        if (r != EXIT_DONE)
                return r;
        if (reply.error) {
                refusal_put(stderr, instance, verb, &reply);
                return EXIT_FAILED;
        }
        *ret = TAKE_PTR(reply.parameters);
        return EXIT_DONE;
}
