/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "strv.h"
#include "text.h"

/* The command begins at once, unless nobody reads its output any more: then opening that blocks. */
#define START_S 30

#define UNIT_HEADER                                                                        \
        "# Written by \"cloudlockctl run %1$s\", which removes it when the command is over.\n" \
        "[Unit]\n"                                                                         \
        "Description=Command of \"cloudlockctl run %1$s\"\n"                                 \
        "Documentation=man:cloudlockctl(1)\n"

/* A text that grows; what is in it is freed by the caller. */
typedef struct Stream {
        FILE *file;
        char *text;
        size_t size;
} Stream;

static int stream_open(Stream *stream) {
        stream->file = open_memstream(&stream->text, &stream->size);
        return stream->file ? 0 : -ENOMEM;
}

static void stream_done(Stream *stream) {
        if (stream->file)
                fclose(stream->file);
        secret_free(stream->text);
}

static int stream_finish(Stream *stream, char **ret) {
        bool failed = ferror(stream->file) != 0;

        if (fclose(TAKE_PTR(stream->file)) != 0 || failed)
                return -ENOMEM;
        *ret = TAKE_PTR(stream->text);
        return 0;
}

/* Three digits, so that a digit that follows is none of it. */
static void put_quoted_byte(FILE *out, unsigned char byte) {
        if (byte == '"' || byte == '\\')
                fprintf(out, "\\%c", byte);
        else if (byte == '%')
                fputs("%%", out);
        else if (byte < ' ' || byte == 0x7f)
                fprintf(out, "\\%03o", byte);
        else
                fputc(byte, out);
}

static int put_quoted(FILE *out, const char *prefix, const char *word) {
        if (!text_is_utf8(word))
                return -EINVAL;
        fprintf(out, "\"%s", prefix);
        for (const char *p = word; *p; p++)
                put_quoted_byte(out, (unsigned char) *p);
        fputc('"', out);
        return 0;
}

int run_quote(const char *word, char **ret) {
        _cleanup_(stream_done) Stream stream = {};
        int r = stream_open(&stream);

        if (r >= 0)
                r = put_quoted(stream.file, "", word);
        return r < 0 ? r : stream_finish(&stream, ret);
}

static bool fits(const RunUnit *unit) {
        size_t size = strlen(unit->program);

        for (char *const *word = unit->argv; *word && size <= RUN_COMMAND_SIZE_MAX; word++)
                size += strlen(*word) + sizeof("\"\" ");
        return size <= RUN_COMMAND_SIZE_MAX;
}

/* ":" leaves variables alone, "@" takes the name that the program is to see from the words. */
static int put_command(FILE *out, const RunUnit *unit) {
        int r;

        fputs("ExecStart=", out);
        r = put_quoted(out, ":@", unit->program);
        for (char *const *word = unit->argv; *word && r >= 0; word++) {
                fputc(' ', out);
                r = put_quoted(out, "", *word);
        }
        fputc('\n', out);
        return r;
}

/* A value that systemd takes as it stands, but for specifiers: nothing can be quoted there. */
static int put_value(FILE *out, const char *key, const char *value) {
        size_t length = strlen(value);

        if (length == 0 || text_has_control(value) || !text_is_utf8(value) || value[0] == ' ' ||
            value[length - 1] == ' ' || value[length - 1] == '\\')
                return -EINVAL;
        fprintf(out, "%s=", key);
        for (; *value; value++)
                fprintf(out, *value == '%' ? "%%%%" : "%c", *value);
        fputc('\n', out);
        return 0;
}

/* Everything else comes from systemd's defaults, as with systemd-run. The ticket is there once: the command is not run
 * again when a lease that had run out is good again. SIGPIPE as in a shell. */
