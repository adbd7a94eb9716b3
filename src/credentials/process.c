/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cleanup.h"

#define PIPE_CHUNK 4096

/* A pipe that the command writes to: what came, up to `size_max`. */
typedef struct Pipe {
        Process *process;
        int fd;
        sd_event_source *source;
        char *data;
        size_t size, size_max;
        bool too_large;
} Pipe;

struct Process {
        sd_event *event; /* not ours: its sources are */
        ProcessHandler handler;
        void *userdata;
        pid_t pid; /* of its group too; 0: waited for, or left to collect_later() */
        int pid_fd;
        sd_event_source *ended, *timer;
        Pipe output, complaint;
        int begin_fd; /* an errno comes here where the command could not be executed */
        ProcessEnd end;
};

/* Pipes between parent and child. */
typedef struct Ends {
        int output[2], complaint[2], begin[2];
} Ends;

static void close_pair(int pair[static 2]) {
        closep(&pair[0]);
        closep(&pair[1]);
        pair[0] = pair[1] = -1;
}

static void ends_done(Ends *ends) {
        close_pair(ends->output);
        close_pair(ends->complaint);
        close_pair(ends->begin);
}

static void pipe_done(Pipe *p) {
        sd_event_source_disable_unref(p->source);
        closep(&p->fd);
        if (p->data)
                explicit_bzero(p->data, p->size_max + 1);
        free(p->data);
}

static int on_killed_ended(sd_event_source *source, int fd, uint32_t revents _unused_, void *userdata _unused_) {
        siginfo_t info;

        (void) waitid(P_PIDFD, (id_t) fd, &info, WEXITED | WNOHANG);
        return sd_event_source_set_floating(source, false); /* its last reference */
}

/* One that the kernel holds on to (a file server that is gone) ends only later: it is left to the event loop, and nobody
 * waits. Where even that fails, it stays a zombie for as long as this program runs. */
static void collect_later(Process *process) {
        _cleanup_(sd_event_source_unrefp) sd_event_source *source = NULL;
        siginfo_t info = { 0 };

        if (process->pid_fd < 0 || waitid(P_PIDFD, (id_t) process->pid_fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid != 0)
                return;
        if (sd_event_add_io(process->event, &source, process->pid_fd, EPOLLIN, on_killed_ended, NULL) < 0 ||
            sd_event_source_set_io_fd_own(source, true) < 0)
                return;
        TAKE_FD(process->pid_fd);
        (void) sd_event_source_set_floating(source, true);
}

/* With all that it started and that is still of its group. */
static void kill_group(Process *process) {
        if (process->pid <= 0)
                return;
        (void) kill(-process->pid, SIGKILL);
        collect_later(process);
        process->pid = 0;
}

Process *process_free(Process *process) {
        if (!process)
                return NULL;
        sd_event_source_disable_unref(process->ended);
        sd_event_source_disable_unref(process->timer);
        kill_group(process);
        pipe_done(&process->output);
        pipe_done(&process->complaint);
        closep(&process->begin_fd);
        closep(&process->pid_fd);
        free(process);
        return NULL;
}

/* Between fork() and execve() only what is safe after the fork of a program with threads. */
static _Noreturn void be_the_command(const Ends *ends, char *const *words, char *const *environment) {
        int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), error;
        sigset_t none;

        sigemptyset(&none);
        if (setpgid(0, 0) >= 0 && null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 &&
            dup2(ends->output[1], STDOUT_FILENO) >= 0 && dup2(ends->complaint[1], STDERR_FILENO) >= 0 &&
            close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) >= 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) >= 0 &&
            signal(SIGPIPE, SIG_DFL) != SIG_ERR && sigprocmask(SIG_SETMASK, &none, NULL) >= 0)
                execvpe(words[0], words, environment);
        error = errno;
        if (write(ends->begin[1], &error, sizeof(error)) < 0)
                _exit(EXIT_FAILURE);
        _exit(EXIT_FAILURE);
}

