# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host that is a machine of its own: QEMU emulates it, with a kernel, a disk, an RTC and, where wanted, a watchdog."""

import os
import re
import shutil
import time

from rig import rootfs
from rig.cluster import BEATS
from rig.host import ENVIRONMENT, Host
from rig.system import COMMAND_TIMEOUT_S, CommandFailed, Failure, read, run, wait_for, write

from .image import Kernel, make_disk
from .wires import Agent, Beats, Debugger, Qmp

HERE = os.path.dirname(os.path.abspath(__file__))
BOOT_TIMEOUT_S = 300  # an emulated processor on a busy machine
# What else runs here must not slow its processor down: its watchdog's ten seconds are of the host's time.
NICE = -15
SNAPSHOT = "saved"
JOURNAL_LINES = 400
AGENT = f"{rootfs.RIG_PROGRAMS}/agent.py"
AGENT_UNIT = f"""[Unit]
Description=The outside's hand in this machine
DefaultDependencies=no
[Service]
ExecStartPre=mkdir -p {os.path.dirname(BEATS)}
ExecStartPre=ln -sf /dev/virtio-ports/beats {BEATS}
ExecStart=/usr/bin/python3 {AGENT}
OOMScoreAdjust=-1000
"""
# Of the clocks that an emulated machine has, the one that needs no calibration: what a busy host gets wrong by percents.
KERNEL_LINE = ("console=ttyS0 loglevel=5 mitigations=off net.ifnames=0 clocksource=hpet tsc=unstable "
               f"systemd.show_status=no systemd.unit={rootfs.BOOT_TARGET} rig.address=")


