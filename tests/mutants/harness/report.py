# SPDX-License-Identifier: LGPL-2.1-or-later
"""What came of the mutants, for people: a line each, or a table."""

import collections


class Lines:
    """A line for each mutant, and at the end how much each suite would find alone."""

    def __init__(self, plan):
        self.plan = plan
        self.passed = self.failed = 0
        self.tried, self.kills = collections.Counter(), collections.Counter()

    def add(self, mutant, outcome):
        self.passed += outcome.good
        self.failed += not outcome.good
        said = [f"{killer.suite}: {result.text}" if result.killed else f"{killer} {result.verdict} {result.text}".strip()
                for killer, result in outcome.results.items()]
        for suite in {killer.suite for killer in outcome.results}:
            self.tried[suite] += 1
            self.kills[suite] += any(result.killed for killer, result in outcome.results.items() if killer.suite == suite)
        what = f"{outcome.problem}: {outcome.said}" if outcome.problem else "; ".join(said)
        begin, killed = ("ok", "killed by ") if outcome.good else ("FAIL", "")
        print(f"{begin} {mutant.name}: {mutant.breaks}; {killed}{what}", flush=True)

    def finish(self):
        for suite in self.plan.suites:
            if self.tried[suite]:
                print(f"{suite} alone kills {self.kills[suite]} of the {self.tried[suite]} that it is asked to kill")
        print(f"{self.passed} passed, {self.failed} failed")
        return int(self.failed > 0 or self.passed == 0)


def cell(result):
    if result.killed:
        return result.short
    return "-" if result.verdict == "survived" and not result.text else f"- ({result.verdict} {result.text})"


class Table:
    """A row for each mutant, a column for each suite; what the header promises and the suite does not keep has a "!"."""

    def __init__(self, plan):
        self.plan = plan
        self.rows = []
        self.failed = 0
        self.kills = collections.Counter()

    def add(self, mutant, outcome):
        promised = {killer.suite for killer in mutant.killers}
        cells = [mutant.name]
        for killer, result in outcome.results.items():
            kept = result.killed == (killer.suite in promised)
            cells.append(("" if kept else "! ") + cell(result))
            self.failed += result.verdict in ("crashed", "late")
            self.kills[killer.suite] += result.killed
        if outcome.problem:
            cells.append(outcome.problem)
            self.failed += 1
        self.rows.append(cells)
        print(" | ".join(cells), flush=True)

    def finish(self):
        columns = ["mutant", *self.plan.suites]
        widths = [max(len(row[i]) if i < len(row) else 0 for row in [columns, *self.rows]) for i in range(len(columns))]
        print()
        for row in [columns, *self.rows]:
            print(" | ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        for suite in self.plan.suites:
            print(f"{suite} alone kills {self.kills[suite]} of {len(self.rows)}")
        print(f"{len(self.rows) - self.failed} passed, {self.failed} failed")
        return int(self.failed > 0)
