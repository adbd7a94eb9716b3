# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlockd: whole lives, in each of which a call fails."""

import json
import queue
import socket
import threading
import time

from rig import workers
from rig.product import LEASE_S, Lock
from rig.system import Failure, ending, wait_for

from . import calls, faulty_host

INSTANCES = 6  # at a time: most of a life is waiting for others
# A lease, its polls, and what a busy machine takes: later it hangs.
BOUND_S = LEASE_S + 20
# A guard kills at kill_at, and again each 50 to 100 ms; that late it is seen by who looks each LOOK_S.
KILL_LATE_S = 1
LOOK_S = 0.05
ATTRIBUTES = {"label": str, "holder": str, "version": str, "host": str, "boot": str, "expire_time": int, "start_time": int,
              "lease_ms": int, "fence": int}


class Peer:
    """Who speaks Varlink with a daemon that may hang up at any time."""

    def __init__(self, lock):
        self.path = lock.host.path(f"/run/cloudlock/{lock.instance}/control")

    def ask(self, method, **parameters):
        """The parameters of the answer; None: there was none, or an error."""
        call = {"method": f"org.cloudlock1.Lock.{method}", "parameters": parameters}
        try:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(BOUND_S)
                peer.connect(self.path)
                peer.sendall(json.dumps(call).encode() + b"\0")
                data = b""
                while not data.endswith(b"\0"):
                    more = peer.recv(65536)
                    if not more:
                        return None
                    data += more
        except TimeoutError as late:
            raise Failure(f"{method} was not answered in {BOUND_S} s") from late
        except OSError:
            return None
        return json.loads(data[:-1]).get("parameters")


class Life:
    """One instance, which lives again and again."""

    bound_s = BOUND_S

    def __init__(self, host, number):
        self.lock = Lock(host, f"life{number}")
        self.lock.set_up()
        self.lock.leave_released_record()
        self.calls = calls.Calls(host, self.lock.instance)
        self.peer = Peer(self.lock)
        self.fence, self.since = 0, 0.0

    def state(self):
        status = self.peer.ask("Status")
        if status and status["state"] == "standing-down":
            self.peer.ask("Resume")  # what it stood down for is over
        return status and status["state"]

    def run(self, *fail_at):
        """One life; Failure says what was wrong with it."""
        lock, host = self.lock, self.lock.host
        self.calls.arm(*fail_at)
        self.since = time.time()
        # It may fail, and is restarted then.
        host.systemctl("start", lock.daemon, check=False, timeout=BOUND_S)
        wait_for("the lock to be led", lambda: self.state() == "running", self.bound_s, LOOK_S)
        self.operate()
        wait_for("the lock to be led still", lambda: self.state() == "running", self.bound_s, LOOK_S)
        host.systemctl("stop", lock.daemon, timeout=BOUND_S)
        wait_for("the target's end", lambda: not is_running(lock), BOUND_S, LOOK_S)
        self.check_record()
        self.check_ends()

    def put_down(self):
        """After a life that went wrong, so that the next one begins as the others do."""
        lock, host = self.lock, self.lock.host
        self.calls.arm()
        host.systemctl("kill", "--signal=KILL", lock.daemon, check=False)
        host.systemctl("stop", lock.daemon, lock.guard, check=False)
        wait_for("the target's end", lambda: not is_running(lock), 2 * BOUND_S, LOOK_S)
        self.lock.leave_released_record()
        self.fence = 0

    def operate(self):
        """What operators ask for, by both ways. What fails may be refused, or not be answered."""
        lock, host = self.lock, self.lock.host
        for method in ("Metrics", "History", "Keep", "Unkeep", "Renew"):
            self.peer.ask(method)
        where = (f"org.cloudlock1.{lock.instance}", f"/org/cloudlock1/lock/{lock.instance}", "org.cloudlock1.Lock")
        for words in (("get-property", *where, "State", "Holder", "Targets"), ("call", *where, "Renew")):
            host.run("busctl", "--timeout=10", *words, check=False, timeout=BOUND_S)

    def check_record(self):
        record = self.lock.host.cluster.front.get(self.lock.instance)
        for name, kind in ATTRIBUTES.items():
            if not isinstance(record.get(name), kind):
                raise Failure(f"the record's {name} is {record.get(name)!r}")
        if record["fence"] < self.fence:
            raise Failure(f"the fence went from {self.fence} to {record['fence']}")
        self.fence = record["fence"]

    def check_ends(self):
        """Nothing but a status of its own ended it, and it said why."""
        journal = self.journal(self.since)
        for bad in ("code=killed", "code=dumped", "watchdog"):
            if bad in journal:
                raise Failure(bad)
        restarts = journal.count("Main process exited")
        reasons = sum(line.startswith(("Ending", "Cannot")) or "/etc/cloudlock" in line or "failed" in line.lower()
                      for line in journal.splitlines())
        if restarts > reasons:
            raise Failure("it ended without a word")

    def journal(self, since):
        return self.lock.host.journal(f"--unit={self.lock.daemon}", f"--since=@{since:.6f}", "-o", "cat")


