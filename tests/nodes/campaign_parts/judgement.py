# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the beats of a run say, in numbers."""

import itertools
import time

from rig.judge import NS_PER_S

# Where a host stood still, a longer pause ends the run of a process: nothing can be promised for what was frozen.
SPLIT_S = 0.5
# So long after a thaw the guard may take to kill what was frozen with it. What beats on counts from its first beat.
THAW_KILL_S = 1


def judge(trial):
    """Numbers by name, for the run's line. Times in seconds; None: there is nothing to measure."""
    faults = [blow.fault for blow in trial.blows]
    stood_still = [fault for fault in faults if fault.stands_still]
    verdict = trial.cluster.verdict()
    verdict.runs = split_where(trial.cluster, verdict, {fault.host.name for fault in stood_still})
    excused = {run for fault in stood_still for run in thawed_too_late(verdict, fault)}
    verdict.runs = [run for run in verdict.runs if run not in excused]
    overlaps = verdict.overlaps()
    return {
        "promised": is_promised(faults),
        "overlaps": len(overlaps),
        "overlap_s": rounded(max((overlap_s(*pair) for pair in overlaps), default=None)),
        "what": "; ".join(f"{one} and {other}" for one, other in overlaps[:3]) or None,
        "smallest_gap_s": rounded(verdict.smallest_handover_s()),
        "longest_nobody_s": rounded(longest_nobody_s(verdict.runs, time.monotonic_ns())),
        "longest_pause_s": rounded(longest_pause_s(trial, verdict)),
        "beats_after_thaw": sum(run.beats for run in excused) if stood_still else None,
        "settled_s": rounded(trial.settled_s),
        "fences_in_order": verdict.fences_in_order(),
    }


def is_promised(faults):
    """Not where one host loses its guard and its PID 1: cloudlock-safety(7)."""
    taken = {host: set().union(*(fault.takes for fault in faults if fault.host is host)) for host in
             {fault.host for fault in faults}}
    return not any({"guard", "pid1"} <= parts for parts in taken.values())


def rounded(seconds):
    return None if seconds is None else round(seconds, 3)


def overlap_s(one, other):
    return (min(one.last, other.last) - max(one.first, other.first)) / NS_PER_S


def split_where(cluster, verdict, hosts):
    """The runs, those on some hosts split at pauses."""
    if not hosts:
        return verdict.runs
    split = [run for run in cluster.verdict(SPLIT_S).runs if run.host in hosts]
    return sorted(split + [run for run in verdict.runs if run.host not in hosts], key=lambda run: run.first)


def thawed_too_late(verdict, fault):
    """What was frozen went on when another host had begun to run: the beats until the guard there has killed it."""
    if None in (fault.frozen_ns, fault.thawed_ns):  # the host had gone already
        return []
    if not any(run.host != fault.host.name and fault.frozen_ns < run.first <= fault.thawed_ns for run in verdict.runs):
        return []
    runs = verdict.of(fault.host)
    frozen = {(run.pid, run.start) for run in runs if run.first <= fault.frozen_ns}
    return [run for run in runs if run.first > fault.frozen_ns and (run.pid, run.start) in frozen
            and run.last < fault.thawed_ns + THAW_KILL_S * NS_PER_S]


def longest_nobody_s(runs, now_ns):
    """From the first beat of all until now, without a beat of any."""
    beats = sorted(beat for run in runs for beat in run.times)
    if not beats:
        return None
    return max(later - earlier for earlier, later in itertools.pairwise([*beats, now_ns])) / NS_PER_S


def longest_pause_s(trial, verdict):
    """Of the target of the host that held the lock first; None: a fault may well end it."""
    host = trial.locks[0].host
    if trial.since_s is None or not all(blow.fault.keeps_target for blow in trial.blows
                                        if blow.fault.host is host or blow.fault.everybody):
        return None
    ended_s = time.monotonic() - max(verdict.last_beat_s(host), trial.since_s)
    return max(verdict.longest_gap_s(host, trial.since_s), ended_s)
