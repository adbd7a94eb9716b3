# SPDX-License-Identifier: LGPL-2.1-or-later
"""What both kinds of hosts have: clocks, a target, a name, and troubles."""

from typing import NamedTuple

from .clock import SECOND, Clocks

NEVER = None
# How long a target takes to end once it is asked to.
REACTION_US = (10_000, 3 * SECOND, NEVER)


class Settings(NamedTuple):
    gap_us: int
    lease_us: int
    renew_us: int
    poll_us: int
    budget_us: int
    wall_off_us: int
    ppm: tuple
    keeps_on: bool  # its target does not end before it is killed


class Host:
    is_original = False

    def __init__(self, world, name, settings):
        self.world, self.name, self.settings = world, name, settings
        self.key = f"AKID{name.upper()}"
        self.clocks = Clocks(world.time, settings.wall_off_us, *settings.ppm)
        self.run = 0           # of what leads the lock here; what belongs to an earlier one is void
        self.up = False
        self.cut_until, self.cut_by = 0, ()
        self.next_fate = None
        self.fair_weather = False
        self.target = False    # whether it runs
        self.stopping = False  # it was asked to end
        self.target_run = 0

    # -- the target

    def start_target(self):
        self.target, self.stopping = True, False
        self.target_run += 1
        self.world.judge.started(self)

    def end_target(self):
        if not self.target:
            return
        self.target = self.stopping = False
        self.world.judge.ended(self)
        self.target_gone()

    def ask_target_to_end(self, reaction_us):
        if not self.target or self.stopping:
            return
        self.stopping = True
        if reaction_us is not NEVER and not self.settings.keeps_on:
            self.world.time.after(reaction_us, self._reacts, self.target_run)

    def _reacts(self, target_run):
        if target_run == self.target_run:
            self.end_target()

    def target_gone(self):
        """For hosts that are told."""

    # -- what befalls it

    def come_back(self, down_us):
        run = self.run
        self.world.judge.excuse(down_us)
        self.world.time.after(down_us, lambda: self.start() if self.run == run and not self.up else None)

    def start(self):
        raise NotImplementedError

    def cut_off(self, for_us, by):
        self.cut_until, self.cut_by = self.world.time.now + for_us, by
        self.world.judge.excuse(for_us)

    def strike_next(self, fate):
        self.next_fate = fate
