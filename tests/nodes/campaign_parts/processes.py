# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults of cloudlockd, the guard and PID 1: killed, stopped or aborted, at any time or between two system calls."""

import functools
import os
import signal
import subprocess

from rig.system import Failure, read

from .fault import Fault

SIGNALS = ("KILL", "STOP", "ABRT")
PROGRAMS = {"daemon": ("daemon",), "guard": ("guard",), "both": ("daemon", "guard")}
# What they call between a lease and the next; the seed says which of them, and the how manieth of it.
CALLS = {
    "daemon": ("epoll_wait", "read", "write", "openat", "close", "sendmsg", "recvmsg", "rename", "sendto", "recvfrom",
               "timerfd_settime", "fdatasync", "newfstatat", "socket", "connect"),
    "guard": ("epoll_wait", "read", "write", "openat", "close", "sendmsg", "recvmsg", "timerfd_settime", "newfstatat",
              "clock_gettime"),
}
NTH_MAX = 12


def processes(lock, unit):
    """A unit's processes as this machine numbers them; its PID 1 need not answer."""
    return [int(pid) for pid in lock.host.unit_pids(getattr(lock, unit))]


def process_state(pid):
    """The letter of proc(5); X once it is gone."""
    try:
        return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0]
    except OSError:
        return "X"


class Signals(Fault):
    """A signal to all processes of cloudlockd's, of the guard's, or of both."""

    def __init__(self, which, whom, lock, dice):
        super().__init__(lock, dice)
        self.which = signal.Signals[f"SIG{which}"]
        self.units = PROGRAMS[whom]
        self.pids = []
        self.keeps_target = whom == "daemon" and which != "STOP"
        self.takes = frozenset({"guard"} if "guard" in self.units else ())

    def begin(self):
        self.pids = [pid for unit in self.units for pid in processes(self.lock, unit)]
        if not self.pids:
            raise Failure(f"{self.host.name} has no process of {' or '.join(self.units)}")
        for pid in self.pids:
            os.kill(pid, self.which)

    def has_hit(self):
        states = "TtXZ" if self.which == signal.SIGSTOP else "XZ"
        return all(process_state(pid) in states for pid in self.pids)

    def end(self):
        if self.which == signal.SIGSTOP:
            resume(self.pids)


def resume(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


class BetweenCalls(Fault):
    """A signal as the n-th call of a kind begins: where in its work, the seed says."""

    def __init__(self, which, unit, lock, dice):
        super().__init__(lock, dice)
        self.which, self.unit = which, unit
        self.call, self.nth = dice.choice(CALLS[unit]), dice.randint(1, NTH_MAX)
        self.pid, self.tracer = None, None
        self.keeps_target = unit == "daemon" and which != "STOP"
        self.takes = frozenset({"guard"} if unit == "guard" else ())

    def begin(self):
        pids = processes(self.lock, self.unit)
        if not pids:
            raise Failure(f"{self.host.name} has no {self.unit}")
        self.pid = pids[0]
        self.tracer = subprocess.Popen(  # pylint: disable=consider-using-with
            ["strace", "--quiet=all", "--output=/dev/null", f"--attach={self.pid}", f"--trace={self.call}",
             f"--inject={self.call}:signal=SIG{self.which}:when={self.nth}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def has_hit(self):
        return process_state(self.pid) in ("TXZ" if self.which == "STOP" else "XZ")

    def end(self):
        # As it ends it lets go of what it traces.
        self.tracer.terminate()
        self.tracer.wait()
        if self.which == "STOP":
            resume([self.pid])


class Pid1Stopped(Fault):
    takes = frozenset({"pid1"})
    anywhere = True

    def begin(self):
        self.host.stop_pid1()

    def has_hit(self):
        return process_state(self.host.leader) == "T"

    def end(self):
        self.host.cont_pid1()


FAULTS = {
    **{f"{which.lower()}-{whom}": functools.partial(Signals, which, whom) for which in SIGNALS for whom in PROGRAMS},
    **{f"{which.lower()}-{unit}-between-calls": functools.partial(BetweenCalls, which, unit)
       for which in SIGNALS for unit in CALLS},
    "pid1-stopped": Pid1Stopped,
}
