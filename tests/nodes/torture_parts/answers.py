# SPDX-License-Identifier: LGPL-2.1-or-later
"""cloudlockd: whole lives, in each of which one answer of the store's is spoilt."""

import random
import re

from rig import faults, workers
from rig.cluster import MAX_HOSTS

from . import faulty_host, lives

# Beside those of the front end's that are named in faults.py; `slow` is longer than a request may take.
WAYS = {"reset": {"kind": "drop_before"}, "applied, reset": {"kind": "drop"}, "failed": {"kind": "fail_before"},
        "throttled": {"kind": "throttle"}, "late": {"kind": "delay_after", "seconds": 3},
        "slow": {"kind": "delay_after", "seconds": 15},
        **{how: {"kind": "spoil", "how": how} for how in faults.SPOILT}}
# RETRY_US_MAX in table.c: who may not look at the table asks again not before.
TABLE_RETRY_S = 60


class Answered(lives.Life):
    """A life in which an answer is spoilt."""

    bound_s = lives.BOUND_S + TABLE_RETRY_S
    usual, ops = frozenset(), ()
    silent = []  # what was spoilt without a word of it; of all of them

    def begin(self):
        """Nothing is spoilt: which answers there are, and what it says."""
        self.run()  # takes a record of long ago
        front, since = self.lock.host.cluster.front, self.lock.host.cluster.front.last_number()
        self.lived()
        self.usual = self.said
        self.ops = [request.op for request in front.requests(host=self.lock.host, since=since)]

    def lived(self):
        self.run()
        self.said = {re.sub(r"\d+", "0", line) for line in self.journal(self.since).splitlines()}

    def live(self, case):
        """The number of the answer, from 0 on, and the way."""
        number, way = case
        front = self.lock.host.cluster.front
        rule = front.fault(**WAYS[way], host=self.lock.host, skip=number, times=1)
        try:
            self.lived()
            if front.used(rule) and not self.said - self.usual:
                self.silent.append(case)
            return front.used(rule) > 0
        finally:
            front.clear(rule)


def run(cluster, options, tally):
    hosts = [faulty_host.boot(cluster, "cloudlockd", options.build) for _ in range(min(MAX_HOSTS, options.jobs))]
    living = [Answered(host, number) for number, host in enumerate(hosts)]
    workers.run(cluster.workspace, workers.share(living, len(living), Answered.begin))
    ops = living[0].ops
    chosen = [(number, way) for number in range(len(ops)) for way in WAYS]
    if 0 < options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    if options.only:
        chosen = [(int(case.partition(":")[0]), case.partition(":")[2]) for case in options.only]
    lives.live_all(cluster, living, chosen, tally, lambda case: "{}:{}".format(*case))
    quiet = sorted({way for _, way in Answered.silent})
    return (f"{len(chosen)} lives, in each of which one of {len(ops)} answers ({', '.join(ops)}) was spoilt in one of "
            f"{len(WAYS)} ways; nothing was said of {len(Answered.silent)} ({', '.join(quiet)})")
