# SPDX-License-Identifier: LGPL-2.1-or-later
"""Decides from the beats of the targets whether two hosts ever ran at the same time.

A process of a target runs, for the judge, from its first beat to its last, whatever pauses lie
between: what was stopped and goes on later was running all along. (`split_s` ends a run at a
longer pause instead; for hosts whose every clock stood still, which nothing can promise for.)

    python3 -m rig.judge BEATS-FILE [MIN-BEATS HOST...]
"""

import itertools
import os
import sys
import threading

from .system import Failure

MIN_BEATS = 50  # one second's worth; a run with less from an expected holder shows nothing
NS_PER_S = 1e9


class Run:
    """An uninterrupted run of one process, which is known by its pid and its start: its beats, in ns of CLOCK_MONOTONIC."""

    def __init__(self, host, pid, start, fence, times):
        self.host, self.pid, self.start, self.fence, self.times = host, pid, start, fence, times
        self.first, self.last, self.beats = times[0], times[-1], len(times)

    def longest_gap_ns(self, since_ns=0):
        """The longest time between two beats, as far as it lies behind a moment."""
        return max((later - max(earlier, since_ns) for earlier, later in itertools.pairwise(self.times)
                    if later > since_ns), default=0)

    def split(self, pause_ns):
        """The runs between its longer pauses."""
        cuts = [index for index, (earlier, later) in enumerate(itertools.pairwise(self.times), 1)
                if later - earlier > pause_ns]
        return [Run(self.host, self.pid, self.start, self.fence, self.times[begin:end])
                for begin, end in itertools.pairwise([0, *cuts, self.beats])]

    def __repr__(self):
        return (f"{self.host}[{self.pid}] fence {self.fence}: {self.first / NS_PER_S:.3f} to "
                f"{self.last / NS_PER_S:.3f}, {self.beats} beats")


class Tape:
    """A beats file as it grows: what has been read of it is not read again. Safe to use from all threads."""

    def __init__(self, path):
        self._path, self._offset = path, 0
        self._processes = {}
        self._lock = threading.Lock()

    def runs(self):
        """A run for each process so far."""
        with self._lock:
            self._read_on()
            return [Run(host, int(pid), start, fence, list(times))
                    for (host, pid, start), (fence, times) in self._processes.items()]

    def _read_on(self):
        if os.path.getsize(self._path) == self._offset:
            return
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            fresh = file.read()
        # The last line may be half written: it has no end yet.
        whole = fresh[:fresh.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.decode("ascii").splitlines():
            now, host, pid, start, fence, _ = line.split()
            self._processes.setdefault((host, pid, start), (int(fence), []))[1].append(int(now))


class Verdict:
    """What the beats say; times in seconds, of CLOCK_MONOTONIC."""

    def __init__(self, runs, split_s=None):
        """Of a tape's runs; split_s: see above."""
        if split_s is not None:
            runs = [part for run in runs for part in run.split(split_s * NS_PER_S)]
        self.runs = sorted(runs, key=lambda run: run.first)

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
        """The longest pause of a host's target from a moment on: in one of its processes, or while it had none."""
        since_ns, last_ns = since_s * NS_PER_S, None
        gaps_ns = [run.longest_gap_ns(since_ns) for run in self.of(host)]
        for run in self.of(host):
            # Who begins while another one of them runs ends no pause.
            if last_ns is not None:
                gaps_ns.append(run.first - max(last_ns, since_ns))
            last_ns = max(run.last, last_ns or 0)
        return max(gaps_ns, default=0) / NS_PER_S

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
    verdict = Verdict(Tape(path).runs())
    for run in verdict.runs:
        print(run)
    try:
        verdict.check(holders, int(min_beats))
    except Failure as failure:
        sys.exit(f"unsafe: {failure}")
    print(f"safe; shortest handover: {verdict.smallest_handover_s()} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
