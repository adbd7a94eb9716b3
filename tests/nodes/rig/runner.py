# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds the booted tests, runs several at a time, says what came of each.

A test is a function `test_*(cluster)` in tests/nodes/test_*.py. It gets a cluster of its own, with a
running store and no hosts yet. It passes by returning, fails by raising, and is skipped by Skip.
Attributes that the decorator below sets say what it needs.
"""

import glob
import importlib
import inspect
import os
import sys
import threading
import time
import traceback

from . import store, workers
from .cluster import Cluster
from .rootfs import HERE
from .system import Skip


def needs(**what):
    """Mark a test.

    product=False: runs without cloudlock. store="ddblocal": only on that one; "each": on both.
    always=True: shows that the rig can fail a run, so it is part of every run.
    idle=True: takes minutes and does nothing in most of them: starts first, and beside those that --jobs allows.
    """
    def mark(test):
        test.needs = what
        return test
    return mark


class Test:
    def __init__(self, module, name, function, store_name):
        self.name = f"{module}.{name}" if store_name is None else f"{module}.{name}[{store_name}]"
        self.function, self.store_name = function, store_name
        what = getattr(function, "needs", {})
        self.needs_product, self.always = what.get("product", True), what.get("always", False)
        self.idle = what.get("idle", False)

    def is_wanted(self, filters):
        """Whether it is among the tests whose names contain one of `filters`, or runs in every run."""
        return self.always or not filters or any(part in self.name for part in filters)


def discover():
    """All tests, in the order in which the files name them."""
    found = []
    for path in sorted(glob.glob(f"{HERE}/test_*.py")):
        name = os.path.basename(path).removesuffix(".py")
        module = importlib.import_module(name)
        functions = [(key, value) for key, value in vars(module).items()
                     if key.startswith("test_") and inspect.isfunction(value)]
        for key, function in functions:
            wanted = getattr(function, "needs", {}).get("store")
            stores = store.NAMES if wanted == "each" else (wanted,)
            found += [Test(name, key, function, one) for one in stores]
    return found


class Runner:
    def __init__(self, workspace, stage, logs, options):
        self.workspace, self.stage, self.logs = workspace, stage, logs
        self.store_name, self.tree, self.parallel = options.store, options.tree, options.jobs
        self.passed, self.failed, self.skipped = [], [], []
        self._failures = []
        self._print_lock = threading.Lock()

    def run(self, tests):
        """Run the tests; returns whether none failed."""
        numbered = list(enumerate(tests))
        idle = [one for one in numbered if one[1].idle]
        others = [one for one in numbered if not one[1].idle]
        workers.run(self.workspace, [*workers.share(idle, self.parallel, self._one),
                                     *workers.share(others, self.parallel, self._one)])
        print("".join(self._failures), end="")
        print(f"{len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped")
        return not self.failed

    def _one(self, numbered):
        number, test = numbered
        started = time.monotonic()
        try:
            if test.needs_product and self.stage is None:
                raise Skip("cloudlock is not built")
            notes = self._in_cluster(number, test)
        except Skip as reason:
            self._say(self.skipped, test, f"skip {test.name}: {reason}")
        except Exception as failure:  # pylint: disable=broad-exception-caught
            where = "".join(traceback.format_exception(failure))
            self._keep(test, where)
            self._say(self.failed, test, f"FAIL {test.name}: {str(failure) or where.splitlines()[-2].strip()}\n"
                      f"     logs: {self._log_folder(test)}")
        else:
            took = f"{time.monotonic() - started:.1f} s"
            self._say(self.passed, test, f"ok {test.name} ({'; '.join([took, *notes])})")

    def _in_cluster(self, number, test):
        cluster = Cluster(self.workspace, f"t{number}", self.stage, test.store_name or self.store_name,
                          self._log_folder(test), self.tree)
        try:
            test.function(cluster)
            cluster.check()
            return cluster.notes
        except Skip:
            raise
        except BaseException:
            cluster.save_logs()
            raise
        finally:
            cluster.close()

    def _log_folder(self, test):
        return f"{self.logs}/{test.name}"

    def _keep(self, test, text):
        """For the log folder, and for the end of the output: often no more than that is left of a run."""
        self._failures.append(f"FAILED {test.name}\n{text}")
        os.makedirs(self._log_folder(test), exist_ok=True)
        with open(f"{self._log_folder(test)}/failure", "w", encoding="utf-8") as file:
            file.write(text)

    def _say(self, result, test, line):
        with self._print_lock:
            result.append(test)
            print(line)
            sys.stdout.flush()
