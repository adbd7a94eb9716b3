# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file in which a faulty program counts its calls, and is told which of them are to fail: faulty.h."""

import os
import struct

LIST = f"{os.path.dirname(os.path.abspath(__file__))}/calls.list"
HEAD, CALL = struct.Struct("=4I"), struct.Struct("=2I")
CALLS_MAX = 65536

with open(LIST, encoding="ascii") as _file:
    NAMES = [line.split()[0] for line in _file]


class Calls:
    """The calls of the program that has `path` as its TORTURE=, from arm() on."""

    def __init__(self, path):
        self.path = path
        self.fail_at = (0, 0)
        self.arm()

    def arm(self, *fail_at):
        """Count from 0 again; these fail (from 1 on; two at most)."""
        self.fail_at = (*fail_at, 0, 0)[:2]
        with open(self.path, "r+b" if os.path.exists(self.path) else "w+b") as file:
            # What a program has mapped must not go away beneath it.
            file.truncate(HEAD.size + CALLS_MAX * CALL.size)
            file.write(HEAD.pack(*self.fail_at, 0, 0))
        os.chmod(self.path, 0o666)

    def _head(self):
        with open(self.path, "rb") as file:
            return HEAD.unpack(file.read(HEAD.size))

    def failed(self):
        """How many have failed so far."""
        return self._head()[3]

    def made(self):
        """All so far: (name, where), in their order."""
        with open(self.path, "rb") as file:
            count = HEAD.unpack(file.read(HEAD.size))[2]
            data = file.read(min(count, CALLS_MAX) * CALL.size)
        return [(NAMES[name], where) for name, where in CALL.iter_unpack(data)]

    def failing(self):
        """What it was that failed, for people."""
        made = self.made()
        return " and ".join(f"{made[n - 1][0]} (call {n}, from {made[n - 1][1]:#x})" for n in self.fail_at if 0 < n <= len(made))
