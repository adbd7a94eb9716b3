# SPDX-License-Identifier: LGPL-2.1-or-later
"""The original for real: the rules of original.py by the clocks of the host that it runs on, with a program of its own.

    python3 -m mixed.peer COMMAND...

Its environment is the original's, with its whole minutes; ENDPOINT says besides where the store is.
"""

import os
import random
import subprocess
import sys
import threading
import time

from .clock import MINUTE, SECOND, Clocks, Time
from .host import Settings
from .original import PATIENCE_US, Original, make_client

PREFIX = "cloudlock_"


class RealTime(Time):
    """Of the host; waits for what is due, or for the thread that renews."""

    def __init__(self):
        super().__init__()
        self._woken = threading.Event()
        self._look_at_clock()

    def _look_at_clock(self):
        self.now = time.monotonic_ns() // 1000

    @property
    def since_1970_us(self):
        """What a time server says: nothing that shifts the clock of this program reaches another one."""
        asked = subprocess.run(["date", "+%s%6N"], env={"PATH": os.environ["PATH"]}, capture_output=True, check=True)
        return int(asked.stdout)

    def wake(self):
        self._woken.set()

    def wait(self, condition):
        """What `condition` returns, once that is true. Whatever is due meanwhile is done."""
        while True:
            self._woken.clear()
            if found := condition():
                return found
            self._look_at_clock()
            left_us = self._due[0][0] - self.now if self._due else MINUTE
            if left_us <= 0:
                self.step()
            else:
                self._woken.wait(left_us / SECOND)

    @staticmethod
    def take(_key):
        """No request comes this way: they go to the store itself."""


class World:
    def __init__(self, table, label):
        self.table, self.label = table, label
        self.rng = random.SystemRandom()
        self.time = self.front = RealTime()


class WallClock(Clocks):
    @property
    def wall_ms(self):
        return time.time_ns() // 1_000_000


class Peer(Original):
    def __init__(self, world, name, settings, client, command):
        super().__init__(world, name, settings, client)
        self.clocks = WallClock(world.time, 0, 0, 0)
        self._command, self._process = command, None

    def start_target(self):
        self._process = subprocess.Popen(self._command)
        self.target, self.stopping = True, False

    def ask_target_to_end(self, _reaction_us):
        self._process.terminate()
        self.stopping = True

    def end_target(self):
        if self.target:
            self._process.kill()
            self._process.wait()
        self.target = self.stopping = False

    def _look(self, run):
        self.target = self._process is not None and self._process.poll() is None
        super()._look(run)

    def _exit(self):
        sys.exit(self._process.returncode)


def main():
    given = {name.removeprefix(PREFIX): value for name, value in os.environ.items() if name.startswith(PREFIX)}

    def minutes(name, default):
        return int(given.get(f"{name}_min", default)) * MINUTE

    settings = Settings(
        gap_us=minutes("restart_gap", 30), lease_us=minutes("lock_expiration", 30), renew_us=minutes("renew_time", 2),
        poll_us=0, budget_us=0, wall_off_us=0, ppm=(0, 0), keeps_on=False)
    client = make_client(os.environ["ENDPOINT"], given["aws_region"], given["aws_key_id"], given["aws_secret"],
                         PATIENCE_US / SECOND)
    world = World(given["dynamodb_table"], given["lock_label"])
    Peer(world, given["my_id"], settings, client, sys.argv[1:]).start()
    world.time.wait(lambda: False)


if __name__ == "__main__":
    main()
