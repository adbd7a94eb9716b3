# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine that has booted, with cloudlock set up and not started, saved: trials go on from there."""

from rig.product import Lock, beats
from rig.system import wait_for

from .machine import Machine
from .trials import SETTINGS, START_S, WATCHDOG_S


class Base:
    def __init__(self, cluster, watchdog):
        """Its cluster stays, for the disk: the trials' lie on top of it."""
        self.watchdog = watchdog
        machine = cluster.add_host(kind=Machine, watchdog=watchdog)
        machine.boot()
        if watchdog:
            machine.arm_watchdog(WATCHDOG_S)
        lock = Lock(machine).set_up(**SETTINGS, require_watchdog="yes" if watchdog else "no")
        # Once through all of it: polkit alone takes ten seconds to come up, and what has been read need not be read again.
        lock.leave_released_record()
        lock.start()
        wait_for("beats of the machine", lambda: beats(machine) > 0, START_S)
        machine.systemctl("stop", lock.daemon)
        self.kernel = machine.kernel.version
        machine.save()
        machine.power_off()
        self.disk = machine.disk
