# SPDX-License-Identifier: LGPL-2.1-or-later
"""What befalls a machine that holds the lock, and what it did then; a plain host of the rig is the other one.

All moments are of this machine's CLOCK_MONOTONIC.
"""

import random
import time
from typing import NamedTuple

from rig import product
from rig.judge import MIN_BEATS, NS_PER_S, Run
from rig.product import Lock, beats, wait_beats
from rig.system import Failure, ending, wait_for

from .machine import Machine

# Longer than the rig's usual ones, for an emulated processor; cloudlock_require_watchdog= wants the watchdog's timeout
# within stop timeout and kill margin, 13 s.
# The renewal by itself finds out late that somebody else has the lock: what the host's clock gains is to be seen.
LEASE_S, RENEW_S, WATCHDOG_S = 60, 30, 12
SETTINGS = {"lock_expiration": f"{LEASE_S}s", "renew_time": f"{RENEW_S}s", "stop_timeout": "8s"}
OUTAGE_S = 2 * LEASE_S + 60
SUSPEND_S = 60
RENEWAL_S = 5  # what a renewal takes that is due as it goes on
START_S = 2 * LEASE_S + 60


class Scene:
    """The machine holds the lock, a host stands by."""

    def __init__(self, cluster, base, host_clock, seed):
        self.cluster, self.dice = cluster, random.Random(seed)
        self.machine = cluster.add_host(kind=Machine, watchdog=base.watchdog, host_clock=host_clock, disk=base.disk)
        self.host = cluster.add_host()
        self.one, self.other = Lock(self.machine), Lock(self.host)

    def bring_up(self):
        self.host.boot()
        self.other.set_up(**SETTINGS)
        self.machine.load()
        self.machine.resume()
        self.machine.set_clock()

    def lead_and_follow(self):
        """As product's, but nobody asks the machine for its state meanwhile: that alone would keep its processor busy."""
        self.one.leave_released_record()
        self.one.start()
        wait_for("the machine to take the lock", self.one.writes)
        self.other.start()
        wait_for("beats of the machine", lambda: beats(self.machine) > MIN_BEATS, START_S)
        self.other.wait_state("standby")
        self.other.wait_polls(2)

    def some_time(self):
        """From a renewal on, up to the next one."""
        self.one.wait_renewal()
        ending.wait(self.dice.uniform(0, RENEW_S))

    def lease_end_s(self):
        """When an observer may take over at the earliest: a lease after the store got the last renewal."""
        return self.one.writes()[-1].mono_ns / NS_PER_S + LEASE_S

    def record_end_s(self):
        return self.cluster.front.get(self.one.instance)["expire_time"] / 1e3 - time.time() + time.monotonic()

    def wait_other(self):
        product.wait_takeover(self.one, self.other, OUTAGE_S)
        wait_beats(self.other)

    def beats_ns(self, lock):
        """The moments of a host's beats."""
        return sorted(beat for run in self.cluster.verdict().of(lock.host) for beat in run.times)

    def overlaps(self, excused_since_s=None):
        """Of both hosts' runs; without the machine's beats from a moment on, of which nothing is promised."""
        verdict = self.cluster.verdict()
        if excused_since_s is not None:
            verdict.runs = [early for run in verdict.runs for early in self._before(run, excused_since_s * NS_PER_S)]
        return verdict.overlaps()

    def _before(self, run, end_ns):
        if run.host != self.machine.name:
            return [run]
        times = [beat for beat in run.times if beat < end_ns]
        return [Run(run.host, run.pid, run.start, run.fence, times)] if times else []


# -- the watchdog's


def reset(scene, strike):
    """Something hangs, and the watchdog has to reset the machine before the lease is over."""
    scene.some_time()
    struck_s = time.monotonic()
    strike(scene)
    reset_s = scene.machine.qmp.wait_event("WATCHDOG", struck_s, OUTAGE_S)
    lease_end_s, record_end_s = scene.lease_end_s(), scene.record_end_s()
    scene.wait_other()
    last_s = max(scene.beats_ns(scene.one)) / NS_PER_S
    return {"reset_s": reset_s - struck_s, "ran_s": last_s - struck_s, "spare_s": lease_end_s - reset_s,
            "record_spare_s": record_end_s - reset_s, "nobody_s": min(scene.beats_ns(scene.other)) / NS_PER_S - last_s,
            "overlaps": len(scene.overlaps()), "promised": reset_s < lease_end_s}


