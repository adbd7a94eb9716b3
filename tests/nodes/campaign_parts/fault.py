# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all faults of the campaign have in common."""

import time


class Fault:
    """Something that befalls a host, or the way between it and the store."""

    # The target has to go on undisturbed: its longest pause is of interest.
    keeps_target = False
    # What it takes away. Who loses guard and PID 1 at once is promised nothing (cloudlock-safety(7)).
    takes = frozenset()
    # Strikes hosts that stand by as well.
    anywhere = False
    # Strikes all hosts at once, whichever is the victim.
    everybody = False
    # The host's processes stand still, all of them: their beats after it are counted apart.
    stands_still = False
    # The oldest systemd that has it.
    since_systemd = 0
    # How long it may take to hit.
    hits_within_s = 12

    def __init__(self, lock, dice):
        self.lock, self.host, self.dice = lock, lock.host, dice
        self.cluster, self.front = lock.host.cluster, lock.host.cluster.front

    def prepare(self):
        """Before any cloudlockd has been started."""

    def begin(self):
        raise NotImplementedError

    def has_hit(self):
        """Whether the fault is seen to be in force, or to have been."""
        return True

    def end(self):
        """Take back what can be."""


def variant(fault, **attributes):
    """The same with other attributes."""
    return type(fault.__name__, (fault,), attributes)


def lease_end_s(lock):
    """When a host's lease is over by the file that its guard goes by, on CLOCK_BOOTTIME; 0: it has none.

    Read from outside: the host may be stopped.
    """
    try:
        return int(lock.lease()["kill_boottime_us"]) / 1e6
    except (OSError, KeyError, ValueError):
        return 0


def is_held(locks):
    """Whether any of them has a lease that is good now."""
    return any(lease_end_s(lock) > time.clock_gettime(time.CLOCK_BOOTTIME) for lock in locks)
