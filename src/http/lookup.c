/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "cleanup.h"
#include "clock-us.h"
#include "text.h"

/* How long an answer is as good as new; libcurl's own measure. Connections that are open already outlast it. */
#define FRESH_US USEC_PER_MINUTE

/* How long a lookup may take before older addresses are used instead: a resolver that is well answers within this. */
#define STALE_AFTER_US USEC_PER_SEC

typedef struct Addresses {
        size_t n;
        char text[LOOKUP_ADDRESSES_MAX][LOOKUP_ADDRESS_SIZE];
} Addresses;

/* What a thread says, in one write() to a pipe, which is all that it has in common with the loop. */
typedef struct Result {
        int error; /* getaddrinfo()'s */
        Addresses addresses;
} Result;

_Static_assert(sizeof(Result) <= PIPE_BUF, "a result could arrive in two parts");

/* Belongs to its thread. */
typedef struct Job {
        int fd;
        char host[];
} Job;

typedef struct Name {
        Lookups *lookups;
        char *host;
        Addresses addresses;         /* the last that were found */
        usec_t found_us;             /* when; CLOCK_MONOTONIC */
        char good[LOOKUP_ADDRESS_SIZE]; /* the one that was last connected to */
        sd_event_source *thread;     /* the end of its pipe; NULL: none looks */
        pthread_t thread_id;
        usec_t begun_us;             /* since when it looks */
        int error;                   /* of the last lookup */
        LookupQuery *queries;
        struct Name *next;
} Name;

struct LookupQuery {
        Name *name;
        sd_event_source *answer; /* due at once, or when patience ends */
        LookupHandler handler;
        void *userdata;
        LookupQuery *next;
};

struct Lookups {
        sd_event *event;
        Name *names; /* those of the configuration: a few */
};

static void add_address(Addresses *addresses, const struct addrinfo *info) {
        char text[INET6_ADDRSTRLEN];
        bool is_ipv6 = info->ai_family == AF_INET6;
        const void *address = is_ipv6 ? (const void *) &((const struct sockaddr_in6 *) (const void *) info->ai_addr)->sin6_addr
                                      : (const void *) &((const struct sockaddr_in *) (const void *) info->ai_addr)->sin_addr;

        if (addresses->n == LOOKUP_ADDRESSES_MAX || !inet_ntop(info->ai_family, address, text, sizeof(text)))
                return;
        snprintf(addresses->text[addresses->n++], LOOKUP_ADDRESS_SIZE, is_ipv6 ? "[%s]" : "%s", text);
}

static void *look_up(void *userdata) {
        _cleanup_free_ Job *job = userdata;
        _cleanup_close_ int fd = job->fd;
        const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
        struct addrinfo *found = NULL;
        Result result = { 0 };

        result.error = getaddrinfo(job->host, NULL, &hints, &found);
        if (result.error == 0) {
                for (const struct addrinfo *a = found; a; a = a->ai_next)
                        add_address(&result.addresses, a);
                freeaddrinfo(found);
        }
        (void) !write(fd, &result, sizeof(result)); /* where nobody listens any more this fails, and that is fine */
        return NULL;
}

/* A thread that gets no signal: those are the program's. */
static int start_thread(Job *job, pthread_t *ret) {
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(ret, NULL, look_up, job);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}

static void put_first(Addresses *addresses, size_t i) {
        char text[LOOKUP_ADDRESS_SIZE];

        memcpy(text, addresses->text[i], sizeof(text));
        memmove(addresses->text[1], addresses->text[0], i * sizeof(text));
        memcpy(addresses->text[0], text, sizeof(text));
}

/* The one that is known to be good goes first, if it is among them. */
static void prefer_good(Name *name) {
        for (size_t i = 0; i < name->addresses.n; i++)
                if (strcmp(name->addresses.text[i], name->good) == 0)
                        put_first(&name->addresses, i);
}

static void answer_all(const Name *name) {
        for (LookupQuery *query = name->queries; query; query = query->next)
                (void) sd_event_source_set_time(query->answer, 0);
}

static int on_found(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        Name *name = userdata;
        Result result;

        if (read(fd, &result, sizeof(result)) != (ssize_t) sizeof(result))
                result = (Result) { .error = EAI_AGAIN };
        name->thread = sd_event_source_disable_unref(name->thread);
        /* It has said all, and is about to end: glibc frees there what its resolver took. */
        pthread_join(name->thread_id, NULL);
        name->error = result.error;
        if (result.addresses.n > 0) {
                name->addresses = result.addresses;
                name->found_us = clock_us(CLOCK_MONOTONIC);
                prefer_good(name);
        }
        answer_all(name);
        return 0;
}

static int begin(Name *name) {
        _cleanup_close_ int read_fd = -1, write_fd = -1;
        _cleanup_free_ Job *job = malloc(sizeof(Job) + strlen(name->host) + 1);
        int fds[2], r;

        if (!job)
                return -ENOMEM;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        read_fd = fds[0];
        write_fd = fds[1];
        job->fd = write_fd;
        strcpy(job->host, name->host);

        r = sd_event_add_io(name->lookups->event, &name->thread, read_fd, EPOLLIN, on_found, name);
        if (r < 0)
                return r;
        r = sd_event_source_set_io_fd_own(name->thread, true);
        if (r >= 0) {
                TAKE_FD(read_fd);
                r = start_thread(job, &name->thread_id);
        }
        if (r < 0) {
                name->thread = sd_event_source_disable_unref(name->thread);
                return r;
        }
        TAKE_FD(write_fd);
        TAKE_PTR(job);
        name->begun_us = clock_us(CLOCK_MONOTONIC);
        return 0;
}

