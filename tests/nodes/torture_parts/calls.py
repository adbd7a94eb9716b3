# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which calls of a program fail in turn."""

import os
import random
import sys

from rig.rootfs import HERE

sys.path.append(f"{os.path.dirname(HERE)}/torture")
# pylint: disable=wrong-import-position
import torture_calls

# Where the faulty programs of a host have their files; ReadWritePaths= of their units.
FOLDER = "/run/torture"


class Calls(torture_calls.Calls):
    """Of a program on a host."""

    def __init__(self, host, name):
        self.inner = f"{FOLDER}/{name}"
        super().__init__(host.path(self.inner))


def choose(made, options):
    """The calls that are to fail, of those that were made in a run in which none did: (number,), or pairs of them."""
    dice = random.Random(options.seed)
    numbers = list(range(1, len(made) + 1))
    if options.which == "places":
        first, last = {}, {}
        for number in numbers:
            first.setdefault(made[number - 1], number)
            last[made[number - 1]] = number
        numbers = sorted({*first.values(), *last.values()})
    if 0 < options.sample < len(numbers):
        numbers = sorted(dice.sample(numbers, options.sample))
    if options.pairs:
        # A call that fails makes for others: the second one is a number, whatever is called then.
        return [(number, number + dice.choice((1, 2, 3, 5, 10, 30, 100, 300))) for number in numbers]
    return [(number,) for number in numbers]
