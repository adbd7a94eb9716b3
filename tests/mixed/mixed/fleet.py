# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hosts drawn from a seed, and what befalls them, round by round. A round is over when a target runs again."""

import collections
import random

from . import network, stores
from .clock import MINUTE, SECOND, Time
from .cloudlock import Cloudlock
from .host import Settings
from .judge import Judge
from .original import Original

ROUNDS = 12  # of a fleet
NOTES = 400
WEATHER = 0.02  # requests that something befalls besides
# How many hosts with cloudlock and with the original.
FLEETS = ((1, 1), (1, 1), (1, 1), (2, 1), (2, 1), (1, 2), (1, 2), (2, 2))
# The gaps of a fleet, in s, and how often. With long ones a round takes ten times as many requests.
GAPS_S = ((120,),) * 8 + ((1800,), (120, 1800))
WALL_OFF_S = (-39, 0, 39)
# How many fleets leave the least room: their targets end by force only, their clocks are off in turns this way and that.
HARSH = 0.6
CLOCK_OFF_S = (-300, -60, -41, 41, 60, 300)
PPM_MAX = 450
HEADROOM_US, MARGIN_US, OFF_US = 45 * SECOND, 60 * SECOND, 40 * SECOND


class Fleet:
    """What its parts see as the world."""

    region, table = stores.REGION, stores.TABLE

    def __init__(self, rig, seed, options, trace):
        self.rng, self.time = random.Random(seed), Time()
        self.front = rig.front
        self.label = f"fleet-{next(rig.labels)}"
        self._notes, self._trace = collections.deque(maxlen=NOTES), trace
        self.judge = Judge(self, options.only_overlap)
        self.network = network.Network(self.time, self.front, self.rng, self.judge, WEATHER)
        self.rounds = 0
        self.hosts = []
        self._harsh, self._off_s = options.harsh or self.rng.random() < HARSH, self.rng.choice((-39, 39))
        cloudlocks, originals = options.kinds or self.rng.choice(FLEETS)
        gaps_s = (options.gap,) if options.gap is not None else self.rng.choice(GAPS_S)
        for number in range(cloudlocks):
            my_id = self.rng.choice((f"c{number}", "o0"))  # the original's own name, with ours behind it, is another's
            self.hosts.append(Cloudlock(self, f"c{number}", self._settings(gaps_s), my_id, rig))
        for number in range(originals):
            name = f"o{number}"
            self.hosts.append(Original(self, name, self._settings(gaps_s), rig.client(name)))
        wait_us = max(host.settings.lease_us for host in self.hosts) + HEADROOM_US + MARGIN_US + OFF_US
        self.bound_us = wait_us + max(host.bound_us for host in self.hosts)

    def _settings(self, gaps_s):
        rng = self.rng
        gap_us = rng.choice(gaps_s) * SECOND
        lease_us = rng.choice((5, 6, 10) if gap_us < 10 * MINUTE else (10, 30)) * MINUTE
        return Settings(
            gap_us=gap_us, lease_us=lease_us, renew_us=rng.choice((1, 2)) * MINUTE,
            poll_us=rng.choice((10, 20, 30) if gap_us < 10 * MINUTE else (60, 120)) * SECOND,
            budget_us=rng.choice((5, 30)) * SECOND, wall_off_us=self._draw_off_s() * SECOND,
            ppm=(rng.randint(-PPM_MAX, PPM_MAX), rng.randint(-PPM_MAX, PPM_MAX)),
            keeps_on=self._harsh or rng.random() < 0.5)

    def _draw_off_s(self):
        self._off_s = -self._off_s
        return self._off_s if self._harsh else self.rng.choice(WALL_OFF_S)

    def note(self, host, text):
        line = f"{self.time.now / 1e6:11.3f} {host.name}: {text}"
        self._notes.append(line)
        if self._trace:
            self._trace(line)

    @property
    def notes(self):
        return list(self._notes)

    # -- rounds

    def start(self):
        for host in self.hosts:
            host.come_back(self.rng.randint(0, 2 * MINUTE))

    def _until(self, condition):
        while not condition():
            self.time.step()
            self.judge.look()

    def _runner(self):
        return next((host for host in self.hosts if host.target), None)

    def play(self):
        """One round."""
        self._until(self._runner)
        later = self.time.now + self.rng.randint(0, 3 * MINUTE)
        self._until(lambda: self.time.now >= later)
        host = self._runner() or self.rng.choice(self.hosts)
        if self.rng.random() < 0.15:
            host = self.rng.choice(self.hosts)
        starts = self.judge.starts
        mild_until = self._befall(host)
        self._until(lambda: self._runner() and (self.judge.starts > starts or self.time.now >= mild_until))
        self.rounds += 1

    def _long_us(self):
        """Others have the time to take over."""
        return self.bound_us + self.rng.randint(0, 2 * MINUTE)

    def _short_us(self):
        return self.rng.randint(5 * SECOND, 90 * SECOND)

    def _befall(self, host):
        """When it counts as over, should the target of the host have gone on all the time."""
        rng, now = self.rng, self.time.now
        away_us = self._long_us() if rng.random() < 0.7 else self._short_us()
        what = rng.choice(("power", "power", "stop", "stop", "crash", "target", "cut", "cut", "cut", "cut", "strike",
                           "clock"))
        self.note(host, f"{what}, for {away_us / 1e6:.0f} s")
        if what == "power":
            host.power_cut(away_us)
        elif what == "stop":
            host.stop(away_us)
        elif what == "crash":
            host.crash(away_us)
        elif what == "target":
            host.target_fails()
        elif what == "cut":
            host.cut_off(away_us, rng.choice(network.CUTS))
        elif what == "strike":
            host.strike_next(rng.choice(network.SINGLE))
        else:
            off_us = rng.choice(CLOCK_OFF_S) * SECOND
            host.clock_off(off_us, away_us)
            self.judge.excuse(away_us)
        return now + (away_us if what != "strike" else 2 * host.settings.renew_us)

    def close(self):
        for host in self.hosts:
            host.kill()
            if not host.is_original:
                host.close()
