# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlockctl: each verb again and again, in each run of which a call fails.

The daemons that it asks are made up, but for `run`; systemd and the store are real.
"""

import argparse
import contextlib
import math
import os
import random
import re
import signal
import subprocess
import sys
import threading

from rig import workers
from rig.host import ENVIRONMENT, NAMESPACES
from rig.product import Lock
from rig.rootfs import HERE
from rig.system import read

from . import calls, faulty_host

sys.path.append(f"{os.path.dirname(HERE)}/unit")
# pylint: disable=wrong-import-position
import stand_in
from stand_in import NODE2, NOW_US, RUNNING, STANDBY

BOUND_S = 45  # of `run`, which waits for a lock; on a machine that has other things to do
STATUSES = range(5)  # verbs.h
RUN_FAILED = 125
STOPPING = {**RUNNING, "state": "stopping", "status": "stopping validator.service before releasing"}
DOWN = stand_in.without(STANDBY, "holder", "holderHost", "version", state="standing-down", status="standing down")
GONE = stand_in.without(STANDBY, "holder", "holderHost", "version", status="standby: nobody holds validator")
CHANGES = [{"since": NOW_US - 7_200_000_000, "until": NOW_US - 3_600_000_000, "holder": NODE2, "how": "released"},
           {"since": NOW_US - 3_600_000_000, "holder": NODE2, "host": 32 * "2", "how": "acquired"}]
# A message that is nothing but what strerror(3) says does not name what failed; but want of memory is all there is to it.
BARE = re.compile(r"^(cloudlockctl: )?(Too many open files|Input/output error|Operation not permitted|No space left on device|"
                  r"Connection refused|Connection timed out|Bad message|Resource temporarily unavailable)\.?$")


class Verb:
    """A verb, with what it is run on; one for each thread."""

    words = ()
    statuses = STATUSES
    plain_status = 0  # as nothing fails
    says_the_same = True  # unless it complains
    tracer = ()  # the beginning of the command line

    def __init__(self, host, name, number):
        self.host, self.instance = host, f"{name}{number}"
        self.calls = calls.Calls(host, f"ctl-{self.instance}")
        self.set_up()

    def set_up(self):
        """Once."""

    def prepare(self):
        """Before each run."""

    def command(self):
        return [word.replace("@", self.instance) for word in self.words]

    def run(self, *fail_at):
        """Exit status ("hangs"), what it said, what it complained of."""
        self.prepare()
        self.calls.arm(*fail_at)
        environment = [f"{name}={value}" for name, value in {**faulty_host.SANITIZERS, "TORTURE": self.calls.inner}.items()]
        words = self.host.group.child("exec").enter(
            "nsenter", f"--target={self.host.leader}", *NAMESPACES, "--", *ENVIRONMENT, *environment,
            *self.tracer, "/usr/bin/cloudlockctl", *self.command())
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", start_new_session=True) as process:
            try:
                said, complained = self.follow(process)
                return process.returncode, said, complained
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):  # it ends only now
                    os.killpg(process.pid, signal.SIGKILL)
                said, complained = process.communicate()
                return "hangs", said, complained

    def follow(self, process):
        return process.communicate(timeout=BOUND_S)

    def left(self):
        """What it leaves behind, where that has to be as it says."""


class Asking(Verb):
    """A made-up daemon's."""

    before = STANDBY
    acts = {}
    answers = {}

    def set_up(self):
        self.host.put_file(f"/etc/cloudlock/{self.instance}.conf", "")
        self.daemon = stand_in.Daemon({**self.before, "instance": self.instance}, self.host.path("/run"))
        self.daemon.acts = {name: [{**status, "instance": self.instance} for status in statuses]
                            for name, statuses in self.acts.items()}
        self.daemon.answers = self.answers

    def prepare(self):
        self.daemon.update({**self.before, "instance": self.instance})


