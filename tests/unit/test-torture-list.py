#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever the programs call of a library fails in turn (tests/torture/calls.list), or tests/torture/unfailing.list says why
not. Usage: test-torture-list.py PROGRAM..."""

import os
import re
import subprocess
import sys
import unittest

FOLDER = f"{os.path.dirname(os.path.abspath(__file__))}/../torture"
# What newer C libraries make of strtoul() and its like.
NEWER = re.compile(r"^__isoc\d+_")
# With these a program calls others than the linker's --wrap sends elsewhere.
FORTIFIED = re.compile(r"__(?!stack)\w+_chk$")
PROGRAMS = sys.argv[1:]
del sys.argv[1:]


def called():
    names = set()
    for program in PROGRAMS:
        listed = subprocess.run(["nm", "--dynamic", "--undefined-only", "--format=posix", program], check=True,
                                stdout=subprocess.PIPE, text=True).stdout
        names |= {line.split()[0].split("@")[0] for line in listed.splitlines()}
    if any(map(FORTIFIED.match, names)):
        raise unittest.SkipTest("built with _FORTIFY_SOURCE")
    return {NEWER.sub("", name) for name in names}


def lines(name):
    with open(f"{FOLDER}/{name}", encoding="ascii") as file:
        return [line for line in file.read().splitlines() if line and not line.startswith("#")]


class ListTest(unittest.TestCase):
    failing = [line.split()[0] for line in lines("calls.list")]
    unfailing = " ".join(lines("unfailing.list")).split()

    def test_all_that_is_called(self):
        self.assertEqual(called() - {*self.failing} - {*self.unfailing}, set(), "named in neither list")

    def test_nothing_else(self):
        self.assertEqual({*self.failing} - called(), set(), "fails in turn, but nobody calls it")

    def test_once(self):
        names = [*self.failing, *self.unfailing]
        self.assertEqual(sorted(names), sorted(set(names)))


unittest.main()
