/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define NOTIFY_TEXT_MAX 1024
#define JOURNAL_TEXT_MAX 4096
#define JOURNAL_MESSAGE_MAX 1024

static int send_datagram(const char *path, const char *text) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t length = strlen(path);

        if (fd < 0)
                return -errno;
        if (length >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, length);
        if (path[0] == '@')
                address.sun_path[0] = '\0'; /* an abstract name */
        if (sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *) &address,
                   (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length + (path[0] != '@'))) < 0)
                return -errno;
        return 0;
}

int notify_send(const char *format, ...) {
        const char *path = getenv("NOTIFY_SOCKET");
        char text[NOTIFY_TEXT_MAX];
        va_list ap;
        int r;

        if (!path || !*path)
                return 0;
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        r = send_datagram(path, text);
        return r < 0 ? r : 1;
}

/* By the stream that PID 1 has opened to the journal, sd-daemon(3). It is not waited for, and where it is none (ENOTSOCK) nothing
 * is written. */
static int send_plain(int priority, const char *message) {
        char line[JOURNAL_MESSAGE_MAX + 8];

        snprintf(line, sizeof(line), "<%d>%s\n", priority, message);
        return send(STDERR_FILENO, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int journal_send(const JournalEntry *entry) {
        char text[JOURNAL_TEXT_MAX] = "", message[JOURNAL_MESSAGE_MAX] = "";
        int r;

        /* A line break would begin another field. */
        text_append(message, sizeof(message), "%s", entry->message);
        for (char *p = message; (p = strchr(p, '\n'));)
                *p = ' ';
        text_append(text, sizeof(text), "MESSAGE=%s\nPRIORITY=%d\nMESSAGE_ID=%s\nSYSLOG_IDENTIFIER=%s\nCLOUDLOCK_INSTANCE=%s\n",
                    message, entry->priority, entry->message_id, program_invocation_short_name, entry->instance);
        if (entry->unit)
                text_append(text, sizeof(text), "UNIT=%s\n", entry->unit);
        if (entry->fields)
                text_append(text, sizeof(text), "%s", entry->fields);
        r = send_datagram(JOURNAL_SOCKET, text);
        return r < 0 ? send_plain(entry->priority, message) : 0;
}
