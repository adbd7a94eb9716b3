# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lines of trials, summed up by case."""

import collections

from campaign_parts.table import as_table

from .trials import CASES

# Name of the column, number of the line, and which of a case's.
COLUMNS = (("reset after", "reset_s", max), ("lease left then", "spare_s", min), ("target ran on", "ran_s", max),
           ("nobody", "nobody_s", max), ("stood still", "stood_still_s", max), ("ran after it", "ran_after_s", max),
           ("beats after it", "beats_after", max))


def is_bad(line):
    """Two hosts at once, a watchdog too late, or a host's clock in vain; or a judge that is blind."""
    if CASES[line["case"]].unsafe:
        return line["overlaps"] == 0
    return line["overlaps"] > 0 or not line["promised"]


def markdown(lines):
    cases = collections.defaultdict(list)
    for line in lines:
        cases[line["case"]].append(line)
    head = ("case", "trials", "overlaps", *(name for name, _, _ in COLUMNS), "broke off")
    return as_table(head, [_row(name, cases[name]) for name in CASES if name in cases])


def _row(name, lines):
    whole = [line for line in lines if not line["error"]]
    cells = [_cell(whole, key, choose) for _, key, choose in COLUMNS]
    return (name, len(whole), sum(line["overlaps"] > 0 for line in whole), *cells, len(lines) - len(whole))


def _cell(lines, key, choose):
    values = [line[key] for line in lines if key in line]
    if not values:
        return ""
    return f"{choose(values)}" if key == "beats_after" else f"{choose(values):.1f} s"


def summary(lines):
    errors = sum(line["error"] is not None for line in lines)
    return f"{len(lines) - errors} trials, {errors} broke off, {sum(map(is_bad, lines))} as they must not be"
