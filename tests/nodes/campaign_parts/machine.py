# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults of a whole host, and of parts of its system that cloudlock works with."""

import time

from rig.system import Failure

from .fault import Fault

GENERATOR = "/etc/systemd/system-generators/campaign-slow"
GENERATOR_S = 4
STORM_S = (2, 7)
RUN_FILL = "/run/campaign-fill"
FILES = ("/usr/libexec/cloudlock", "/usr/bin/cloudlockctl", "/usr/lib/systemd/system/cloudlock*",
         "/usr/share/cloudlock", "/usr/lib/tmpfiles.d/cloudlock*", "/usr/share/polkit-1/rules.d/*cloudlock*")


class PowerOff(Fault):
    """A power cut; the host comes back in the end, and cloudlock with it."""

    anywhere = True

    def begin(self):
        self.host.power_off()

    def has_hit(self):
        return not self.host.is_on()

    def end(self):
        if not self.host.is_on():
            self.host.boot()
            self.lock.host.systemctl("start", "--no-block", self.lock.daemon)


class Reboot(PowerOff):
    """An orderly shutdown, and up again."""

    def begin(self):
        self.host.shut_down()


class SoftReboot(Fault):
    """PID 1 goes on, and all else begins anew."""

    anywhere = True
    since_systemd = 254

    def begin(self):
        self.host.soft_reboot()

    def end(self):
        self.host.systemctl("start", "--no-block", self.lock.daemon)


class Frozen(Fault):
    """A machine that stalls, and goes on."""

    anywhere = True
    stands_still = True

    def __init__(self, lock, dice):
        super().__init__(lock, dice)
        self.frozen_ns = self.thawed_ns = None

    def begin(self):
        self.host.freeze()
        self.frozen_ns = time.monotonic_ns()

    def end(self):
        self.thawed_ns = time.monotonic_ns()
        self.host.thaw()


class Storm(Fault):
    """One call to PID 1 after the other for some seconds."""

    keeps_target = True
    anywhere = True
    call = ""

    def begin(self):
        loop = f"while true; do systemctl {self.call} && echo x; done"
        done = self.host.run("timeout", f"{self.dice.uniform(*STORM_S):.1f}", "sh", "-c", loop, check=False)
        self.calls = done.count("x")

    def has_hit(self):
        return self.calls > 1


class ReloadStorm(Storm):
    call = "daemon-reload"


class ReexecStorm(Storm):
    call = "daemon-reexec"


class SlowGenerator(Fault):
    """PID 1 waits for it, and answers nobody meanwhile."""

    keeps_target = True
    anywhere = True

    def begin(self):
        self.host.put_file(GENERATOR, f"#!/bin/sh\nsleep {GENERATOR_S}\n", 0o755)
        began_s = time.monotonic()
        self.host.systemctl("daemon-reload")
        self.took_s = time.monotonic() - began_s

    def has_hit(self):
        return self.took_s >= GENERATOR_S

    def end(self):
        self.host.remove_file(GENERATOR)


class ServiceStopped(Fault):
    """Units of the system that are not there for a while."""

    keeps_target = True
    anywhere = True
    units = ()

    def begin(self):
        self.host.systemctl("mask", "--runtime", *self.units)
        self.host.systemctl("stop", *self.units, check=False)

    def has_hit(self):
        return all(self.host.state(unit) in ("inactive", "failed") for unit in self.units)

    def end(self):
        self.host.systemctl("unmask", "--runtime", *self.units)
        # A host that goes down by another fault refuses.
        self.host.systemctl("start", "--no-block", self.units[0], check=False)


class DbusStopped(ServiceStopped):
    units = ("dbus.socket", "dbus.service")


class PolkitStopped(ServiceStopped):
    units = ("polkit.service",)


class RunFull(Fault):
    """Not a byte is left on /run."""

    anywhere = True

    def begin(self):
        # By default it has a fifth of all memory: too much to fill.
        used_kib = int(self.host.run("df", "--output=used", "/run").split()[-1])
        self.host.run("mount", "-o", f"remount,size={used_kib + 64}k", "/run")
        self.host.run("sh", "-c", f"cat /dev/zero >{RUN_FILL}", check=False)

    def has_hit(self):
        return self.host.run("sh", "-c", f"echo x >{RUN_FILL}-more", check=False).code != 0

    def end(self):
        self.host.run("mount", "-o", "remount,size=20%", "/run")
        self.host.run("rm", "-f", RUN_FILL, f"{RUN_FILL}-more")


class PackageRemoved(Fault):
    """Its files vanish from under it, and nobody stops anything first; it stays removed."""

    def begin(self):
        self.host.run("sh", "-c", f"rm -rf {' '.join(FILES)}")
        self.host.systemctl("daemon-reload")
        if self.dice.random() < 0.5:
            self.host.systemctl("kill", "--signal=KILL", self.lock.daemon)

    def has_hit(self):
        if self.host.has_file(FILES[0]):
            raise Failure("the package is still there")
        return True


FAULTS = {"power-off": PowerOff, "reboot": Reboot, "soft-reboot": SoftReboot, "frozen-and-thawed": Frozen,
          "reload-storm": ReloadStorm, "reexec-storm": ReexecStorm, "slow-generator": SlowGenerator,
          "dbus-stopped": DbusStopped, "polkit-stopped": PolkitStopped, "run-full": RunFull,
          "package-removed": PackageRemoved}