class Machine(Host):
    """Off until boot() or load(). `watchdog`: it has an i6300esb; `host_clock`: its RTC goes on while it stands still.

    `disk` is another machine's, with what that saved: a copy of it stands for a boot, which takes a minute.
    """

    def __init__(self, cluster, number, tree="/", watchdog=False, host_clock=True, disk=None):
        self.watchdog, self.host_clock = watchdog, host_clock
        self.kernel = Kernel()
        self.qmp = self.agent = self.snapshot = None
        super().__init__(cluster, number, tree)
        self.disk = f"{self._folder}/disk.qcow2"
        if disk is None:
            self._write_wiring()
            make_disk(self.root, self.disk)
        else:
            shutil.copy(disk, self.disk)

    def _add_to_network(self):
        return self.cluster.network.add_tap(self.number)

    def _write_wiring(self):
        write(f"{self.root}{AGENT}", read(f"{HERE}/agent.py"))
        units = f"{self.root}/etc/systemd/system"
        write(f"{units}/rig-agent.service", AGENT_UNIT)
        os.makedirs(f"{units}/{rootfs.BOOT_TARGET}.wants", exist_ok=True)
        os.symlink("../rig-agent.service", f"{units}/{rootfs.BOOT_TARGET}.wants/rig-agent.service")

    # -- power

    def boot(self, wait=True):
        super().boot(wait=False)
        # Of the whole session: that of a process counts among those of its session only.
        with open(f"/proc/{self._nspawn.pid}/autogroup", "w", encoding="ascii") as file:
            file.write(str(NICE))
        if wait:
            self.wait_booted()
        return self

    def _boot_command(self):
        for name in ("qmp", "gdb", "agent", "beats"):
            if os.path.exists(self._wire(name)):
                os.unlink(self._wire(name))
        watchdog = ("-device", "i6300esb", "-action", "watchdog=reset") if self.watchdog else ()
        loaded = () if self.snapshot is None else ("-S", "-loadvm", self.snapshot)
        return self.cluster.network.inside_hub(
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-machine", "pc,accel=tcg",
            "-m", "768", "-kernel", self.kernel.image, "-initrd", self.kernel.initramfs,
            "-append", f"{KERNEL_LINE}{self.address}/24",
            "-rtc", f"base=utc,clock={'host' if self.host_clock else 'vm'}",
            "-drive", f"file={self.disk},if=virtio,cache=unsafe", "-serial", f"file:{self._folder}/kernel.log",
            "-netdev", f"tap,id=net,ifname=node{self.number},script=no,downscript=no",
            "-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-serial-pci",
            *self._port("agent"), *self._port("beats"),
            "-qmp", f"unix:{self._wire('qmp')},server=on,wait=off", "-gdb", f"unix:{self._wire('gdb')},server=on,wait=off",
            *watchdog, *loaded)

    def _wire(self, name):
        return f"{self._folder}/{name}"

    def _port(self, name):
        return ("-chardev", f"socket,id={name},path={self._wire(name)},server=on,wait=off",
                "-device", f"virtserialport,chardev={name},name={name}")

    def wait_booted(self):
        self._connect()
        self.wait_up()

    def _connect(self):
        self.qmp = Qmp(self._wire("qmp"))
        self.agent = Agent(self._wire("agent"))
        Beats(self._wire("beats"), f"{self.cluster.shared}/beats")

    def wait_up(self):
        """Also after a reset."""
        wait_for(f"{self.name} to come up", self._is_up, BOOT_TIMEOUT_S, 0.5)

    def _is_up(self, target=rootfs.BOOT_TARGET):
        if not self.is_on():
            raise Failure(f"{self.name} did not boot: {self.console()[-2000:]}")
        try:
            return self.run("systemctl", "is-active", target, check=False, timeout=5).strip() == "active"
        except CommandFailed:
            return False

    # -- faults

    def hang(self):
        """The kernel, with its only processor's interrupts off."""
        Debugger(self._wire("gdb")).hang()

    def is_hung(self):
        shown = self.qmp.monitor("info registers")
        return "HLT=1" in shown and not int(re.search(r"FL=([0-9a-f]+)", shown).group(1), 16) & Debugger.IF

    def stop_pid1(self):
        """SIGSTOP does nothing to it: the freezer does."""
        self.run("sh", "-c", "echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze")
        wait_for("PID 1 to be frozen", lambda: "frozen 1" in self.read_file("/sys/fs/cgroup/init.scope/cgroup.events"))

    def stop(self, *units):
        """SIGSTOP for all processes of units; needs nothing of PID 1."""
        for unit in units:
            groups = f"$(find /sys/fs/cgroup -type d -name '{unit}')"
            self.run("sh", "-c", f"kill -STOP $(cat {groups}/cgroup.procs)")

    def arm_watchdog(self, timeout_s):
        """PID 1 feeds it from now on; not while it boots, which may take an emulated processor longer than that."""
        self.put_file("/etc/systemd/system.conf.d/watchdog.conf", f"[Manager]\nRuntimeWatchdogSec={timeout_s}s\n")
        self.systemctl("daemon-reexec")

    def pause(self):
        self.qmp.do("stop")

    def resume(self):
        self.qmp.do("cont")

    def save(self):
        """Memory, devices and disk, into the disk's file; the machine stands still from here on."""
        self.pause()
        said = self.qmp.monitor(f"savevm {SNAPSHOT}")
        if said:
            raise Failure(f"QEMU did not save {self.name}: {said}")

    def load(self):
        """On again in what save() has left; it stands still until resume()."""
        self.snapshot = SNAPSHOT
        self.boot(wait=False)
        self._connect()
        self.snapshot = None

    def set_clock(self):
        """The wall clock, after it has stood still."""
        self.run("date", "-s", f"@{time.time():.2f}")

    # -- commands and files

    def run(self, *command, user=None, check=True, timeout=COMMAND_TIMEOUT_S, stdin=""):
        as_user = () if user is None else ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--")
        return self.agent.run([*ENVIRONMENT, *as_user, *command], stdin, timeout, (f"{self.name}:", *command), check)

    def put_file(self, path, text, mode=0o644):
        self.run("install", "-D", "-m", f"{mode:o}", "/dev/stdin", path, stdin=text)

    def read_file(self, path):
        return self.run("cat", path)

    def has_file(self, path):
        return self.run("test", "-e", path, check=False).code == 0

    def remove_file(self, path):
        self.run("rm", path)

    def journal(self, *words):
        try:
            return self.run("journalctl", "--no-pager", "-q", "-n", JOURNAL_LINES, "-o", "short-precise", *words,
                            check=False, timeout=90)
        except (CommandFailed, OSError):
            return "(the machine does not answer)"

    def console(self):
        path = f"{self._folder}/kernel.log"
        return super().console() + (read(path) if os.path.exists(path) else "")


def qemu_version():
    return run("qemu-system-x86_64", "--version").split()[3].split("(")[0]