class Watching(Asking):
    """Ended once it has said something, or by itself."""

    says_the_same = False  # but that it asks again, say

    def follow(self, process):
        timer = threading.Timer(BOUND_S, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        said = process.stdout.readline()
        for pid in read(f"/proc/{process.pid}/task/{process.pid}/children").split():  # nsenter's
            os.kill(int(pid), signal.SIGINT)
        more, complained = process.communicate()
        timer.cancel()
        if process.returncode == -signal.SIGKILL:
            raise subprocess.TimeoutExpired(process.args, BOUND_S)
        return said + more, complained


class Real(Verb):
    """An instance that is configured, whose daemon does not run."""

    def set_up(self):
        self.lock = Lock(self.host, self.instance)
        self.lock.configure()
        self.lock.write_target()


class Binding(Real):
    def drop_ins(self):
        return [f"/etc/systemd/system/{unit}.d/zzzz-cloudlock.conf" for unit in (self.lock.target, self.lock.guard)]

    def left(self):
        return [self.host.read_file(path) if self.host.has_file(path) else None for path in self.drop_ins()]


class Unbound(Binding):
    def prepare(self):
        for path in self.drop_ins():
            if self.host.has_file(path):
                self.host.remove_file(path)


class Bound(Binding):
    def prepare(self):
        self.lock.bind()


class Running(Verb):
    """A command in place of a unit, with the real daemon."""

    statuses = (0, RUN_FAILED)

    def set_up(self):
        self.lock = Lock(self.host, self.instance)
        self.lock.configure()
        self.lock.leave_released_record()

    def prepare(self):
        # What a run left that failed: its daemon may hold the lock still.
        self.host.systemctl("stop", self.lock.daemon, self.lock.guard, check=False)


def verb(kind, *words, **more):
    return type("Made", (kind,), {"words": words, **more})


VERBS = {
    "status": verb(Asking, "status", "@"),
    "status-json": verb(Asking, "status", "--json=short", "@", before=RUNNING),
    "list": verb(Asking, "list", "@"),
    "list-json": verb(Asking, "list", "--json=pretty", "@", before=RUNNING),
    "list-table": verb(Real, "list", "--table", "@"),
    "history": verb(Asking, "history", "@", answers={"History": {"changes": CHANGES}}),
    "metrics": verb(Asking, "metrics", "@", answers={"Metrics": {"text": "cloudlock_held 0\n# EOF\n"}}),
    "watch": verb(Watching, "watch", "@"),
    "watch-json": verb(Watching, "watch", "--json", "@", before=RUNNING),
    "release": verb(Asking, "release", "@", "--for=1h", before=STOPPING, acts={"Release": [DOWN]}),
    "handover": verb(Asking, "handover", "@", before=STOPPING, acts={"Handover": [DOWN, STANDBY]}),
    "pause": verb(Asking, "pause", "@", acts={"Pause": [{**STANDBY, "paused": True}]}),
    "renew": verb(Asking, "renew", "@", before=RUNNING, acts={"Renew": [{**RUNNING, "lastRenewal": NOW_US + 1}]}),
    "force-unlock": verb(Asking, "force-unlock", "@", f"--holder={NODE2}", acts={"ForceUnlock": [GONE]}),
    # What it could not look at is among what it says.
    "init": verb(Real, "init", "@", "--dry-run", says_the_same=False),
    "check": verb(Bound, "check", "@"),
    # The account is * where the table can't be looked at, whatever the reason: cloudlockctl(1).
    "check-policy": verb(Real, "check", "--policy", "@", says_the_same=False),
    "bind": verb(Unbound, "bind", "@"),
    "unbind": verb(Bound, "unbind", "@"),
    "run": verb(Running, "run", "@", "--", "echo", "done"),
}


def even(text):
    """Without what differs from one run to the next."""
    return re.sub(r"[\d.]+(us|ms|s|min|h|d)?\b", "0", re.sub(r"(?m)^ *| +", " ", text))


def judge(one, plain, done):
    """What is wrong with a run; None: nothing."""
    status, said, complained = done
    if status == "hangs":
        return f"it hangs: {complained}"
    if status not in one.statuses:
        return f"exit status {status}: {complained}"
    if status != plain[0] and not complained.strip() and (not said.strip() or even(said) == even(plain[1])):
        return f"exit status {status} without a word"
    if status == plain[0] and one.left() != one.plain_left:
        return f"exit status {status}, but it has left {one.left()} in place of {one.plain_left}"
    if BARE.match(complained.strip().splitlines()[-1] if complained.strip() else ""):
        return f"it does not say what failed: {complained}"
    if one.says_the_same and status == plain[0] and even(complained) == even(plain[2]) and even(said) != even(plain[1]):
        return f"exit status {status}, but what it says is another thing:\n{said}\nin place of\n{plain[1]}"
    return None


class Bench:
    """Each thread's own verbs, on one host."""

    def __init__(self, host, options, tally):
        self.host, self.options, self.tally = host, options, tally
        self.mine, self.lock, self.threads = threading.local(), threading.Lock(), 0
        self.met = []  # the runs in which failed what was to

    def get(self, name):
        if not hasattr(self.mine, "verbs"):
            with self.lock:
                self.threads += 1
                self.mine.number, self.mine.verbs = self.threads, {}
        if name not in self.mine.verbs:
            one = self.mine.verbs[name] = VERBS[name](self.host, name, self.mine.number)
            one.plain, one.plain_left = one.run(), one.left()
            reports = faulty_host.take_reports(self.host)
            if one.plain[0] != one.plain_status or reports:
                self.tally.add(name, f"as nothing failed: {one.plain} {reports}")
        return self.mine.verbs[name]

    def try_one(self, piece):
        name, fail_at = piece
        self.tally.judge(f"{name}:{'+'.join(map(str, fail_at))}", lambda: self.attempt(name, fail_at))

    def attempt(self, name, fail_at):
        one = self.get(name)
        wrong = judge(one, one.plain, one.run(*fail_at))
        if one.calls.failed() == len(fail_at):
            self.met.append((name, fail_at))
        text = "\n".join(text for text in (wrong, faulty_host.take_reports(self.host)) if text)
        return f"{one.calls.failing()}: {text}" if text else None


def run(cluster, options, tally):
    host = faulty_host.boot(cluster, "cloudlockctl", options.build)
    bench = Bench(host, options, tally)
    names, pieces, places = list(VERBS), [], set()
    if 0 < options.sample < len(names):
        names = random.Random(options.seed).sample(names, options.sample)
    of_each = argparse.Namespace(**{**vars(options), "sample": math.ceil(options.sample / len(names))})
    if options.only:
        names = sorted({case.partition(":")[0] for case in options.only})
    for name in names:
        one = bench.get(name)
        one.run()
        made = one.calls.made()
        places.update(made)
        pieces += [(name, fail_at) for fail_at in calls.choose(made, of_each)]
    if options.only:
        pieces = [(name, tuple(map(int, numbers.split("+"))))
                  for name, _, numbers in (case.partition(":") for case in options.only)]
    workers.run(cluster.workspace, workers.share(pieces, options.jobs, bench.try_one))
    return f"{len(pieces)} runs of {len(names)} verbs, in {len(bench.met)} of which what was to fail did; {len(places)} places"
