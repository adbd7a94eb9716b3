/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "authority.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cleanup.h"

#define ACTION "org.cloudlock1.manage"
#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE POLKIT_NAME ".Authority"
#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define ALLOW_USER_INTERACTION 1u

/* The bus itself answers at once; polkit may have to be started first. */
#define ANSWER_US_MAX (10 * USEC_PER_SEC)
/* A person types a password. */
#define PERSON_US_MAX (2 * USEC_PER_MINUTE)

/* Open questions to polkit, all in all and of one user: root needs none, so that nobody keeps it out. */
#define CHECKS_MAX 32
#define CHECKS_UID_MAX 8
/* With those to the bus about who a caller is. */
#define CHECKS_OPEN_MAX 128

struct AuthorityCheck {
        Authority *authority;
        AuthorityCheck *next, **place; /* in the authority's list */
        OperationCaller caller;
        char *sender;
        const char *verb;
        bool asks_polkit;
        sd_bus_slot *slot;
        AuthorityHandler handler;
        void *userdata;
};

struct Authority {
        const char *instance;
        sd_bus *bus;
        AuthorityCheck *checks;
};

int authority_new(const char *instance, Authority **ret) {
        Authority *authority = calloc(1, sizeof(*authority));

        if (!authority)
                return -ENOMEM;
        authority->instance = instance;
        *ret = authority;
        return 0;
}

Authority *authority_free(Authority *authority) {
        if (!authority)
                return NULL;
        sd_bus_unref(authority->bus);
        free(authority);
        return NULL;
}

AuthorityCheck *authority_check_free(AuthorityCheck *check) {
        if (!check)
                return NULL;
        if (check->place)
                *check->place = check->next;
        if (check->next)
                check->next->place = check->place;
        sd_bus_slot_unref(check->slot);
        closep(&check->caller.pidfd);
        free(check->sender);
        free(check);
        return NULL;
}

static void authority_check_freep(AuthorityCheck **c) {
        authority_check_free(*c);
}

/* The handler frees the check. */
static void say(AuthorityCheck *check, AuthorityVerdict verdict) {
        check->handler(verdict, check->caller.uid, check->userdata);
}

void authority_set_bus(Authority *authority, sd_bus *bus) {
        while (authority->checks)
                say(authority->checks, AUTHORITY_SILENT);
        sd_bus_unref(authority->bus);
        authority->bus = sd_bus_ref(bus);
}

static bool is_room(const Authority *authority, uid_t uid) {
        size_t n = 0, n_uid = 0;

        for (const AuthorityCheck *c = authority->checks; c; c = c->next) {
                n += c->asks_polkit;
                n_uid += c->asks_polkit && c->caller.uid == uid;
        }
        return n < CHECKS_MAX && n_uid < CHECKS_UID_MAX;
}

static int on_verdict(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        AuthorityCheck *check = userdata;
        int allowed = false, challenge = false;

        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
            sd_bus_message_read(reply, "bb", &allowed, &challenge) < 0)
                say(check, AUTHORITY_SILENT);
        else
                say(check, allowed ? AUTHORITY_ALLOWED : challenge ? AUTHORITY_CHALLENGE : AUTHORITY_DENIED);
        return 0;
}

/* polkit takes the pidfd since 124 and passes over it before. It looks up a start time of 0 by itself: we do not see other
 * users' processes. It compares the process's user with `uid`. */
static int append_process(sd_bus_message *m, const OperationCaller *caller) {
        int r = sd_bus_message_open_container(m, 'r', "sa{sv}");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", "unix-process");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}", "pid", "u", (uint32_t) caller->pid, "start-time", "t",
                                          UINT64_C(0), "uid", "i", (int32_t) caller->uid);
        if (r >= 0 && caller->pidfd >= 0)
                r = sd_bus_message_append(m, "{sv}", "pidfd", "h", caller->pidfd);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_subject(sd_bus_message *m, const AuthorityCheck *check) {
        if (check->sender)
                return sd_bus_message_append(m, "(sa{sv})", "system-bus-name", 1, "name", "s", check->sender);
        return append_process(m, &check->caller);
}

