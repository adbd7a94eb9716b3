# SPDX-License-Identifier: LGPL-2.1-or-later
"""That the judge notices: fleets without one of the things that keep hosts apart have to fail, and by what it is for."""

from typing import NamedTuple, Optional

from . import fleet
from .judge import Violation

ROUNDS_MAX = 240


class Proof(NamedTuple):
    missing: str
    program: str          # beside lock-peer
    kinds: tuple
    gap: Optional[int]    # s; as fleets draw it otherwise
    violates: str
    seed: int             # where to begin: one that is quick, with the plans as they are now
    only_overlap: bool = False
    harsh: bool = True


PROOFS = (
    Proof("a gap of 2 min (it is 20 s)", "lock-peer", (1, 2), 20, "overlap", 4, only_overlap=True),
    Proof("the margin of rule (b)", "lock-peer-without-margin", (1, 1), 120, "taken-beside", 3),
    Proof("the headroom of expire_time", "lock-peer-without-headroom", (1, 1), 120, "taken-beside", 7),
)


def check(rig, proof):
    """The violation that was found, or None, and after how many rounds."""
    rounds, seed = 0, proof.seed
    while rounds < ROUNDS_MAX:
        one = fleet.Fleet(rig.with_program(proof.program), seed, proof, None)
        try:
            one.start()
            for _ in range(fleet.ROUNDS):
                one.play()
        except Violation as violation:
            return violation, rounds + one.rounds
        finally:
            one.close()
        rounds, seed = rounds + one.rounds, seed + 1
    return None, rounds