def is_running(lock):
    try:
        return bool(lock.host.unit_pids(lock.target))
    except OSError:  # its control group goes away
        return False


class Watcher(threading.Thread):
    """Looks all the time whether a target runs without a good lease."""

    def __init__(self, lives):
        super().__init__(daemon=True)
        self.lives, self.since_s, self.over = lives, {}, threading.Event()
        self.looks, self.broken = 0, []

    def run(self):
        while not self.over.wait(LOOK_S) and not ending.is_set():
            for life in self.lives:
                self.look(life.lock)

    def look(self, lock):
        self.looks += 1
        if not is_running(lock) or self.is_leased(lock):
            self.since_s.pop(lock.instance, None)
            return
        since_s = self.since_s.setdefault(lock.instance, time.monotonic())
        if time.monotonic() - since_s > KILL_LATE_S:
            self.broken.append(f"{lock.target} runs without a lease: {time.monotonic() - since_s:.2f} s")

    @staticmethod
    def is_leased(lock):
        try:
            return int(lock.lease()["kill_boottime_us"]) / 1e6 > time.clock_gettime(time.CLOCK_BOOTTIME)
        except (OSError, KeyError, ValueError):
            return False


def run(cluster, options, tally):
    host = faulty_host.boot(cluster, "cloudlockd", options.build)
    lives = [Life(host, number) for number in range(min(options.jobs, INSTANCES))]
    lives[0].run()  # takes a record of long ago
    lives[0].run()  # and then its own
    made = lives[0].calls.made()
    chosen = only(options, calls.choose(made, options))
    free, watcher = queue.SimpleQueue(), Watcher(lives)
    for life in lives:
        free.put(life)
    watcher.start()
    workers.run(cluster.workspace, workers.share(chosen, len(lives), lambda fail_at: one(free, fail_at, tally)))
    watcher.over.set()
    watcher.join()
    for broken in watcher.broken[:1]:
        tally.add("the promise", broken)
    return (f"{len(chosen)} lives, of which each failed one of {len(made)} calls from {len(set(made))} places; the promise was "
            f"looked at {watcher.looks} times")


def only(options, chosen):
    if not options.only:
        return chosen
    return [tuple(int(number) for number in case.split("+")) for case in options.only]


def one(free, fail_at, tally):
    """A life of whichever instance is free."""
    life = free.get()
    try:
        tally.judge("+".join(map(str, fail_at)), lambda: attempt(life, fail_at))
    finally:
        free.put(life)


def attempt(life, fail_at):
    """What was wrong with a life; None: nothing."""
    wrong = None
    try:
        life.run(*fail_at)
    except Failure as failure:
        wrong = f"{life.calls.failing()}: {failure}\n{life.journal(life.since)}"
        life.put_down()
    reports = faulty_host.take_reports(life.lock.host)
    return "\n".join(text for text in (wrong, reports) if text) or None
