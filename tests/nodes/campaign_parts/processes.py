# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults of cloudlockd, the guard and PID 1: killed, stopped or aborted, at any time or between two system calls."""

import os
import signal
import subprocess
import time

from rig import product
from rig.system import Failure, ending, read, wait_for

from .fault import Fault, variant

SIGNALS = ("KILL", "STOP", "ABRT")
PROGRAMS = {"daemon": ("daemon",), "guard": ("guard",), "both": ("daemon", "guard")}
FSTAT = "fstat,newfstatat"  # which of them it is depends on the C library
# What they call, and how often at most from one renewal, or one tick of the guard's, to the next.
CALLS = {
    "daemon": {"epoll_wait": 15, "recvfrom": 25, "sendto": 4, "timerfd_settime": 8, "rename": 2, "openat": 4,
               "close": 7, "recvmsg": 9, "sendmsg": 5, "read": 10, "write": 2, "newfstatat": 4, "socket": 1,
               "connect": 1, "getsockname": 4, "madvise": 7},
    "guard": {"epoll_wait": 2, "openat": 3, "read": 7, "sendto": 1, "close": 4, "socket": 1, "timerfd_settime": 1,
              FSTAT: 3},
}
# As it stops the target: what it calls, and how often at least where the target is gone at once.
STOP_CALLS = {"epoll_wait": 22, "sendmsg": 6, "sendto": 4, "recvmsg": 36, "openat": 10, "read": 20, "close": 16,
              "socket": 4, "timerfd_settime": 5, "statfs": 3, FSTAT: 8}
# From its start on: what it calls, and how often at least until it leads.
START_CALLS = {
    "daemon": {"openat": 40, "read": 40, "close": 40, "mmap": 30, "socket": 4, "connect": 3, "epoll_wait": 20, "sendmsg": 8,
               "recvmsg": 12, "sendto": 4, "recvfrom": 8, "timerfd_settime": 6, "rename": 2},
    "guard": {"openat": 20, "read": 20, "close": 20, "mmap": 20, "socket": 2, "connect": 2, "epoll_wait": 4, "sendmsg": 4,
              "recvmsg": 6, "sendto": 1, "timerfd_settime": 2},
}
# strace has to be there by then, on a busy machine too.
BEFORE_STOP_S = 0.5
START_LOOK_S = 0.002  # a start takes some tens of ms


def processes(lock, unit):
    """A unit's processes as this machine numbers them; its PID 1 need not answer."""
    return [int(pid) for pid in lock.host.unit_pids(getattr(lock, unit))]


def process_state(pid):
    """The letter of proc(5); X once it is gone."""
    try:
        return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def send(pids, which):
    for pid in pids:
        os.kill(pid, signal.Signals[f"SIG{which}"])


class Signals(Fault):
    """A signal to all processes of cloudlockd's, of the guard's, or of both."""

    which = None  # KILL, STOP or ABRT
    units = ()
    pids = ()

    def begin(self):
        self.pids = [pid for unit in self.units for pid in processes(self.lock, unit)]
        if not self.pids:
            raise Failure(f"{self.host.name} has no process of {' or '.join(self.units)}")
        send(self.pids, self.which)

    def has_hit(self):
        states = "TtXZ" if self.which == "STOP" else "XZ"
        return all(process_state(pid) in states for pid in self.pids)

    def end(self):
        if self.which == "STOP":
            resume(self.pids)