def stop_pid1(scene):
    scene.machine.stop_pid1()


def hang_kernel(scene):
    scene.machine.hang()
    wait_for("the kernel to be hung", scene.machine.is_hung)


def stop_all(scene):
    """PID 1 first: it would end a guard that is stopped."""
    scene.machine.stop_pid1()
    scene.machine.stop(scene.one.daemon, scene.one.guard)


def unguarded(scene):
    """The same on a machine without a watchdog: nothing ends the target, and the judge has to see it."""
    scene.some_time()
    struck_s = time.monotonic()
    stop_all(scene)
    scene.wait_other()
    return {"ran_s": max(scene.beats_ns(scene.one)) / NS_PER_S - struck_s, "overlaps": len(scene.overlaps())}


# -- machines that stand still


def stand_still(scene, halt, go_on, tells):
    """Until another host runs the target, and on: how long it goes on with its own. `tells`: its host's clock says it."""
    scene.some_time()
    halted_s = time.monotonic()
    halt(scene)
    scene.wait_other()
    resumed_s = go_on(scene)
    wait_for("the target to end", lambda: not scene.one.is_target_active(), OUTAGE_S, 2)
    after = [beat for beat in scene.beats_ns(scene.one) if beat / NS_PER_S >= resumed_s]
    ran_s = max(after) / NS_PER_S - resumed_s if after else 0.0
    # Else it went on to its next renewal, which may have been due just then.
    told = "stood still" in scene.machine.journal("-u", scene.one.daemon)
    return {"stood_still_s": resumed_s - halted_s, "told": told, "beats_after": len(after), "ran_after_s": ran_s,
            "overlaps": len(scene.overlaps(resumed_s)), "promised": told or not tells or ran_s < RENEWAL_S}


def resume(scene):
    resumed_s = time.monotonic()
    scene.machine.resume()
    return resumed_s


def save(scene):
    scene.machine.save()
    scene.machine.power_off()


def load(scene):
    scene.machine.load()
    return resume(scene)


def suspend(scene):
    since_s = time.monotonic()
    scene.machine.run("systemctl", "suspend", "--no-block")
    scene.machine.qmp.wait_event("SUSPEND", since_s, SUSPEND_S)


def wake(scene):
    woken_s = time.monotonic()
    scene.machine.qmp.do("system_wakeup")
    scene.machine.qmp.wait_event("WAKEUP", woken_s, SUSPEND_S)
    return woken_s


# -- without a watchdog


def refuse(scene):
    """With cloudlock_require_watchdog=yes it does not lead, and says why; the other host does."""
    scene.one.configure(**SETTINGS, require_watchdog="yes")
    scene.one.leave_released_record()
    scene.one.start()
    scene.one.wait_state("refusing")
    reason = scene.one.property("Reason")
    if "watchdog" not in reason:
        raise Failure(f"it refuses for another reason: {reason}")
    scene.other.start()
    scene.other.wait_running()
    wait_beats(scene.other)
    return {"overlaps": len(scene.overlaps()), "said": reason, "promised": beats(scene.machine) == 0}


class Case(NamedTuple):
    act: object
    watchdog: bool = True
    host_clock: bool = True
    leads: bool = True
    # Nothing ends the target here: a judge that sees no overlap is no judge.
    unsafe: bool = False


def _still(halt, go_on, tells=False, **more):
    return Case(lambda scene: stand_still(scene, halt, go_on, tells), **more)


def _pause(scene):
    scene.machine.pause()


CASES = {
    "pid1-stopped": Case(lambda scene: reset(scene, stop_pid1)),
    "kernel-hung": Case(lambda scene: reset(scene, hang_kernel)),
    "all-stopped": Case(lambda scene: reset(scene, stop_all)),
    "paused": _still(_pause, resume, tells=True),
    "paused-no-host-clock": _still(_pause, resume, host_clock=False),
    "saved-and-loaded": _still(save, load, tells=True),
    "saved-and-loaded-no-host-clock": _still(save, load, host_clock=False),
    "all-stopped-no-watchdog": Case(unguarded, watchdog=False, unsafe=True),
    "suspended": _still(suspend, wake, watchdog=False),
    "no-watchdog-required": Case(refuse, watchdog=False, leads=False),
}
