# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlockd: whole lives, in each of which a call fails."""

import contextlib
import json
import queue
import re
import socket
import threading
import time
import traceback

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
# The record is read from the store, and so with each so many looks only.
RECORD_LOOKS = 10
# With which a program that ends says why.
REASON = re.compile(r"^(Ending|Cannot|Can't)|/etc/cloudlock|failed|cannot|does not start|is needed|may not run"
                    r"|cloudlock\.conf\(5\)")
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

    program, bound_s = "cloudlockd", BOUND_S
    target_service = ""  # more lines for the target's [Service]

    def __init__(self, host, number):
        self.lock = Lock(host, f"life{number}")
        self.lock.set_up(service=self.target_service.replace("@", self.lock.instance))
        self.lock.leave_released_record()
        self.unit = faulty_host.UNITS[self.program].replace("@", f"@{self.lock.instance}")
        self.calls = calls.Calls(host, self.lock.instance)
        self.peer = Peer(self.lock)
        self.fence, self.since = 0, 0.0

    @classmethod
    def equip(cls, host):
        """What lives on a host need beside the faulty program."""

    def state(self):
        status = self.peer.ask("Status")
        if status and status["state"] == "standing-down":
            self.peer.ask("Resume")  # what it stood down for is over
        return status and status["state"]

    def live(self, fail_at):
        """A life of the kind that is tried; whether it came to what was to fail."""
        self.run(*fail_at)
        return self.calls.failed() == len(fail_at)

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

    def lose_lease(self):
        """Again and again: a guard that looks once a second only may find the next one, by the same holder."""
        lock = self.lock
        before = set(pids(lock, lock.target))

        def is_dead():
            with contextlib.suppress(FileNotFoundError):
                lock.host.remove_file(lock.lease_path)
            return not before & set(pids(lock, lock.target))

        wait_for("the target's death", is_dead, self.bound_s, LOOK_S)

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
        ends = len(re.findall("(?:Main|Control) process exited", journal))
        reasons = sum(bool(REASON.search(line)) for line in self.own_words(self.since).splitlines())
        if ends > reasons:
            raise Failure(f"it ended {ends} times, and said why {reasons} times")

    def journal(self, since):
        """What the program and PID 1 say of it."""
        return self.lock.host.journal(f"--unit={self.unit}", f"--since=@{since:.6f}", "-o", "cat")

    def own_words(self, since):
        """Without PID 1's. Of a process that ends at once journald may not learn the unit."""
        return self.lock.host.journal(f"_SYSTEMD_UNIT={self.unit}", "+", f"CLOUDLOCK_INSTANCE={self.lock.instance}",
                                      f"SYSLOG_IDENTIFIER={self.program}", f"--since=@{since:.6f}", "-o", "cat")


def pids(lock, unit):
    try:
        return lock.host.unit_pids(unit)
    except OSError:  # its control group goes away
        return []


def is_running(lock):
    return bool(pids(lock, lock.target))


class Watcher(threading.Thread):
    """Looks all the time whether a target runs without a good lease, by cloudlockd's own file and by the record of it, or on
    and on without a guard."""

    def __init__(self, lives):
        super().__init__(daemon=True)
        self.lives, self.since_s, self.over = lives, {}, threading.Event()
        self.rounds, self.looks, self.broken = 0, 0, []

    def run(self):
        while not self.over.wait(LOOK_S) and not ending.is_set():
            self.rounds += 1
            try:
                for life in self.lives:
                    self.look(life.lock)
            except Exception:  # pylint: disable=broad-exception-caught
                self.broken.append(traceback.format_exc())
                return

    def look(self, lock):
        self.looks += 1
        running = is_running(lock)
        self.bound(lock, "a lease", running and not self.is_leased(lock), KILL_LATE_S)
        # By then the lease that it had is over.
        self.bound(lock, "a guard", running and not pids(lock, lock.guard), LEASE_S)
        if running and self.rounds % RECORD_LOOKS == 0:
            self.look_at_record(lock)

    def bound(self, lock, what, lacks, bound_s):
        now_s, case = time.monotonic(), (lock.instance, what)
        if not lacks:
            self.since_s.pop(case, None)
        elif now_s - self.since_s.setdefault(case, now_s) > bound_s:
            self.broken.append(f"{lock.target} runs without {what}: {now_s - self.since_s[case]:.2f} s")

    @staticmethod
    def is_leased(lock):
        try:
            return int(lock.lease()["kill_boottime_us"]) / 1e6 > time.clock_gettime(time.CLOCK_BOOTTIME)
        except (OSError, KeyError, ValueError):
            return False

    def look_at_record(self, lock):
        """While a target runs there is one, and it is not over. One that was released has expired in 1970."""
        before = {*pids(lock, lock.target)}
        record = lock.host.cluster.front.get(lock.instance)
        if before & {*pids(lock, lock.target)} and not (record and record["expire_time"] > time.time() * 1000):
            self.broken.append(f"{lock.target} runs, and its record is {record}")


def run(cluster, options, tally, kind=Life):
    host = faulty_host.boot(cluster, kind.program, options.build)
    kind.equip(host)
    lives = [kind(host, number) for number in range(min(options.jobs, INSTANCES))]
    lives[0].run()  # takes a record of long ago
    lives[0].run()  # and then its own
    made = lives[0].calls.made()
    chosen = only(options, calls.choose(made, options))
    met, looks = live_all(cluster, lives, chosen, tally, lambda fail_at: "+".join(map(str, fail_at)))
    return (f"{len(chosen)} lives, of which {met} failed what they were to, of {len(made)} calls from {len(set(made))} "
            f"places; the promise was looked at {looks} times")


def only(options, chosen):
    if not options.only:
        return chosen
    return [tuple(int(number) for number in case.split("+")) for case in options.only]


def live_all(cluster, lives, cases, tally, name_of):
    """A life for each case, of whichever instance is free; in how many it came to that, and how often it was looked."""
    free, watcher, met = queue.SimpleQueue(), Watcher(lives), []
    for life in lives:
        free.put(life)

    def one(case):
        life = free.get()
        try:
            tally.judge(name_of(case), lambda: attempt(life, case, met))
        finally:
            free.put(life)

    watcher.start()
    workers.run(cluster.workspace, workers.share(cases, len(lives), one))
    watcher.over.set()
    watcher.join()
    for broken in watcher.broken[:1]:
        tally.add("the promise", broken)
    return len(met), watcher.looks


def attempt(life, case, met):
    """What was wrong with a life; None: nothing. `met` gets those that came to what was to fail."""
    wrong = None
    try:
        if life.live(case):
            met.append(case)
    except Failure as failure:
        wrong = f"{life.calls.failing()} {failure}\n{life.journal(life.since)}"
        life.put_down()
    reports = faulty_host.take_reports(life.lock.host)
    return "\n".join(text for text in (wrong, reports) if text) or None
