# SPDX-License-Identifier: LGPL-2.1-or-later
"""What people do to the target's unit, to the configuration and with drop-ins of their own."""

import os
import signal

from rig.cgroups import Group
from rig.system import CommandFailed

from .fault import Fault
from .processes import processes

# After ours: "zzzz-cloudlock.conf".
FIGHT = "zzzzz-campaign.conf"
FIGHTS = (
    ("target", "[Service]\nExecCondition=\nRestart=always\nRestartSec=100ms\n"),
    ("target", "[Service]\nKillMode=process\nSendSIGKILL=no\n"),
    ("target", "[Service]\nTimeoutStopSec=1h\nFinalKillSignal=SIGTERM\n"),
    ("target", "[Unit]\nRefuseManualStop=yes\nIgnoreOnIsolate=yes\n[Service]\nKillSignal=SIGCONT\n"),
    ("guard", "[Service]\nRestart=always\nRestartSec=100ms\n"),
    ("guard", "[Service]\nWatchdogSec=0\nCPUSchedulingPolicy=other\n"),
    ("guard", "[Unit]\nRefuseManualStop=yes\n"),
)
OTHER_LABEL = "moved"


class TargetFrozen(Fault):
    """systemctl freeze."""

    def begin(self):
        self.host.systemctl("freeze", self.lock.target)

    def has_hit(self):
        return any(group.is_frozen() for group in target_groups(self.lock))

    def end(self):
        self.host.systemctl("thaw", self.lock.target, check=False)


def target_groups(lock):
    return [Group(folder) for folder, _, _ in os.walk(lock.host.group.path) if os.path.basename(folder) == lock.target]


class ByHand(Fault):
    """The target's unit is told something, a few times."""

    anywhere = True
    verb = ""

    def begin(self):
        self.answers = 0
        for _ in range(self.dice.randint(1, 4)):
            try:
                said = self.host.systemctl(self.verb, self.lock.target, check=False, timeout=20)
                # A job that fails has been one; what PID 1 did not take, or not hear of, has not.
                self.answers += "Failed to " not in said.stderr
            except CommandFailed:
                pass  # PID 1 does not answer, or not before another fault has ended

    def has_hit(self):
        return self.answers > 0


class RestartedByHand(ByHand):
    verb = "restart"


class StartedByHand(ByHand):
    verb = "start"


class StoppedByHand(ByHand):
    anywhere = False  # who stands by has nothing to stop
    verb = "stop"


class TargetKilled(Fault):
    def begin(self):
        self.pids = [int(pid) for pid in self.host.unit_pids(self.lock.target)]
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)

    def has_hit(self):
        return bool(self.pids)


class DropIns(Fault):
    """Drop-ins that take back what ours ask for."""

    anywhere = True

    def begin(self):
        whose, text = self.dice.choice(FIGHTS)
        self.path = f"/etc/systemd/system/{getattr(self.lock, whose)}.d/{FIGHT}"
        self.host.put_file(self.path, text)
        self.unit = getattr(self.lock, whose)
        self.host.systemctl("daemon-reload")

    def has_hit(self):
        return self.path in self.host.show(self.unit, "DropInPaths")

    def end(self):
        self.host.remove_file(self.path)
        self.host.systemctl("daemon-reload")


class Configuration(Fault):
    """The configuration is another, and cloudlockd begins anew with it."""

    def begin(self):
        self.before = self.host.read_file(self.lock.config_path)
        self.pids = processes(self.lock, "daemon")
        self.change()
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)

    def change(self):
        raise NotImplementedError

    def has_hit(self):
        now = processes(self.lock, "daemon")
        return bool(self.pids and now) and not set(self.pids) & set(now)

    def end(self):
        self.host.put_file(self.lock.config_path, self.before, 0o600)
        self.host.systemctl("restart", "--no-block", self.lock.daemon)


class ConfigurationChanged(Configuration):
    """Other times; a tenure keeps the lease that it began with."""

    keeps_target = True

    def change(self):
        lease_s = self.dice.choice((25, 40, 90))
        self.lock.configure(lock_expiration=f"{lease_s}s", renew_time=f"{self.dice.randint(2, 5)}s",
                            restart_gap=f"{self.dice.randint(1, 9)}s")


class ConfigurationDeleted(Configuration):
    def change(self):
        self.host.remove_file(self.lock.config_path)

    def has_hit(self):
        return self.host.show(self.lock.daemon, "Result") != "success"


class LabelMoved(Configuration):
    """Hosts with two labels have two locks: this one's new lock has a gap that outlasts the run."""

    def change(self):
        self.lock.configure(lock_label=OTHER_LABEL, restart_gap="1h")


FAULTS = {"target-frozen": TargetFrozen, "restarted-by-hand": RestartedByHand, "started-by-hand": StartedByHand,
          "stopped-by-hand": StoppedByHand, "target-killed": TargetKilled, "drop-ins": DropIns,
          "configuration-changed": ConfigurationChanged, "configuration-deleted": ConfigurationDeleted,
          "label-moved": LabelMoved}