def resume(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


class BetweenCalls(Fault):
    """A signal as the n-th call of a kind begins: which of them, the seed says."""

    which, unit = None, None
    calls = {}
    pid, tracer = None, None

    def begin(self):
        self.attach(self.running()[0])

    def running(self):
        pids = processes(self.lock, self.unit)
        if not pids:
            raise Failure(f"{self.host.name} has no {self.unit}")
        return pids

    def attach(self, pid):
        self.pid = pid
        call = self.dice.choice(list(self.calls))
        self.trace = f"{self.cluster.folder}/{self.host.name}-{self.unit}-{self.pid}.trace"
        self.tracer = subprocess.Popen(  # pylint: disable=consider-using-with
            ["strace", f"--output={self.trace}", f"--attach={self.pid}", f"--trace={call}",
             f"--inject={call}:signal=SIG{self.which}:when={self.dice.randint(1, self.calls[call])}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def has_hit(self):
        # Not by the process's state: whoever is traced is stopped at each call.
        hit = "--- stopped by SIGSTOP" if self.which == "STOP" else f"+++ killed by SIG{self.which}"
        return os.path.exists(self.trace) and hit in read(self.trace)

    def end(self):
        if self.tracer is None:
            return
        # As it ends it lets go of what it traces.
        self.tracer.terminate()
        self.tracer.wait()
        if self.which == "STOP":
            resume([self.pid])


class BothBetweenCalls(BetweenCalls):
    """As a call of cloudlockd's begins, and the guard right after it."""

    guards = None

    def has_hit(self):
        if not super().has_hit():
            return False
        if self.guards is None:
            self.guards = processes(self.lock, "guard")
            send(self.guards, self.which)
        return True

    def end(self):
        super().end()
        if self.which == "STOP":
            resume(self.guards or ())


class AsItStarts(BetweenCalls):
    """Of the process that PID 1 starts next, after a kill: as it loads, looks around, acquires or lets the target run."""

    hits_within_s = 40  # a guard comes with the next tenure

    def begin(self):
        before = self.running()
        send(before, "KILL")
        started = self.catch(before)
        try:
            self.attach(started)
            wait_for("strace", lambda: "TracerPid:\t0\n" not in read(f"/proc/{started}/status"), every=START_LOOK_S)
        finally:
            resume([started])

    def catch(self, before):
        """The next process of the unit, which stands still once it is seen."""
        deadline_s = time.monotonic() + self.hits_within_s
        while time.monotonic() < deadline_s and not ending.wait(START_LOOK_S):
            for pid in processes(self.lock, self.unit):
                if pid not in before:
                    os.kill(pid, signal.SIGSTOP)
                    return pid
        raise Failure(f"{self.host.name} has no new {self.unit}")


class AsItStops(BetweenCalls):
    """The guard's, in its hour: the host is cut off, the lease runs out."""

    unit, calls = "guard", STOP_CALLS

    def begin(self):
        self.host.cut()
        end_s = time.monotonic() + 2 * product.LEASE_S
        while not ending.wait(min(1, self.left_s())) and self.left_s() > 0:
            if time.monotonic() > end_s:
                raise Failure(f"another fault has let {self.host.name} renew its lease")
        super().begin()

    def left_s(self):
        """To the stop; the lease is read again, for a renewal may have been on its way."""
        stop_s = int(self.lock.lease()["stop_boottime_us"]) / 1e6
        return max(0, stop_s - BEFORE_STOP_S - time.clock_gettime(time.CLOCK_BOOTTIME))

    def end(self):
        super().end()
        self.host.join()


class Pid1Stopped(Fault):
    takes = frozenset({"pid1"})
    anywhere = True

    def begin(self):
        self.host.stop_pid1()

    def has_hit(self):
        return process_state(self.host.leader) == "T"

    def end(self):
        self.host.cont_pid1()


def variants():
    """All of them by name. What befalls cloudlockd alone is no news to the target, unless it hangs."""
    found = {}
    for which in SIGNALS:
        for whom, units in PROGRAMS.items():
            found[f"{which.lower()}-{whom}"] = variant(
                Signals, which=which, units=units, anywhere=whom == "daemon", **consequences(which, units))
        for unit, calls in CALLS.items():
            found[f"{which.lower()}-{unit}-between-calls"] = variant(
                BetweenCalls, which=which, unit=unit, calls=calls, anywhere=unit == "daemon",
                **consequences(which, (unit,)))
            found[f"{which.lower()}-{unit}-as-it-starts"] = variant(
                AsItStarts, which=which, unit=unit, calls=START_CALLS[unit], anywhere=unit == "daemon",
                **consequences(which, (unit,)))
        found[f"{which.lower()}-both-between-calls"] = variant(
            BothBetweenCalls, which=which, unit="daemon", calls=CALLS["daemon"], takes=frozenset({"guard"}))
        found[f"{which.lower()}-guard-as-it-stops"] = variant(AsItStops, which=which, takes=frozenset({"guard"}))
    return found


def consequences(which, units):
    return {"keeps_target": units == ("daemon",) and which != "STOP",
            "takes": frozenset({"guard"} if "guard" in units else ())}


FAULTS = {**variants(), "pid1-stopped": Pid1Stopped}
