# SPDX-License-Identifier: LGPL-2.1-or-later
"""The suites, and what each makes of a tree: killed by which assertion, or not.

Only an assertion that failed counts. A unit test's CHECK prints its place and goes on, so a program that is ended by a
signal was not ended by a check of its own: that is a crash (an assert() of the sources is one), whatever was printed
before. What did not end in its time, or was waited for in vain, is late.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from typing import NamedTuple, Optional

from .mutant import Killer
from .tree import REPOSITORY, Broken

UNIT_TIMEOUT_S = 120
SIM_GRACE_S = 120  # beyond the seconds that the simulator was given
SIM_UNMUTATED_S = 5
NODE_TIMEOUT_S = 900
NAMES_SHOWN = 3
TEXT_SHOWN = 240

CHECK = re.compile(r"^  (?:\S*/)?([^/\s]+\.[ch]:\d+): (.*)$")
CASE = re.compile(r"^(FAIL|ok) (.*)$")
VIOLATION = re.compile(r"^FAIL seed (\d+): ([a-z-]+): (.*?)(?: \(see it: .*)?$")
DIED = "FAIL job"  # one of the simulator's processes ended before its time
FAILED_TEST = re.compile(r"^FAIL (\S+): (.*)$", re.M)
PASSED_TEST = re.compile(r"^ok (\S+) ", re.M)
FRAME = re.compile(r'^  File "(.*)", line (\d+), in (\w+)$', re.M)

# Of the simulator: that nobody runs harms nobody. A mutant for which it counts says "sim:nobody-runs".
LIVENESS = ("nobody-runs",)
# Of the rig: these raise when something did not come in time, or a command did not work.
WAITERS = ("wait_for", "run")


class Result(NamedTuple):
    verdict: str  # "killed", "survived", "crashed" or "late"
    text: str = ""
    short: Optional[str] = None  # for the table: the test case, the invariant, the booted test
    seed: Optional[str] = None   # of the simulator

    @property
    def killed(self):
        return self.verdict == "killed"


class Unit:
    """The unit tests that are programs of their own."""

    name = "unit"

    def programs(self, tree, mutant, killer):
        """The test programs that a killer means, by name."""
        begin = mutant.unit_tests()
        if killer.what:
            found = [killer.what] if killer.what in tree.unit_programs else []
        else:
            found = [name for name in tree.unit_programs if begin and name.startswith(begin)]
        if not found:
            raise Broken(f"{mutant.name} names no unit test by {killer}")
        return {name: tree.unit_programs[name] for name in found}

    def needs(self, tree, mutant, killer):
        return self.programs(tree, mutant, killer).values()

    def try_out(self, tree, mutant, killer):
        results = [self._one(name, path) for name, path in self.programs(tree, mutant, killer).items()]
        # One that crashed may hide what it would have said: it has to be looked at.
        for verdict in ("crashed", "late", "killed"):
            found = [one for one in results if one.verdict == verdict]
            if found:
                return found[0]._replace(text="; ".join(one.text for one in found))
        return Result("survived")

    @staticmethod
    def _one(name, path):
        try:
            done = subprocess.run([path], text=True, errors="replace", capture_output=True, check=False,
                                  timeout=UNIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return Result("late", f"test-{name} did not end")
        if done.returncode < 0:
            return Result("crashed", f"test-{name} was ended by signal {-done.returncode}: {done.stderr.strip()}")
        failed = failed_cases(done.stdout)
        if done.returncode == 0 or not failed:
            return Result("survived")
        case, place, check = failed[0]
        others = [name for name in dict.fromkeys(name for name, _, _ in failed) if name != case]
        also = f", also {in_short(others)}" if others else ""
        return Result("killed", f'"{case}" ({place}: {shortened(check)}){also}', case)


def in_short(names):
    shown = ", ".join(f'"{name}"' for name in names[:NAMES_SHOWN])
    return f"{shown} and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else shown


def shortened(text):
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}…"


def failed_cases(output):
    """The failed checks of a test program: case, place, text."""
    failed, checks = [], []
    for line in output.splitlines():
        check, case = CHECK.match(line), CASE.match(line)
        if check:
            checks.append(check.groups())
        elif case:
            failed += [(case[2], *one) for one in checks if case[1] == "FAIL"]
            checks = []
    return failed


class Simulator:
    name = "sim"

    def __init__(self, seconds):
        self.seconds = seconds

    def needs(self, tree, _mutant, _killer):
        return [tree.simulator]

    def pass_unmutated(self, tree):
        """A look at the simulator itself; what it says of a mutant is replayed without it anyway."""
        return Simulator(min(self.seconds, SIM_UNMUTATED_S)).try_out(tree, None, Killer(self.name, None))

    def try_out(self, tree, _mutant, killer):
        process = subprocess.Popen([tree.simulator, "--seconds", f"{self.seconds:g}"], text=True, errors="replace",
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

        def end():
            """Its children, too: they do the work."""
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        late = threading.Timer(self.seconds + SIM_GRACE_S, end)
        late.start()
        try:
            result = self._watch(process, late, killer)
            return self.replay(tree, result) if result.killed else result
        finally:
            late.cancel()
            if process.returncode is None:
                end()
                process.wait()
            process.stdout.close()

    def replay(self, tree, result):
        """The kill, if the unmutated simulator has nothing against the same schedule."""
        done = subprocess.run([tree.unmutated_simulator, "--seed", result.seed], capture_output=True, check=False,
                              timeout=SIM_GRACE_S)
        if done.returncode == 0:
            return result
        return Result("crashed", f"seed {result.seed} fails without the mutant as well")

    @staticmethod
    def _watch(process, late, killer):
        others, last = set(), ""
        for line in process.stdout:
            last = line.strip() or last
            if line.startswith(DIED):
                return Result("crashed", last)
            violation = VIOLATION.match(line.rstrip("\n"))
            if not violation:
                continue
            seed, invariant, text = violation.groups()
            if killer.what in (None, invariant) and (killer.what or invariant not in LIVENESS):
                return Result("killed", f"{invariant}: {text} (seed {seed})", f"{invariant} (seed {seed})", seed)
            others.add(invariant)
        status = process.wait()
        if late.finished.is_set():
            return Result("late", "the simulator did not end")
        if status < 0 or status > 1:
            return Result("crashed", f"the simulator exited with {status}: {last}")
        return Result("survived", f"only {', '.join(sorted(others))}" if others else "")


class Nodes:
    """Booted tests. Each comes with the proofs that the rig can fail, which tests/nodes/run adds."""

    name = "nodes"

    def needs(self, _tree, _mutant, _killer):
        return []

    def try_out(self, tree, _mutant, killer):
        return self.run_tests(tree, [killer.what])[killer.what]

    def run_tests(self, tree, names):
        """What came of several tests, by name."""
        logs = tempfile.mkdtemp(prefix="logs-", dir=tree.folder)
        tree.install(f"{tree.folder}/stage")
        command = [sys.executable, f"{REPOSITORY}/tests/nodes/run", *names, "--stage", f"{tree.folder}/stage",
                   "--logs", logs]
        try:
            done = subprocess.run(command, text=True, errors="replace", capture_output=True, check=False,
                                  timeout=NODE_TIMEOUT_S * (1 + len(names) // 4))
        except subprocess.TimeoutExpired:
            return {name: Result("late", "the booted tests did not end") for name in names}
        passed, failed = set(PASSED_TEST.findall(done.stdout)), dict(FAILED_TEST.findall(done.stdout))
        proofs = [name for name in failed if name.startswith("test_rig.")]
        results = {}
        for name in names:
            if proofs or (name not in passed and name not in failed):
                results[name] = Result("crashed", f"{proofs[0] if proofs else name} did not run: "
                                       + (done.stdout + done.stderr).strip()[-500:])
            elif name in passed:
                results[name] = Result("survived")
            else:
                results[name] = judge_failure(name, failed[name], f"{logs}/{name}/failure")
        shutil.rmtree(logs)
        return results


def judge_failure(name, text, path):
    """Whether a booted test failed by an assertion, or merely waited in vain."""
    with open(path, encoding="utf-8") as file:
        frames = FRAME.findall(file.read())
    where, line, function = frames[-1] if frames else ("", "", "")
    if function in WAITERS and os.path.basename(where) == "system.py":
        return Result("late", f"{name}: {text}")
    tests = [(path, number) for path, number, function in frames if function.startswith(("test_", "check"))]
    where, line = tests[-1] if tests else (where, line)
    return Result("killed", f"{name} ({os.path.basename(where)}:{line}: {shortened(text)})", name)

