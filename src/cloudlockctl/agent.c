/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "verbs.h"

/* polkitd may have to be started first. */
#define READY_MS_MAX (10 * 1000)

/* It serves its parent, and speaks on the terminal itself; what it says on stderr beside that, our refusal says better.
 * With --fallback polkit would pass over it outside of logind's sessions. */
static void become_agent(int ready_fd, pid_t parent) {
        int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        char fd[16];

        snprintf(fd, sizeof(fd), "%d", ready_fd);
        if (null_fd >= 0 && dup2(null_fd, STDERR_FILENO) >= 0 && fcntl(ready_fd, F_SETFD, 0) >= 0 &&
            prctl(PR_SET_PDEATHSIG, SIGTERM) >= 0 && getppid() == parent)
                execlp("pkttyagent", "pkttyagent", "--notify-fd", fd, NULL);
        _exit(EXIT_FAILED);
}

pid_t agent_begin(void) {
        pid_t parent = getpid(), agent;
        int ends[2];

        if (geteuid() == 0 || !isatty(STDIN_FILENO) || pipe2(ends, O_CLOEXEC) < 0)
                return 0;
        agent = fork();
        if (agent == 0)
                become_agent(ends[1], parent);
        close(ends[1]);
        /* It closes its end when it is ready, and when it fails. */
        if (agent > 0)
                (void) poll(&(struct pollfd) { .fd = ends[0] }, 1, READY_MS_MAX);
        close(ends[0]);
        return MAX(agent, 0);
}

/* In the background the terminal stops it as soon as it asks there: it goes on, to see its end. */
pid_t agent_end(pid_t agent) {
        if (agent > 0 && kill(agent, SIGTERM) >= 0 && kill(agent, SIGCONT) >= 0)
                (void) waitpid(agent, NULL, 0);
        return 0;
}
