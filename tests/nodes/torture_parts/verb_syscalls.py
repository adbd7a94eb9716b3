# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlockctl: each verb again and again, in each run of which a system call fails, be it a library's, by strace. The program
is the one that is shipped."""

import random
import re

from rig import workers
from rig.host import boot_all
from rig.system import read, wait_for, write

from . import commands, faulty_host, syscalls
from .calls import FOLDER


# Where nobody listens, no daemon runs: that is an answer.
ERRORS = {"connect": "EACCES"}
# A locale that can't be read makes for ASCII, which is no failure.
ENVIRONMENT = ("env", "LC_ALL=C")


class Bench(commands.Bench):
    """Each thread's own verbs, with a strace for each run."""

    def get(self, name):
        one = super().get(name)
        if not one.tracer:
            one.tracer = ENVIRONMENT
            one.plain = one.run()
        return one

    def traced(self, one, *options):
        """A run, and what strace has to tell of it."""
        log = f"{FOLDER}/{one.instance}.strace"
        write(self.host.path(log), "", 0o666)
        one.tracer = (*ENVIRONMENT, "strace", "-D", "-q", "-e", "signal=none", "-o", log, *options)
        done = one.run()
        # It is no child of anybody's, and may be the last to end.
        wait_for("strace's end", lambda: "+++ " in read(self.host.path(log)) or done[0] == "hangs")
        return done, read(self.host.path(log))

    def cases_of(self, name, which):
        _, log = self.traced(self.get(name))
        return syscalls.chosen_of(name, syscalls.counted(re.findall(r"(?m)^(\w+)\(", log)), which)

    def attempt_one(self, case):
        name, call, number = case
        self.tally.judge(":".join(map(str, case)), lambda: self.attempt(name, (call, number)))

    def attempt(self, name, fail_at):
        one = self.get(name)
        done, log = self.traced(one, *syscalls.injected(*fail_at, ERRORS.get(fail_at[0])))
        if "(INJECTED)" in log:
            self.met.append((name, fail_at))
        failed = "".join(line for line in log.splitlines(keepends=True) if "(INJECTED)" in line)
        error = re.search(r"\(([^()]*)\) \(INJECTED\)", failed)
        # "check" has it among what it says.
        wrong = None if error and error[1] in done[1] else commands.judge(one, one.plain, done)
        return f"{failed}{wrong}" if wrong else None


def run(cluster, options, tally):
    host, = boot_all([cluster.add_host()])
    faulty_host.lift_sandbox(host)
    bench = Bench(host, options, tally)
    names = list(commands.VERBS)
    if 0 < options.sample < len(names):
        names = random.Random(options.seed).sample(names, options.sample)
    if options.only:
        chosen = [(name, call, int(number)) for name, call, number in (case.split(":") for case in options.only)]
    else:
        chosen = [case for name in names for case in bench.cases_of(name, options.which)]
    if 0 < options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    workers.run(cluster.workspace, workers.share(chosen, options.jobs, bench.attempt_one))
    return f"{len(chosen)} runs of {len(names)} verbs, in {len(bench.met)} of which what was to fail did"
