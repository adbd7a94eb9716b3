# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run of the campaign."""

import threading
import time

from rig import product
from rig.host import boot_all
from rig.system import POLL_S, Failure, ending, wait_for

from .fault import is_held
from .scenario import FAULTS
from .targets import TARGETS

# By then another host has taken over, if it can: a lease, its gap, a look, and what a busy machine needs.
LONG_S = product.LEASE_S + product.GAP_S + product.POLL_S + 8
SETTLE_S = 90
# What goes on after somebody runs again: long enough for who was away to look at the table.
LINGER_S = 2 * product.POLL_S


class Blow(threading.Thread):
    """A fault as it strikes: when, whether it has hit while a lease was held, until when."""

    def __init__(self, strike, fault, locks):
        super().__init__(daemon=True)
        self.strike, self.fault, self.locks = strike, fault, locks
        self.went_wrong, self.why_not = None, "not reached"
        self.began_s = self.ended_s = None

    def run(self):
        try:
            if not ending.wait(self.strike.at_s):
                self.land()
        except Exception as failure:  # pylint: disable=broad-exception-caught
            self.went_wrong = f"{type(failure).__name__}: {failure}"[:300]

    def land(self):
        self.began_s = time.monotonic()
        held = is_held(self.locks)
        try:
            self.fault.begin()
            self.why_not = self.look_for_hit(held)
            if self.why_not is None:
                self.last()
        finally:
            self.ended_s = time.monotonic()
            self.fault.end()

    def look_for_hit(self, held):
        """None once the fault has hit while a lease was held; else why it doesn't count."""
        deadline_s = time.monotonic() + self.fault.hits_within_s
        while not self.fault.has_hit():
            if time.monotonic() > deadline_s or ending.is_set():
                return "has not hit"
            time.sleep(POLL_S)
            held = is_held(self.locks)
        return None if held or is_held(self.locks) else "no lease was held"

    def last(self):
        """As long as the scenario wants, or until another host has begun to run."""
        until_s = time.monotonic() + (LONG_S if self.strike.lasts_s is None else self.strike.lasts_s)
        while time.monotonic() < until_s and not ending.is_set():
            if self.strike.lasts_s is None and self.others_run():
                return
            time.sleep(POLL_S)

    def others_run(self):
        verdict = self.fault.cluster.verdict()
        return any(run.host != self.fault.host.name and run.first / 1e9 > self.began_s for run in verdict.runs)

    def line(self):
        return {"name": self.strike.name, "host": self.fault.host.name, "at_s": round(self.strike.at_s, 3),
                "lasted_s": round(self.ended_s - self.began_s, 1) if self.ended_s else None,
                "not_counted": self.went_wrong or self.why_not}


class Trial:
    def __init__(self, cluster, scenario):
        self.cluster, self.scenario = cluster, scenario
        self.locks, self.blows = [], []
        self.since_s = self.settled_s = None

    def carry_out(self):
        """The faults' part of the run's line."""
        self.bring_up()
        self.since_s = time.monotonic()
        for blow in self.blows:
            blow.start()
        for blow in self.blows:
            blow.join()
        self.recover()
        self.settle()
        return [blow.line() for blow in self.blows]

    def bring_up(self):
        """All hosts, of which the first runs the target and the others stand by."""
        hosts = boot_all([self.cluster.add_host() for _ in range(self.scenario.hosts)])
        self.locks = [product.Lock(host) for host in hosts]
        self.blows = [self.blow(number, strike) for number, strike in enumerate(self.scenario.strikes)]
        for lock in self.locks:
            TARGETS[self.scenario.target].set_up(lock)
        for blow in self.blows:
            blow.fault.prepare()
        product.lead_and_follow(*self.locks[:2])
        for lock in self.locks[2:]:
            lock.start()
            lock.wait_state("standby")

    def blow(self, number, strike):
        fault = FAULTS[strike.name](self.locks[strike.victim], self.scenario.dice(number))
        return Blow(strike, fault, self.locks)

    def recover(self):
        """Whatever two faults have left behind in each other's way."""
        self.cluster.front.clear()
        for lock in self.locks:
            host = lock.host
            if not host.is_on():
                host.boot()
                host.systemctl("start", "--no-block", lock.daemon)
                continue
            host.thaw()
            host.cont_pid1()
            host.join()

    def settle(self):
        """Until somebody runs again, and a little longer."""
        now_ns = time.monotonic_ns()
        try:
            wait_for("somebody to run", lambda: any(run.last > now_ns for run in self.cluster.verdict().runs), SETTLE_S)
            self.settled_s = (time.monotonic_ns() - now_ns) / 1e9
        except Failure:
            pass
        if ending.wait(LINGER_S):
            raise Failure("ended from outside")
