# SPDX-License-Identifier: LGPL-2.1-or-later
"""One host: systemd as PID 1 in its own namespaces, and everything that can befall it."""

import os
import signal
import struct
import subprocess
import threading
import uuid

from . import rootfs
from .network import host_address
from .pki import STORE_NAME
from .system import COMMAND_TIMEOUT_S, WAIT_S, CommandFailed, Failure, read, run, wait_for, write

BOOT_TIMEOUT_S = 120
# Where all hosts of a cluster see the folder that they share: the beats, the clock offsets.
SHARED = "/rig"
# The same folder where a soft-reboot leaves it: it moves /dev along, and unmounts what is elsewhere.
LASTING = "/dev/rig"
NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
ENVIRONMENT = ("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME=/root", "LANG=C.UTF-8", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=")


class Host:
    """A host that is off until boot(); its files outlive power cuts."""

    def __init__(self, cluster, number, tree="/", boottime_shift_s=None):
        self.number = number
        self.name = f"node{number}"
        self.address = host_address(number)
        self.cluster = cluster
        self.group = cluster.group.child(self.name)
        self.leader = None  # PID 1 as this machine numbers it
        self._boottime_shift_s = boottime_shift_s
        self._machine = f"{cluster.full_name}-{self.name}"
        self._nspawn = None
        self._machine_id = uuid.uuid4().hex
        self._folder = f"{cluster.folder}/{self.name}"
        self._namespace = self._add_to_network()
        self.root = rootfs.mount_root(self._folder, cluster.layers(tree))
        self._write_own_files()

    def _add_to_network(self):
        return self.cluster.network.add_host(self.number)

    def _write_own_files(self):
        write(f"{self.root}/etc/hostname", f"{self.name}\n")
        write(f"{self.root}/etc/machine-id", f"{self._machine_id}\n", 0o444)
        self._write_clock(0)

    # -- power

    def boot(self, wait=True):
        """Switch on; waits until the host has come up unless told otherwise."""
        if self.is_on():
            raise Failure(f"{self.name} is on already")
        self.cluster.network.join(self.number)
        self.group.create()
        self.group.child("exec").create()
        with open(f"{self._folder}/console.log", "ab") as console:
            self._nspawn = subprocess.Popen(  # pylint: disable=consider-using-with
                self.group.enter(*self._boot_command()), stdin=subprocess.DEVNULL, stdout=console,
                stderr=console, start_new_session=True)
        if wait:
            self.wait_booted()
        return self

    def _boot_command(self):
        shift = self._boottime_shift_s
        parted = () if shift is None else ("unshare", "--fork", "--time", "--boottime", shift)
        return [
            "env", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1", *parted, "systemd-nspawn", "--quiet", "--boot",
            "--register=no", "--keep-unit", "--private-users=no", "--system-call-filter=@memlock",
            # Which a host of its own would have; PrivateNetwork= wants it for the loopback device.
            "--capability=CAP_NET_ADMIN", "--link-journal=no", "--resolv-conf=off", "--timezone=off",
            f"--network-namespace-path={self._namespace}", f"--uuid={self._machine_id}",
            f"--machine={self._machine}", f"--hostname={self.name}",
            f"--bind={self.cluster.shared}:{SHARED}", f"--bind={self.cluster.shared}:{LASTING}",
            f"--directory={self.root}",
            "--", f"--unit={rootfs.BOOT_TARGET}"]

    def wait_booted(self):
        self.leader = wait_for(f"PID 1 of {self.name}", self._find_leader, BOOT_TIMEOUT_S, 0.05)
        wait_for(f"{self.name} to come up", self._is_up, BOOT_TIMEOUT_S)

    def _find_leader(self):
        if self._nspawn.poll() is not None:
            raise Failure(f"{self.name} did not boot: {self.console()[-2000:]}")
        for pid in self.group.pids():
            if _inner_pid(pid) == 1:
                return pid
        return None

    def _is_up(self, target=rootfs.BOOT_TARGET):
        done = self.systemctl("is-active", target, check=False)
        return done.strip() == "active"

    def is_on(self):
        return self._nspawn is not None and self._nspawn.poll() is None

    def power_off(self):
        """A power cut: everything is gone at once, and no connection is closed in order."""
        self.cut(silently=True)
        # Its directories go too: Linux 6.18 kills what systemd 257 later clones from one cgroup into
        # another of which not both have been killed equally often.
        self.group.remove()
        if self._nspawn is not None:
            self._nspawn.wait(timeout=WAIT_S)
        self._nspawn, self.leader = None, None

    def shut_down(self, timeout=COMMAND_TIMEOUT_S):
        """An orderly shutdown, waited for."""
        # Not `systemctl poweroff`: that asks logind, which has to be started first and may be slow.
        self.systemctl("start", "poweroff.target", "--job-mode=replace-irreversibly", "--no-block")
        self.wait_off(timeout)

    def wait_off(self, timeout=COMMAND_TIMEOUT_S):
        wait_for(f"{self.name} to be off", lambda: not self.is_on(), timeout)
        self._nspawn, self.leader = None, None
        self.group.remove()

    def soft_reboot(self):
        """systemctl soft-reboot, waited for: PID 1 goes on, and comes up into what is enabled. SHARED is gone then."""
        self.systemctl("start", "soft-reboot.target", "--job-mode=replace-irreversibly", "--no-block")
        wait_for(f"{self.name} to come up again", lambda: self._is_up("multi-user.target"), BOOT_TIMEOUT_S)

    # -- faults

    def cut(self, silently=False):
        self.cluster.network.cut(self.number, silently)

    def join(self):
        self.cluster.network.join(self.number)

    def freeze(self):
        """A stalled machine: nothing of it runs, all clocks go on."""
        self.group.freeze()

    def thaw(self):
        self.group.thaw()

    def stop_pid1(self):
        os.kill(self.leader, signal.SIGSTOP)

    def cont_pid1(self):
        os.kill(self.leader, signal.SIGCONT)

    def kill(self, unit, which=signal.SIGKILL):
        """Send a signal to a unit's main process from outside, past systemd."""
        os.kill(self.outer_pid(self.main_pid(unit)), which)

    def shiftable_clock(self):
        """Let cloudlockd (from its next start on) see the wall clock that shift_clock() sets."""
        self.put_file("/etc/systemd/system/cloudlock@.service.d/50-clockshift.conf",
                      f"[Service]\nEnvironment=LD_PRELOAD={rootfs.RIG_PROGRAMS}/clockshift.so "
                      f"CLOCKSHIFT_FILE={SHARED}/clock-{self.name}\n")
        if self.is_on():
            self.systemctl("daemon-reload")

    def shift_clock(self, seconds):
        self._write_clock(round(seconds * 1e9))

    def _write_clock(self, offset_ns):
        path = f"{self.cluster.shared}/clock-{self.name}"
        # In place: the programs that use it have the file mapped.
        with open(path, "r+b" if os.path.exists(path) else "wb") as file:
            file.write(struct.pack("=q", offset_ns))

    # -- commands

    def run(self, *command, user=None, check=True, timeout=COMMAND_TIMEOUT_S, stdin=""):
        """Run a command inside as root or as a user; returns what it printed."""
        if self.leader is None:
            raise Failure(f"{self.name} is off")
        namespaces = NAMESPACES if self._boottime_shift_s is None else (*NAMESPACES, "--time")
        as_user = () if user is None else ("setpriv", f"--reuid={user}", f"--regid={self._gid(user)}",
                                           "--init-groups", "--")
        entered = self.group.child("exec").enter(
            "nsenter", f"--target={self.leader}", *namespaces, "--", *ENVIRONMENT, *as_user, *command)
        return run(*entered, check=check, timeout=timeout, stdin=stdin, shown=(f"{self.name}:", *command))

    def _gid(self, user):
        for line in self.read_file("/etc/passwd").splitlines():
            if line.startswith(f"{user}:"):
                return line.split(":")[3]
        raise Failure(f"{self.name} has no user {user}")

    def systemctl(self, *words, check=True, timeout=COMMAND_TIMEOUT_S):
        return self.run("systemctl", *words, check=check, timeout=timeout)

    def show(self, unit, name):
        """A property of a unit, as systemctl shows it."""
        return self.systemctl("show", "--value", "-p", name, unit).strip()

    def state(self, unit):
        return self.show(unit, "ActiveState")

    def wait_unit(self, unit, state="active", timeout=WAIT_S):
        wait_for(f"{unit} on {self.name} to be {state}", lambda: self.state(unit) == state, timeout, 0.2)

    def main_pid(self, unit):
        """The unit's main process as the host numbers it."""
        pid = int(self.show(unit, "MainPID"))
        if pid == 0:
            raise Failure(f"{unit} on {self.name} has no main process")
        return pid

    def outer_pid(self, inner):
        """A process of the host as this machine numbers it."""
        for pid in self.group.pids():
            if _inner_pid(pid) == inner:
                return pid
        raise Failure(f"{self.name} has no process {inner}")

    def unit_pids(self, unit):
        """The processes in a unit's cgroup; needs nothing of the host's PID 1."""
        return [pid for folder, _, _ in os.walk(self.group.path) if os.path.basename(folder) == unit
                for pid in read(f"{folder}/cgroup.procs").split()]

    # -- files

    def path(self, inside):
        """Where a file of the host is for us: what it sees while it is on, else its disk."""
        base = self.root if self.leader is None else f"/proc/{self.leader}/root"
        return base + inside

    def put_file(self, path, text, mode=0o644):
        write(self.path(path), text, mode)

    def read_file(self, path):
        return read(self.path(path))

    def has_file(self, path):
        return os.path.lexists(self.path(path))

    def remove_file(self, path):
        os.unlink(self.path(path))

    # -- what it said

    def journal(self, *words):
        """The journal; read from the disk, so it works for a host that is off or hung."""
        return run("journalctl", "--no-pager", "-q", "-o", "short-precise", "-D",
                   f"{self.root}/var/log/journal", *words, check=False)

    def console(self):
        return read(f"{self._folder}/console.log")

    def store_answers(self):
        """Whether the store's front end can be reached from here."""
        probe = f"exec 3<>/dev/tcp/{STORE_NAME}/{self.cluster.port}"
        try:
            return self.run("timeout", "2", "bash", "-c", probe, check=False, timeout=10).code == 0
        except CommandFailed:
            return False


def _inner_pid(pid):
    """The number of a process in its own pid namespace; None when it is gone."""
    try:
        for line in read(f"/proc/{pid}/status").splitlines():
            if line.startswith("NSpid:"):
                numbers = line.split()[1:]
                return int(numbers[-1]) if len(numbers) > 1 else None
    except OSError:
        pass
    return None


def boot_all(hosts):
    """Boot several hosts at the same time."""
    for host in hosts:
        host.boot(wait=False)
    for host in hosts:
        host.wait_booted()
    return hosts


def in_parallel(*calls):
    """Run several calls at the same time; returns their results, raises the first failure."""
    results, failures = [None] * len(calls), []

    def one(index):
        try:
            results[index] = calls[index]()
        except BaseException as failure:  # pylint: disable=broad-exception-caught
            failures.append(failure)

    threads = [threading.Thread(target=one, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results
