# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sees who runs and what is written, in true time. Three things must not be:

    overlap       two targets run
    taken-beside  cloudlock takes the lock, or it is taken from cloudlock, while another's target runs: the steps of the
                  argument that need no gap (cloudlock-safety(7), "Beside the original")
    nobody-runs   for longer than it may take after the last trouble
"""

import json

from rig import front as rig_front


class Violation(Exception):
    def __init__(self, what, text):
        super().__init__(f"{what}: {text}")
        self.what = what


class Judge:
    def __init__(self, world, only_overlap):
        self._world, self._only_overlap = world, only_overlap
        self._owner, self._released, self._runner = None, False, None
        self._quiet_since = 0
        self.starts, self.takeovers, self.tenures, self.longest_us = 0, {}, {}, 0
        self.by_release = 0

    @staticmethod
    def _kind(host):
        return "original" if host.is_original else "cloudlock"

    def _others(self, host):
        return [other for other in self._world.hosts if other.target and other is not host]

    def started(self, host):
        self._world.note(host, "THE TARGET RUNS")
        for other in self._others(host):
            raise Violation("overlap", f"the targets of {other.name} and {host.name} run at the same time")
        self.starts += 1
        self.longest_us = max(self.longest_us, self._world.time.now - self._quiet_since)
        if self._runner and self._runner is not host:
            way = f"{self._kind(self._runner)} to {self._kind(host)}"
            self.takeovers[way] = self.takeovers.get(way, 0) + 1
            self.tenures[self._kind(host)] = self.tenures.get(self._kind(host), 0) + 1
        self._runner = host

    def ended(self, host):
        self._world.note(host, "the target is gone")
        self._quiet_since = max(self._quiet_since, self._world.time.now)

    def excuse(self, us):
        """There is trouble for so long."""
        self._quiet_since = max(self._quiet_since, self._world.time.now + us)

    def written(self, host, request):
        """A write was applied."""
        item = rig_front.Request({"op": request.operation, "body": json.loads(request.body)}).written
        if host is not self._owner:
            self._taken(host)
        self._owner, self._released = host, item["expire_time"] == 0

    def _taken(self, host):
        before = self._owner
        self._world.note(host, f"takes the lock from {before.name if before else 'nobody'}")
        self.by_release += self._released
        for other in self._others(host):
            if not self._only_overlap and not (host.is_original and other.is_original):
                raise Violation("taken-beside", f"{host.name} takes the lock while the target of {other.name} runs")

    def look(self):
        """Whether somebody runs, or may have to be waited for."""
        world = self._world
        if any(host.target for host in world.hosts):
            return
        late_us = world.time.now - self._quiet_since - world.bound_us
        if late_us > 0:
            raise Violation("nobody-runs", f"for {(late_us + world.bound_us) / 1e6:.0f} s after the last trouble")
