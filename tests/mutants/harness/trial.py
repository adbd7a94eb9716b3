# SPDX-License-Identifier: LGPL-2.1-or-later
"""One mutant in one tree: applied, built, tried, taken back."""

from typing import NamedTuple, Optional

from . import suites
from .mutant import Killer
from .tree import Broken, Tree


class Outcome(NamedTuple):
    """What each killer made of a mutant; or why it could not be tried: how that ended, and what was said."""

    results: dict
    problem: Optional[str] = None
    said: str = ""

    @property
    def good(self):
        return not self.problem and all(result.killed for result in self.results.values())

    def ends(self):
        return [self.problem] if self.problem else [result.verdict for result in self.results.values()]


class Plan:
    """What is asked of each mutant."""

    def __init__(self, asked, sim_seconds=0, matrix=False):
        self.matrix = matrix
        self.suites = {suite.name: suite for suite in (suites.Unit(), suites.Simulator(sim_seconds), suites.Nodes())
                       if suite.name in (("unit", "sim") if matrix else asked)}

    def killers(self, mutant):
        """Who has to kill it, of the suites that were asked for."""
        if self.matrix:
            return [Killer(name, None) for name in self.suites] if mutant.is_core() else []
        return [killer for killer in mutant.killers if killer.suite in self.suites]

    def tree(self, folder):
        tree = Tree(folder)
        if "sim" in self.suites:
            tree.keep_simulator()
        return tree

    def programs(self, tree, mutant):
        """What has to be built for them."""
        return {path for killer in self.killers(mutant)
                for path in self.suites[killer.suite].needs(tree, mutant, killer)}


def check_unmutated(tree, mutants, plan):
    """Broken unless everything that is to kill a mutant passes without any."""
    tree.make({path for mutant in mutants for path in plan.programs(tree, mutant)})
    booted = sorted({killer.what for mutant in mutants for killer in plan.killers(mutant) if killer.suite == "nodes"})
    results = dict(plan.suites["nodes"].run_tests(tree, booted)) if booted else {}
    if "sim" in plan.suites:
        results["sim"] = plan.suites["sim"].pass_unmutated(tree)
    for mutant in mutants:
        for killer in plan.killers(mutant):
            # The same programs for most mutants: once is enough.
            key = killer, mutant.unit_tests()
            if killer.suite == "unit" and key not in results:
                results[key] = plan.suites["unit"].try_out(tree, mutant, killer)
    for result in results.values():
        if result.verdict != "survived" or result.text:
            raise Broken(f"the tree without any mutant: {result.verdict} {result.text}")


def check_proofs(tree, proofs):
    """Broken unless each proof ends as it says: what is no kill would be noticed."""
    plan = Plan(["unit"])
    for proof in proofs:
        outcome = try_one(tree, proof, plan)
        if outcome.ends() != [proof.ends]:
            raise Broken(f"the proof {proof.name} has to end as \"{proof.ends}\", not as {outcome.ends()} {outcome.said}")


def try_one(tree, mutant, plan):
    try:
        tree.apply(mutant)
    except Broken as problem:
        return Outcome({}, "does not apply", str(problem))
    try:
        programs = plan.programs(tree, mutant)
        if programs:
            tree.make(programs)
        return Outcome({killer: plan.suites[killer.suite].try_out(tree, mutant, killer)
                        for killer in plan.killers(mutant)})
    except Broken as problem:
        return Outcome({}, "does not build", str(problem))
    finally:
        tree.reverse(mutant)