/* Takes what is there. */
static void drain(Pipe *p) {
        for (;;) {
                char rest[PIPE_CHUNK];
                bool is_full = p->size == p->size_max;
                ssize_t n = is_full ? read(p->fd, rest, sizeof(rest)) :
                                      read(p->fd, p->data + p->size, p->size_max - p->size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (is_full)
                        explicit_bzero(rest, sizeof(rest));
                if (n == 0) /* or it would be ready for ever */
                        sd_event_source_set_enabled(p->source, SD_EVENT_OFF);
                if (n <= 0)
                        return;
                if (is_full) {
                        p->too_large = true;
                        return;
                }
                p->size += (size_t) n;
                p->data[p->size] = '\0';
        }
}

static void finish(Process *process, ProcessEnd end, int code) {
        ProcessResult result = {
                .end = end,
                .code = code,
                .output = process->output.data,
                .output_size = process->output.size,
                .complaint = process->complaint.data,
        };

        process->ended = sd_event_source_disable_unref(process->ended);
        kill_group(process);
        drain(&process->complaint);
        process->complaint.data[strcspn(process->complaint.data, "\r\n")] = '\0';
        sd_event_source_set_enabled(process->output.source, SD_EVENT_OFF);
        sd_event_source_set_enabled(process->complaint.source, SD_EVENT_OFF);
        sd_event_source_set_enabled(process->timer, SD_EVENT_OFF);
        process->handler(&result, process->userdata); /* may have freed the process */
}

static int on_output(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        Pipe *p = userdata;

        drain(p);
        if (p == &p->process->output && p->too_large)
                finish(p->process, PROCESS_TOO_LARGE, 0);
        return 0;
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        finish(userdata, PROCESS_TOO_SLOW, 0);
        return 0;
}

/* What it left running may hold the pipes open: what is in them by now is all. */
static int on_ended(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        Process *process = userdata;
        siginfo_t info = { 0 };
        int error = 0;

        if (waitid(P_PID, (id_t) process->pid, &info, WEXITED | WNOHANG) < 0)
                error = errno;
        else if (info.si_pid == 0)
                return 0;
        process->pid = 0;
        drain(&process->output);
        if (error != 0)
                finish(process, PROCESS_UNKNOWN, error);
        else if (read(process->begin_fd, &error, sizeof(error)) == (ssize_t) sizeof(error))
                finish(process, PROCESS_NOT_BEGUN, error);
        else if (process->output.too_large)
                finish(process, PROCESS_TOO_LARGE, 0);
        else
                finish(process, info.si_code == CLD_EXITED ? PROCESS_EXITED : PROCESS_SIGNALLED, info.si_status);
        return 0;
}

static int pipe_watch(Pipe *p, Process *process, sd_event *event, int *fd, size_t size_max) {
        p->process = process;
        p->fd = TAKE_FD(*fd);
        p->size_max = size_max;
        p->data = calloc(1, size_max + 1);
        if (!p->data)
                return -ENOMEM;
        return sd_event_add_io(event, &p->source, p->fd, EPOLLIN, on_output, p);
}

static int watch(Process *process, sd_event *event, Ends *ends) {
        int r = pipe_watch(&process->output, process, event, &ends->output[0], PROCESS_OUTPUT_MAX);

        if (r >= 0)
                r = pipe_watch(&process->complaint, process, event, &ends->complaint[0], PROCESS_COMPLAINT_MAX);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &process->timer, CLOCK_MONOTONIC, PROCESS_US_MAX, 1, on_timer, process);
        if (r >= 0)
                r = sd_event_add_io(event, &process->ended, process->pid_fd, EPOLLIN, on_ended, process);
        process->begin_fd = TAKE_FD(ends->begin[0]);
        return r;
}

static int make_pipes(Ends *ends) {
        if (pipe2(ends->output, O_CLOEXEC) < 0 || pipe2(ends->complaint, O_CLOEXEC) < 0 ||
            pipe2(ends->begin, O_CLOEXEC | O_NONBLOCK) < 0 || fcntl(ends->output[0], F_SETFL, O_NONBLOCK) < 0 ||
            fcntl(ends->complaint[0], F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        return 0;
}

int process_start(sd_event *event, char *const *words, char *const *environment, ProcessHandler handler, void *userdata,
                  Process **ret) {
        _cleanup_(ends_done) Ends ends = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
        _cleanup_(process_freep) Process *process = calloc(1, sizeof(Process));
        int r;

        if (!process)
                return -ENOMEM;
        process->event = event;
        process->handler = handler;
        process->userdata = userdata;
        process->pid_fd = process->begin_fd = process->output.fd = process->complaint.fd = -1;
        r = make_pipes(&ends);
        if (r < 0)
                return r;
        process->pid = fork();
        if (process->pid < 0)
                return -errno;
        if (process->pid == 0)
                be_the_command(&ends, words, environment);
        (void) setpgid(process->pid, process->pid); /* as it does itself: whoever comes first */
        process->pid_fd = pidfd_open(process->pid, 0);
        if (process->pid_fd < 0)
                return -errno;
        r = watch(process, event, &ends);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(process);
        return 0;
}