static int put_service(FILE *out, const RunUnit *unit) {
        _cleanup_free_ char *ticket = NULL;
        int r;

        fprintf(out,
                "Type=exec\n"
                "Restart=no\n"
                "TimeoutStartSec=%1$ds\n"
                "TimeoutStopSec=%2$" PRIu64 "us\n"
                "IgnoreSIGPIPE=no\n"
                "StandardInput=null\n"
                "StandardOutput=file:%3$s/stdout\n"
                "StandardError=file:%3$s/stderr\n"
                "EnvironmentFile=%3$s/environment\n",
                START_S, unit->stop_us, unit->directory);
        if (asprintf(&ticket, "%s/ticket", unit->directory) < 0)
                return ticket = NULL, -ENOMEM;
        fputs("ExecStartPre=+/bin/rm ", out);
        r = put_quoted(out, "", ticket);
        fputc('\n', out);
        if (r >= 0)
                r = put_value(out, "WorkingDirectory", unit->working_directory);
        if (r >= 0 && unit->user)
                r = put_value(out, "User", unit->user);
        if (r >= 0 && unit->group)
                r = put_value(out, "Group", unit->group);
        return r < 0 ? r : put_command(out, unit);
}

int run_unit_text(const RunUnit *unit, char **ret) {
        _cleanup_(stream_done) Stream stream = {};
        int r;

        if (!fits(unit))
                return -EINVAL;
        r = stream_open(&stream);
        if (r < 0)
                return r;
        fprintf(stream.file, UNIT_HEADER, unit->instance);
        /* Its own heading names bind, which has no part in this. It ends within [Service]. */
        fputs(strstr(unit->binding, "[Unit]"), stream.file);
        r = put_service(stream.file, unit);
        return r < 0 ? r : stream_finish(&stream, ret);
}

static bool is_one_of(const char *name, size_t length, const char *const *names, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
                        return true;
        return false;
}

/* What is the lock's alone, what tells a service of another service's sockets and files, and the shell's own. */
static bool is_withheld(const char *name, size_t length, bool other_user) {
        static const char *const withheld[] = {
                "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
                "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC",
                "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "MAINPID", "MANAGERPID", "CREDENTIALS_DIRECTORY",
                "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY",
                "_",
        };
        static const char *const users[] = { "HOME", "USER", "LOGNAME", "SHELL", "MAIL", "XDG_RUNTIME_DIR" };

        return strncmp(name, "cloudlock_", strlen("cloudlock_")) == 0 ||
               is_one_of(name, length, withheld, ELEMENTSOF(withheld)) ||
               (other_user && is_one_of(name, length, users, ELEMENTSOF(users)));
}

static bool is_name(const char *name, size_t length) {
        return length > 0 && !(name[0] >= '0' && name[0] <= '9') &&
               strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") >= length;
}

/* systemd refuses the whole file for one value that is not UTF-8, and drops those with control characters. */
static bool is_value(const char *value) {
        for (const char *p = value; *p; p++)
                if (((unsigned char) *p < ' ' && *p != '\t' && *p != '\n') || *p == 0x7f)
                        return false;
        return text_is_utf8(value);
}

static void put_variable(FILE *out, const char *name, size_t length, const char *value) {
        fprintf(out, "%.*s=\"", (int) length, name);
        for (; *value; value++) {
                if (strchr("\"\\`$", *value))
                        fputc('\\', out);
                fputc(*value, out);
        }
        fputs("\"\n", out);
}

/* One member of `set`. */
static bool put_given(FILE *out, const char *given, char *const *environment) {
        size_t length = strcspn(given, "=");
        const char *value = given[length] ? given + length + 1 : environment_get(environment, given);

        if (!is_name(given, length) || (value && !is_value(value)))
                return false;
        if (value)
                put_variable(out, given, length, value);
        return true;
}

int run_environment_text(char *const *environment, char *const *set, bool other_user, char **ret, const char **ret_bad) {
        _cleanup_(stream_done) Stream stream = {};
        int r = stream_open(&stream);

        if (r < 0)
                return r;
        for (char *const *variable = environment; *variable; variable++) {
                size_t length = strcspn(*variable, "=");
                const char *value = *variable + length + 1;

                if ((*variable)[length] && is_name(*variable, length) && !is_withheld(*variable, length, other_user) &&
                    is_value(value))
                        put_variable(stream.file, *variable, length, value);
        }
        for (; set && *set; set++)
                if (!put_given(stream.file, *set, environment)) {
                        *ret_bad = *set;
                        return -EINVAL;
                }
        return stream_finish(&stream, ret);
}
