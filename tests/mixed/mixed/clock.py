# SPDX-License-Identifier: LGPL-2.1-or-later
"""The true time, in µs, and what is due in it. The store's time and the time server's are the true one."""

import heapq

SECOND = 1_000_000
MINUTE = 60 * SECOND
EPOCH_US = 1_763_928_000 * SECOND  # what the true time 0 is since 1970
BOOT_US = SECOND                   # what a host's clocks show at its boot


class Time:
    """Events in their order; what is due at the same time comes in the order in which it was asked for."""

    def __init__(self):
        self.now = 0
        self._due, self._number = [], 0

    def at(self, when, what, *arguments):
        self._number += 1
        heapq.heappush(self._due, (max(when, self.now), self._number, what, arguments))

    def after(self, us, what, *arguments):
        self.at(self.now + us, what, *arguments)

    def step(self):
        """The next event."""
        self.now, _, what, arguments = heapq.heappop(self._due)
        what(*arguments)

    @property
    def since_1970_us(self):
        return EPOCH_US + self.now


class Clocks:
    """A host's: the wall clock is off by a constant, BOOTTIME and RAW run a little fast or slow, each its own way."""

    def __init__(self, time, wall_off_us, boot_ppm, raw_ppm):
        self._time, self._ppm = time, (boot_ppm, raw_ppm)
        self.wall_off_us, self._since = wall_off_us, time.now

    def reboot(self):
        self._since = self._time.now

    def _elapsed(self, ppm):
        passed = self._time.now - self._since
        return BOOT_US + passed + passed * ppm // 1_000_000

    @property
    def boot_us(self):
        return self._elapsed(self._ppm[0])

    @property
    def raw_us(self):
        return self._elapsed(self._ppm[1])

    @property
    def wall_ms(self):
        return (self._time.since_1970_us + self.wall_off_us) // 1000

    def all(self):
        """As lock-peer wants them: BOOTTIME, MONOTONIC, RAW, REALTIME."""
        return self.boot_us, self.boot_us, self.raw_us, self._time.since_1970_us + self.wall_off_us

    def true_time(self, boot_us=None, raw_us=None):
        """When the first of them has come."""
        return min(self._since + -(-(value - BOOT_US) * 1_000_000 // (1_000_000 + ppm)) if value > BOOT_US else 0
                   for value, ppm in zip((boot_us, raw_us), self._ppm) if value is not None)
