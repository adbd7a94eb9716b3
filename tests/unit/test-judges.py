#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The judges of tests/nodes/campaign: what they have to fail, and what they excuse."""

import os
import sys
import unittest
from types import SimpleNamespace

NODES = f"{os.path.dirname(os.path.dirname(os.path.realpath(__file__)))}/nodes"
sys.path.insert(0, NODES)
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
from campaign_parts import judgement, table
from rig.judge import Run, Verdict

S = 1_000_000_000
BEAT_NS = S // 50


class Host:
    def __init__(self, name):
        self.name = name


ONE, OTHER = Host("node1"), Host("node2")


def run(host, first_s, last_s, pid=7, start="100", fence=1):
    return Run(host.name, pid, start, fence, list(range(round(first_s * S), round(last_s * S) + 1, BEAT_NS)))


def fault(host, *takes):
    return SimpleNamespace(host=host, takes=frozenset(takes))


def late(*after, frozen_s=10):
    """What is excused of runs after a thaw: node1 is frozen from 10 to 40, node2 runs from 35 on."""
    frozen = SimpleNamespace(host=ONE, frozen_ns=frozen_s and frozen_s * S, thawed_ns=40 * S)
    return judgement.thawed_too_late(Verdict([run(ONE, 1, 10), run(OTHER, 35, 100, fence=2), *after]), frozen)


def line(**more):
    return {"error": None, "promised": True, "overlaps": 0, "smallest_gap_s": None, "longest_nobody_s": None,
            "longest_pause_s": None, "beats_after_thaw": None, "faults": [{"name": "cut-off", "not_counted": None}], **more}


class Campaign(unittest.TestCase):
    def test_beats_after_a_thaw_are_excused_for_a_moment(self):
        self.assertTrue(late(run(ONE, 40.01, 40.2)))
        self.assertFalse(late(run(ONE, 40.01, 100)), "a guard that never kills")
        self.assertFalse(late(run(ONE, 40.01, 40.2, start="4000")), "another process of the same number")

    def test_a_fault_that_never_began_excuses_nothing(self):
        self.assertFalse(late(run(ONE, 40.01, 40.2), frozen_s=None))

    def test_nothing_is_promised_where_one_host_loses_guard_and_pid1(self):
        self.assertTrue(judgement.is_promised([]))
        self.assertTrue(judgement.is_promised([fault(ONE, "guard"), fault(OTHER, "pid1")]))
        self.assertFalse(judgement.is_promised([fault(ONE, "guard"), fault(ONE, "pid1")]))

    def test_a_process_that_stands_still_is_nobody(self):
        quiet = Run("node1", 7, "100", 1, [S, 2 * S, 30 * S])
        self.assertEqual(judgement.longest_nobody_s([quiet], 31 * S), 28)
        self.assertEqual(judgement.longest_nobody_s([quiet, run(OTHER, 2, 30)], 31 * S), 1)
        self.assertIsNone(judgement.longest_nobody_s([], 31 * S))

    def test_an_overlap_is_in_the_table_whatever_came_after_it(self):
        self.assertIn("| cut-off | 0 | 1 |", table.markdown([line(error="Failure: the rig's", overlaps=1)]))
        self.assertIn("| cut-off | 1 | 0 |", table.markdown([line()]))


if __name__ == "__main__":
    unittest.main()
