# SPDX-License-Identifier: LGPL-2.1-or-later
"""Decides from the beats of the targets whether two hosts ever ran at the same time.

A process of a target runs, for the judge, from its first beat to its last, whatever pauses lie
between: what was stopped and goes on later was running all along. (`split_s` ends a run at a
longer pause instead; for hosts whose every clock stood still, which nothing can promise for.)

    python3 -m rig.judge BEATS-FILE [MIN-BEATS HOST...]
"""

import itertools
import sys

from .system import Failure

MIN_BEATS = 50  # one second's worth; a run with less from an expected holder shows nothing
NS_PER_S = 1e9


class Run:
    """An uninterrupted run of one process."""

    def __init__(self, host, pid, fence, first):
        self.host, self.pid, self.fence = host, pid, fence
        self.first, self.last = first, first
        self.beats, self.longest_gap = 1, 0

    def add(self, now):
        self.longest_gap = max(self.longest_gap, now - self.last)
        self.last = now
        self.beats += 1

    def __repr__(self):
        return (f"{self.host}[{self.pid}] fence {self.fence}: {self.first / NS_PER_S:.3f} to "
                f"{self.last / NS_PER_S:.3f}, {self.beats} beats")


def parse(text, split_s=None):
    """The runs in a beats file, in the order in which they began."""
    runs = {}
    done = []
    # The last line may be half written: it has no end yet.
    for line in text[:text.rfind("\n") + 1].splitlines():
        now, host, pid, start, fence, _ = line.split()
        now, identity = int(now), (host, pid, start)
        run = runs.get(identity)
        if run is not None and (split_s is None or now - run.last <= split_s * NS_PER_S):
            run.add(now)
            continue
        runs[identity] = Run(host, int(pid), int(fence), now)
        done.append(runs[identity])
    return sorted(done, key=lambda run: run.first)


class Verdict:
    """What the beats say; times in seconds, of CLOCK_MONOTONIC."""

    def __init__(self, text, split_s=None):
        self.runs = parse(text, split_s)

    def of(self, host):
        name = getattr(host, "name", host)
        return [run for run in self.runs if run.host == name]

    def overlaps(self):
        """Pairs of runs on two hosts that share an instant."""
        return [(one, other) for one, other in itertools.combinations(self.runs, 2)
                if one.host != other.host and one.last >= other.first and other.last >= one.first]

    def smallest_handover_s(self):
        """The shortest time from one host's last beat to another's next first one; None: no handover."""
        gaps = [later.first - earlier.last for earlier, later in itertools.combinations(self.runs, 2)
                if earlier.host != later.host and later.first > earlier.last]
        return min(gaps) / NS_PER_S if gaps else None

    def longest_gap_s(self, host, since_s=0.0):
        """The longest time between two beats of a host, from a moment on, over all its processes."""
        beats = sorted(edge for run in self.of(host) if run.last / NS_PER_S >= since_s
                       for edge in (run.first, run.last))
        inner = max((run.longest_gap for run in self.of(host)), default=0)
        between = max((later - earlier for earlier, later in zip(beats[1::2], beats[2::2])), default=0)
        return max(inner, between) / NS_PER_S

    def last_beat_s(self, host):
        """When a host beat for the last time; None: never."""
        return max((run.last for run in self.of(host)), default=None) and \
            max(run.last for run in self.of(host)) / NS_PER_S

    def fences_in_order(self):
        """Whether each handover to another host came with a higher fence."""
        return all(later.fence > earlier.fence for earlier, later in zip(self.runs, self.runs[1:])
                   if earlier.host != later.host)

    def check(self, holders, min_beats=MIN_BEATS):
        """Failure unless every expected holder has beaten enough and no two hosts ever together."""
        for holder in holders:
            name = getattr(holder, "name", holder)
            beats = sum(run.beats for run in self.of(name))
            if beats < min_beats:
                raise Failure(f"{name} has {beats} beats; the run counts from {min_beats} on")
        if self.overlaps():
            pairs = "; ".join(f"{one} and {other}" for one, other in self.overlaps()[:3])
            raise Failure(f"two hosts ran the target at the same time: {pairs}")
        return self


def main(path, min_beats=str(MIN_BEATS), *holders):
    with open(path, encoding="ascii") as file:
        verdict = Verdict(file.read())
    for run in verdict.runs:
        print(run)
    try:
        verdict.check(holders, int(min_beats))
    except Failure as failure:
        sys.exit(f"unsafe: {failure}")
    print(f"safe; shortest handover: {verdict.smallest_handover_s()} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
