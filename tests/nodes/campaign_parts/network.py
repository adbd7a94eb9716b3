# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults between a host and the store, and of its wall clock."""

from rig.rootfs import RIG_PROGRAMS
from rig.system import Failure

from .fault import Fault

CLOCK_OFF_S = (5, 30, 90, 3600, 86400)


class CutOff(Fault):
    anywhere = True
    silently = False

    def begin(self):
        self.host.cut(self.silently)

    def has_hit(self):
        return not self.host.store_answers()

    def end(self):
        self.host.join()


class CutOffSilently(CutOff):
    silently = True


class FrontEnd(Fault):
    """A fault that the store's front end makes; it has hit when it has struck a request."""

    anywhere = True
    rule = {}
    seconds = None  # at least and at most

    def begin(self):
        rule = dict(self.rule)
        if self.seconds:
            rule["seconds"] = self.dice.uniform(*self.seconds)
        self.number = self.front.fault(host=None if self.everybody else self.host, **rule)

    def has_hit(self):
        return self.front.used(self.number) > 0

    def end(self):
        self.front.clear(self.number)


class SlowRequests(FrontEnd):
    rule = {"kind": "delay_before"}
    seconds = (0.5, 9)


class SlowAnswers(FrontEnd):
    rule = {"kind": "delay_after"}
    seconds = (0.5, 9)


class LostRequests(FrontEnd):
    rule = {"kind": "drop_before"}


class LostAnswers(FrontEnd):
    rule = {"kind": "drop", "op": "UpdateItem"}


class StoreDown(FrontEnd):
    everybody = True
    rule = {"kind": "refuse"}


class StoreFails(FrontEnd):
    """Carries out what it is asked, and says that it has not."""

    everybody = True
    rule = {"kind": "fail_after"}


class Throttled(FrontEnd):
    everybody = True
    rule = {"kind": "throttle"}


class ClockShifted(Fault):
    """The wall clock of one host's cloudlockd steps."""

    anywhere = True

    def prepare(self):
        self.host.shiftable_clock()

    def begin(self):
        self.since = self.front.last_number()
        if not self.host.has_file(f"{RIG_PROGRAMS}/clockshift.so"):
            raise Failure("after a soft-reboot there is nothing any more that shifts clocks")
        self.host.shift_clock(self.dice.choice(CLOCK_OFF_S) * self.dice.choice((-1, 1)))

    def has_hit(self):
        # Each answer has a Date that the clock is compared with.
        return bool(self.lock.requests(since=self.since))

    def end(self):
        self.host.shift_clock(0)


FAULTS = {"cut-off": CutOff, "cut-off-silently": CutOffSilently,
          "slow-requests": SlowRequests, "slow-answers": SlowAnswers, "lost-requests": LostRequests,
          "lost-answers": LostAnswers, "store-down": StoreDown, "store-fails": StoreFails, "throttled": Throttled,
          "clock-shifted": ClockShifted}
