# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lines of a campaign's file, and what they come to."""

import collections
import json
import os

HEAD = ("fault", "runs", "overlaps", "smallest gap", "longest nobody", "longest pause", "beats after a thaw",
        "not counted")


def read_lines(path):
    """All whole lines of a file; none where there is no file."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def counted_faults(line):
    return [fault["name"] for fault in line["faults"] if fault["not_counted"] is None]


def counts(line):
    """Whether a run counts: each of its faults hit while a lease was held."""
    return line["error"] is None and len(counted_faults(line)) == len(line["faults"])


def is_violation(line):
    """Two hosts ran the target at once, and it is promised that they don't: also in a run that broke off."""
    return line["promised"] and line["overlaps"] > 0


class Row:
    def __init__(self):
        self.runs = self.overlaps = self.not_promised = self.missed = 0
        self.numbers = collections.defaultdict(list)

    def add(self, line, counted):
        self.overlaps += is_violation(line)
        if not counted:
            self.missed += 1
            return
        self.runs += 1
        self.not_promised += line["overlaps"] > 0 and not line["promised"]
        for name in ("smallest_gap_s", "longest_nobody_s", "longest_pause_s", "beats_after_thaw"):
            if line[name] is not None:
                self.numbers[name].append(line[name])

    def cells(self):
        def shown(choose, name, unit=" s"):
            return f"{choose(self.numbers[name]):g}{unit}" if self.numbers[name] else ""

        more = f" (and {self.not_promised} where nothing is promised)" if self.not_promised else ""
        return (self.runs, f"{self.overlaps}{more}", shown(min, "smallest_gap_s"), shown(max, "longest_nobody_s"),
                shown(max, "longest_pause_s"), shown(max, "beats_after_thaw", ""), self.missed)


def markdown(lines):
    """A table per fault; a run with two faults is in two rows, and once in the last."""
    rows, total = collections.defaultdict(Row), Row()
    for line in lines:
        counted = counted_faults(line) if line["error"] is None else []
        total.add(line, counts(line))
        for fault in line["faults"]:
            rows[fault["name"]].add(line, fault["name"] in counted)
    return as_table(HEAD, [(name, *rows[name].cells()) for name in sorted(rows)] + [("all", *total.cells())])


def as_table(head, rows):
    """In Markdown."""
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows))


def summary(lines):
    """What came of a campaign, in a line."""
    errors = sum(line["error"] is not None for line in lines)
    counted = sum(map(counts, lines))
    return (f"{counted} runs count, {len(lines) - counted - errors} do not, {errors} broke off; "
            f"{sum(map(is_violation, lines))} with overlaps")
