# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a seed stands for: the same seed and the same choice of faults are the same scenario."""

import random
from typing import NamedTuple

from . import machine, network, operator, processes
from .targets import TARGETS

FAULTS = {**network.FAULTS, **processes.FAULTS, **machine.FAULTS, **operator.FAULTS}
SINGLES = 0.4  # of all runs
SAME_HOST = 0.6  # of the second faults, where they may strike another
HOSTS = (2, 2, 3)
# From the first fault to the second: within the lease of 20 s, or about as another host takes over.
OFFSETS_S = ((0, 12), (0, 12), (10, 26))
SHORT_S = (0.5, 8)
ORDER = 1  # of the faults, as good as any other
SHORTS = 0.4


class Strike(NamedTuple):
    """A fault, the host that it strikes (0 holds the lock), when, and for how long (None: until another host runs)."""

    name: str
    victim: int
    at_s: float
    lasts_s: float | None


class Scenario(NamedTuple):
    seed: int
    hosts: int
    target: str
    strikes: tuple

    def dice(self, number):
        """What a fault draws from; it depends on nothing that the scenario goes through."""
        return random.Random(f"{self.seed}/{number}")


def known_faults(systemd):
    """Those that a version of systemd has, mixed: a few seeds in a row have faults of all kinds."""
    names = [name for name, fault in FAULTS.items() if fault.since_systemd <= systemd]
    return random.Random(ORDER).sample(names, len(names))


def draw(seed, names):
    """The scenario of a seed. The first fault goes through all of them in turn, the rest is drawn."""
    dice = random.Random(seed)
    hosts = dice.choice(HOSTS)
    strikes = [_strike(dice, names[seed % len(names)], 0, 0.0)]
    if len(names) > 1 and dice.random() >= SINGLES:
        name = dice.choice([name for name in names if name != strikes[0].name])
        other = FAULTS[name].anywhere and dice.random() >= SAME_HOST
        at_s = dice.uniform(*dice.choice(OFFSETS_S))
        strikes.append(_strike(dice, name, dice.randrange(1, hosts) if other else 0, at_s))
    return Scenario(seed, hosts, dice.choice(list(TARGETS)), tuple(strikes))


def _strike(dice, name, victim, at_s):
    lasts_s = dice.uniform(*SHORT_S) if dice.random() < SHORTS else None
    return Strike(name, victim, at_s, lasts_s)
