# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guard: whole lives, in each of which a call of its own fails, of --condition's or of --finish's."""

import os

from rig import cgroups, logind
from rig.system import wait_for

from . import faulty_host, lives


class Guarded(lives.Life):
    """A life in which the guard freezes and thaws its target, kills it, and stops it."""

    program = "cloudlock-guard"
    # --condition is run by the target's unit.
    target_service = f"Environment=TORTURE={faulty_host.FOLDER}/@ {faulty_host.ENVIRONMENT}"
    logind = None  # a stand-in; the host has no other

    @classmethod
    def equip(cls, host):
        cls.logind = logind.StandIn(host)

    def operate(self):
        self.logind.prepare_for_sleep(True)
        self.logind.prepare_for_sleep(False)
        wait_for("the target to be thawed", lambda: not self.is_frozen(), self.bound_s, lives.LOOK_S)
        self.lose_lease()

    def is_frozen(self):
        return any(cgroups.Group(folder).is_frozen() for folder, _, _ in os.walk(self.lock.host.group.path)
                   if os.path.basename(folder) == self.lock.target)


def run(cluster, options, tally):
    return lives.run(cluster, options, tally, Guarded)
