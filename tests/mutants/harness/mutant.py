# SPDX-License-Identifier: LGPL-2.1-or-later
"""A mutant: a patch whose head says what it breaks and what has to notice.

    Breaks: one line, in plain words
    Killed-by: unit sim node:test_guard.test_guard_killed_alone

    --- a/src/...

Each word of Killed-by names a suite that has to kill it:

    unit             the unit tests of what the patch touches (UNIT_TESTS below)
    unit:NAME        this unit test, by meson's name for it
    sim              the simulator, by an invariant of safety
    sim:INVARIANT    the simulator, by this invariant
    node:TEST        a booted test, by its full name

The patches in proofs/ show that a run can fail; they say how each of them has to end (Ends).
"""

import glob
import os
import re
from typing import NamedTuple, Optional

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SUITES = ("unit", "sim", "nodes")

# What a plain "unit" means, by the beginning of a path; meson's names of tests, by theirs.
UNIT_TESTS = (
    ("src/lock/", ("lock-",)),
    ("src/guard/guard-core", ("guard-core",)),
    ("src/base/time-limits.h", ("lock-", "guard-core")),
    ("src/base/lease-text", ("lease-text",)),
    ("src/aws/dynamodb", ("dynamodb",)),
    ("src/systemd/binding", ("binding",)),
    ("src/systemd/drop-in-text", ("binding",)),
)
# What the simulator drives.
CORES = ("src/lock/", "src/guard/guard-core", "src/base/time-limits.h")


class Killer(NamedTuple):
    """A word of Killed-by."""

    suite: str
    what: Optional[str]

    def __str__(self):
        return {"nodes": "node"}.get(self.suite, self.suite) + (f":{self.what}" if self.what else "")


class Malformed(Exception):
    """A patch that says not enough of itself."""


def killer(word):
    suite, _, what = word.partition(":")
    suite = {"node": "nodes"}.get(suite, suite)
    if suite not in SUITES or (suite == "nodes") > bool(what):
        raise Malformed(f"{word!r} in Killed-by names no suite")
    return Killer(suite, what or None)


class Mutant:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path).removesuffix(".patch")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.breaks = self._said(text, "Breaks")
        self.ends = self._said(text, "Ends", "killed")
        self.killers = [killer(word) for word in self._said(text, "Killed-by").split()]
        self.files = re.findall(r"^\+\+\+ b/(\S+)$", text, re.M)
        if not self.files:
            raise Malformed(f"{self.name} changes no file")

    def _said(self, text, key, default=None):
        found = re.search(rf"^{key}: (.+)$", text, re.M)
        if not found and not default:
            raise Malformed(f"{self.name} has no line {key}:")
        return found[1] if found else default

    def is_core(self):
        """Whether unit tests and simulator can tell: it touches a core, and not only booted tests are to notice."""
        return any(file.startswith(CORES) for file in self.files) and any(one.suite != "nodes" for one in self.killers)

    def unit_tests(self):
        """The beginnings of the names of the tests that a plain "unit" means."""
        return tuple(name for path, names in UNIT_TESTS if any(file.startswith(path) for file in self.files)
                     for name in names)


def proofs():
    return [Mutant(path) for path in sorted(glob.glob(f"{HERE}/proofs/*.patch"))]


def discover(filters):
    """The mutants whose names contain one of `filters`; all without any."""
    mutants = [Mutant(path) for path in sorted(glob.glob(f"{HERE}/*.patch"))]
    return [one for one in mutants if not filters or any(part in one.name for part in filters)]