static int ask_polkit(AuthorityCheck *check) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        Authority *authority = check->authority;
        bool interactive = check->caller.interactive;
        int r;

        check->slot = sd_bus_slot_unref(check->slot);
        if (!is_room(authority, check->caller.uid))
                return -EBUSY;
        r = sd_bus_message_new_method_call(authority->bus, &m, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                                           "CheckAuthorization");
        if (r >= 0)
                r = append_subject(m, check);
        if (r >= 0)
                r = sd_bus_message_append(m, "sa{ss}us", ACTION, 2, "instance", authority->instance, "verb", check->verb,
                                          interactive ? ALLOW_USER_INTERACTION : 0, "");
        if (r >= 0)
                r = sd_bus_call_async(authority->bus, &check->slot, m, on_verdict, check,
                                      interactive ? PERSON_US_MAX : ANSWER_US_MAX);
        if (r < 0)
                return r;
        check->asks_polkit = true;
        return 0;
}

static int on_user(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        AuthorityCheck *check = userdata;
        uint32_t uid;

        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "u", &uid) < 0) {
                say(check, AUTHORITY_SILENT);
                return 0;
        }
        check->caller.uid = uid;
        if (uid == 0)
                say(check, AUTHORITY_ALLOWED);
        else if (ask_polkit(check) < 0)
                say(check, AUTHORITY_SILENT);
        return 0;
}

/* sd_bus_query_sender_creds() would wait for the answer. */
static int ask_user(AuthorityCheck *check) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus *bus = check->authority->bus;
        int r = sd_bus_message_new_method_call(bus, &m, BUS_NAME, BUS_PATH, BUS_NAME, "GetConnectionUnixUser");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", check->sender);
        return r < 0 ? r : sd_bus_call_async(bus, &check->slot, m, on_user, check, ANSWER_US_MAX);
}

static int check_new(Authority *authority, const OperationCaller *caller, const char *verb, AuthorityCheck **ret) {
        _cleanup_(authority_check_freep) AuthorityCheck *check = calloc(1, sizeof(*check));

        if (!check)
                return -ENOMEM;
        check->authority = authority;
        check->caller = *caller;
        check->caller.sender = NULL;
        check->caller.pidfd = caller->pidfd >= 0 ? fcntl(caller->pidfd, F_DUPFD_CLOEXEC, 3) : -1;
        check->verb = verb;
        if (caller->sender) {
                check->sender = strdup(caller->sender);
                if (!check->sender)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(check);
        return 0;
}

static void check_link(AuthorityCheck *check) {
        AuthorityCheck **head = &check->authority->checks;

        check->next = *head;
        check->place = head;
        if (check->next)
                check->next->place = &check->next;
        *head = check;
}

static size_t count_checks(const Authority *authority) {
        size_t n = 0;

        for (const AuthorityCheck *c = authority->checks; c; c = c->next)
                n++;
        return n;
}

int authority_check(Authority *authority, const OperationCaller *caller, const char *verb, AuthorityHandler handler,
                    void *userdata, AuthorityVerdict *ret_verdict, AuthorityCheck **ret) {
        _cleanup_(authority_check_freep) AuthorityCheck *check = NULL;
        int r;

        *ret_verdict = caller->uid == 0 ? AUTHORITY_ALLOWED : AUTHORITY_SILENT;
        if (caller->uid == 0 || !authority->bus || count_checks(authority) >= CHECKS_OPEN_MAX)
                return 1;
        r = check_new(authority, caller, verb, &check);
        if (r < 0)
                return r;
        check->handler = handler;
        check->userdata = userdata;
        r = caller->sender ? ask_user(check) : ask_polkit(check);
        if (r < 0)
                return 1;
        check_link(check);
        *ret = TAKE_PTR(check);
        return 0;
}