static Name *name_free(Name *name) {
        if (!name)
                return NULL;
        if (name->thread) /* it may hang; it needs nothing of ours */
                pthread_detach(name->thread_id);
        sd_event_source_disable_unref(name->thread);
        free(name->host);
        free(name);
        return NULL;
}

static Name *find_name(const Lookups *lookups, const char *host) {
        Name *name = lookups->names;

        while (name && strcasecmp(name->host, host) != 0)
                name = name->next;
        return name;
}

static Name *add_name(Lookups *lookups, const char *host) {
        Name *name = calloc(1, sizeof(Name));

        if (!name)
                return NULL;
        name->host = strdup(host);
        if (!name->host)
                return name_free(name);
        name->lookups = lookups;
        name->next = lookups->names;
        lookups->names = name;
        return name;
}

int lookups_new(sd_event *event, Lookups **ret) {
        Lookups *lookups = calloc(1, sizeof(Lookups));

        if (!lookups)
                return -ENOMEM;
        lookups->event = sd_event_ref(event);
        *ret = lookups;
        return 0;
}

Lookups *lookups_free(Lookups *lookups) {
        if (!lookups)
                return NULL;
        for (Name *next; lookups->names; lookups->names = next) {
                next = lookups->names->next;
                name_free(lookups->names);
        }
        sd_event_unref(lookups->event);
        free(lookups);
        return NULL;
}

static void say_why_not(const LookupQuery *query, char *buf, size_t size) {
        const Name *name = query->name;
        char span[SPAN_TEXT_MAX];

        if (name->thread)
                snprintf(buf, size, "no nameserver has answered for %s",
                         format_span(span, sizeof(span), usec_sub(clock_us(CLOCK_MONOTONIC), name->begun_us)));
        else
                snprintf(buf, size, "looking up its name failed: %s", gai_strerror(name->error));
}

static int on_answer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        LookupQuery *query = userdata;
        const Addresses *addresses = &query->name->addresses;
        char text[LOOKUP_TEXT_SIZE] = "", error[LOOKUP_ERROR_MAX] = "";

        for (size_t i = 0; i < addresses->n; i++)
                text_append(text, sizeof(text), "%s%s", i > 0 ? "," : "", addresses->text[i]);
        if (addresses->n == 0)
                say_why_not(query, error, sizeof(error));
        query->handler(addresses->n > 0 ? text : NULL, error, query->userdata); /* may have freed the query */
        return 0;
}

/* How long to wait for a lookup that is under way. */
static usec_t patience_us(const Name *name, usec_t timeout_us) {
        usec_t waited_us = usec_sub(clock_us(CLOCK_MONOTONIC), name->begun_us);

        return name->addresses.n > 0 ? MIN(timeout_us, usec_sub(STALE_AFTER_US, waited_us)) : timeout_us;
}

int lookup_ask(Lookups *lookups, const char *host, usec_t timeout_us, LookupHandler handler, void *userdata,
               LookupQuery **ret) {
        Name *name = find_name(lookups, host) ?: add_name(lookups, host);
        LookupQuery *query;
        bool is_fresh;
        int r;

        if (!name)
                return -ENOMEM;
        is_fresh = name->addresses.n > 0 && usec_sub(clock_us(CLOCK_MONOTONIC), name->found_us) < FRESH_US;
        if (!is_fresh && !name->thread) {
                r = begin(name);
                if (r < 0)
                        return r;
        }
        query = calloc(1, sizeof(LookupQuery));
        if (!query)
                return -ENOMEM;
        r = sd_event_add_time_relative(lookups->event, &query->answer, CLOCK_MONOTONIC,
                                       is_fresh ? 0 : patience_us(name, timeout_us), 1, on_answer, query);
        if (r < 0) {
                free(query);
                return r;
        }
        query->name = name;
        query->handler = handler;
        query->userdata = userdata;
        query->next = name->queries;
        name->queries = query;
        *ret = query;
        return 0;
}

LookupQuery *lookup_query_free(LookupQuery *query) {
        if (!query)
                return NULL;
        for (LookupQuery **p = &query->name->queries; *p; p = &(*p)->next)
                if (*p == query) {
                        *p = query->next;
                        break;
                }
        sd_event_source_disable_unref(query->answer);
        free(query);
        return NULL;
}

void lookup_was_good(Lookups *lookups, const char *host, const char *address) {
        Name *name = find_name(lookups, host);

        if (!name)
                return;
        snprintf(name->good, sizeof(name->good), strchr(address, ':') ? "[%s]" : "%s", address);
        prefer_good(name);
}

void lookup_was_bad(Lookups *lookups, const char *host) {
        Name *name = find_name(lookups, host);

        if (!name)
                return;
        name->good[0] = '\0';
        /* the last, for which there was the least time */
        if (name->addresses.n > 0)
                put_first(&name->addresses, name->addresses.n - 1);
}
