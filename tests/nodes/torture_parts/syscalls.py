# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlockd and the guard: whole lives, in each of which a system call fails, be it a library's, by strace.

The programs are those that are shipped. Of cloudlockd the main thread is traced: what the others do is getaddrinfo(), and
tests/unit/test-torture-store.py --syscalls has that fail.
"""

import collections
import contextlib
import os
import random
import re
import shlex

from rig.host import boot_all
from rig.system import read, write

from . import faulty_host, lives
from .calls import FOLDER

# In place of a program. The order is taken: what is started next, be it a restart, is as it is shipped. strace is the
# grandchild of the program, which so stays the main process.
WRAPPER = f"""#!/bin/sh
real="${{0%/*}}/real/${{0##*/}}" order="{FOLDER}/${{0##*/}} $*"
mv "$order" "$order.taken" 2>/dev/null || exec "$real" "$@"
eval exec strace -D -qq -o '"$order.log"' "$(cat "$order.taken")" '"$real" "$@"'
"""
# Command line without the instance, whose unit's it is, and whether the lease is lost in that life.
RUNS = {"cloudlockd": ("cloudlockd", "daemon", True), "guard that kills": ("cloudlock-guard", "guard", True),
        "guard that stops": ("cloudlock-guard", "guard", False), "finish": ("cloudlock-guard --finish", "guard", True),
        "condition": ("cloudlock-guard --condition", "target", False)}
# One that the kernel gives; ENOMEM for the others.
ERRORS = {
    "accept4": "EMFILE", "access": "EACCES", "clone": "EAGAIN", "clone3": "EAGAIN", "connect": "ECONNREFUSED",
    "epoll_create1": "EMFILE", "fchmod": "EIO", "fcntl": "EMFILE", "flock": "ENOLCK", "fsync": "EIO", "getdents64": "EIO",
    "getpeername": "ENOBUFS", "getrandom": "ENOSYS", "getsockname": "ENOBUFS", "getsockopt": "ENOBUFS",
    "inotify_add_watch": "ENOSPC", "inotify_init1": "EMFILE", "ioctl": "EIO", "mkdir": "ENOSPC", "mlockall": "EPERM",
    "newfstatat": "EIO", "openat": "EMFILE", "pipe2": "EMFILE", "prctl": "EPERM", "read": "EIO", "recvfrom": "ECONNRESET",
    "recvmsg": "ECONNRESET", "rename": "ENOSPC", "sendmsg": "ECONNRESET", "sendto": "ENOBUFS", "setsockopt": "ENOBUFS",
    "signalfd4": "EMFILE", "socket": "EMFILE", "socketpair": "EMFILE", "statfs": "EIO", "timerfd_create": "EMFILE",
    "timerfd_settime": "EINVAL", "unlink": "EIO", "write": "ENOSPC",
}
# Left out: what strace could do there, no kernel does.
NEVER = {
    **dict.fromkeys(("exit_group", "geteuid", "getpid", "getuid", "sysinfo", "uname"), "cannot fail"),
    **dict.fromkeys(("close", "munmap"), "does its work whatever it returns, and a call that fails by strace does none"),
    **dict.fromkeys(("epoll_wait", "inotify_rm_watch", "lseek", "rt_sigaction", "rt_sigprocmask"),
                    "fails only if it is called wrongly, or is interrupted"),
    "brk": "without it glibc 2.36 crashes as it gets its first memory, in cat(1) as well",
    "futex": "wakes others, and cannot fail; glibc aborts where it does",
    "madvise": "advises, and nobody asks what came of it",
}


def counted(made):
    """How often each system call was made before main(), and in all. munmap() is the dynamic linker's last one; if one of its
    own fails, the program ends at once."""
    start = made.index("munmap") + 1
    return collections.Counter(made[:start]), collections.Counter(made)


def chosen_of(name, counts, which):
    """(name, system call, which of its)"""
    chosen, (before, whole) = [], counts
    for call in sorted(set(whole) - set(NEVER)):
        numbers = range(before[call] + 1, whole[call] + 1)
        if which == "places":
            numbers = sorted({*numbers[:1], *numbers[-1:]})
        chosen += [(name, call, number) for number in numbers]
    return chosen


def injected(call, number, error=None):
    """strace's options."""
    return f"--trace={call}", f"--inject={call}:error={error or ERRORS.get(call, 'ENOMEM')}:when={number}"


class Traced(lives.Life):
    """A life in which one process is traced."""

    loses, traced = False, ""
    counts = {}  # of all: for each run how often it makes each system call before main(), and in all

    def operate(self):
        super().operate()
        if self.loses:
            self.lose_lease()

    def live(self, case):
        """A run, and which call of its fails; without one they are counted."""
        name, *which = case
        if not which:
            self.trace(name)
            made = re.findall(r"(?m)^(\w+)\(", read(self.traced))
            self.counts[name] = counted(made)
            return False
        call, number = which
        self.trace(name, *injected(call, number))
        return "(INJECTED)" in read(self.traced)

    def trace(self, name, *options):
        """A life with strace's options."""
        command, unit, self.loses = RUNS[name]
        self.program, self.unit = command.split()[0], getattr(self.lock, unit)
        order = self.lock.host.path(f"{FOLDER}/{command} {self.lock.instance}")
        self.traced = f"{order}.log"
        write(self.traced, "", 0o666)
        write(order, shlex.join(options))
        try:
            self.run()
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(order)


def boot(cluster):
    """A host whose programs are run by the wrapper."""
    host, = boot_all([cluster.add_host()])
    for program in faulty_host.UNITS:
        path = faulty_host.PROGRAMS[program]
        real = host.path(f"{os.path.dirname(path)}/real/{program}")
        os.makedirs(os.path.dirname(real), exist_ok=True)
        os.rename(host.path(path), real)
        host.put_file(path, WRAPPER, 0o755)
    faulty_host.lift_sandbox(host, *faulty_host.UNITS)
    return host


def choose(options):
    """(run, system call, which of its)"""
    if options.only:
        return [(name, call, int(number)) for name, call, number in (case.split(":") for case in options.only)]
    chosen = [case for name, counts in sorted(Traced.counts.items()) for case in chosen_of(name, counts, options.which)]
    if 0 < options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    return chosen


def run(cluster, options, tally):
    host = boot(cluster)
    living = [Traced(host, number) for number in range(min(options.jobs, lives.INSTANCES))]
    learned = [] if options.only else [(name,) for name in RUNS]

    def live_all(cases):
        return lives.live_all(cluster, living, cases, tally, lambda case: ":".join(map(str, case)))

    _, looks = live_all(learned)
    chosen = choose(options)
    met, more = live_all(chosen)
    return (f"{len(learned)} lives in which nothing failed, {len(chosen)} in each of which one system call was to, and in "
            f"{met} of them did; the promise was looked at {looks + more} times")
