# SPDX-License-Identifier: LGPL-2.1-or-later
"""A cgroup2 directory of our own for each host.

Two hosts without would share one `payload` cgroup and kill each other's units. The directory
also gives faults for free: `cgroup.kill` is a power cut, `cgroup.freeze` a stalled machine.
"""

import os

from .system import read, wait_for

# Enters a cgroup, then becomes the command: so that no process ever runs outside of it.
ENTER = ("/bin/sh", "-c", 'echo $$ >"$0"/cgroup.procs && exec "$@"')


def mount_point():
    """Where this machine has its cgroup2 tree (hybrid machines: /sys/fs/cgroup/unified)."""
    for line in read("/proc/self/mounts").splitlines():
        _, where, kind = line.split()[:3]
        if kind == "cgroup2":
            return where
    raise RuntimeError("no cgroup2 tree is mounted here; the rig needs one")


class Group:
    """One cgroup2 directory and everything beneath it."""

    def __init__(self, path):
        self.path = path

    def create(self):
        os.makedirs(self.path, exist_ok=True)
        return self

    def child(self, name):
        return Group(os.path.join(self.path, name))

    def enter(self, *command):
        """The command that runs `command` inside of this group."""
        return [*ENTER, self.path, *(str(word) for word in command)]

    def exists(self):
        return os.path.isdir(self.path)

    def pids(self):
        """Processes of this group and all beneath it."""
        found = []
        for folder, _, _ in os.walk(self.path):
            try:
                found += [int(pid) for pid in read(f"{folder}/cgroup.procs").split()]
            except OSError:  # went away, or is of type threaded
                continue
        return found

    def kill(self):
        """Every process at once, as a power cut does; returns when all are gone."""
        if not self.exists():
            return
        self._set("cgroup.kill", "1")
        wait_for(f"{self.path} to be empty", lambda: self._event("populated") == "0", every=0.01,
                 stubborn=True)

    def freeze(self):
        self._set("cgroup.freeze", "1")
        wait_for(f"{self.path} to be frozen", self.is_frozen, every=0.01)

    def is_frozen(self):
        return self._event("frozen") == "1"

    def thaw(self):
        self._set("cgroup.freeze", "0")

    def remove(self):
        """Kill what is left, then remove the directories from the leaves up."""
        if not self.exists():
            return
        self.kill()
        for folder, _, _ in os.walk(self.path, topdown=False):
            # A dead process is still counted until its parent has reaped it.
            wait_for(f"rmdir {folder}", lambda folder=folder: _try_rmdir(folder), every=0.02,
                     stubborn=True)

    def _set(self, name, value):
        with open(f"{self.path}/{name}", "w", encoding="ascii") as file:
            file.write(value)

    def _event(self, name):
        try:
            return dict(line.split() for line in read(f"{self.path}/cgroup.events").splitlines())[name]
        except FileNotFoundError:
            return "0"


def _try_rmdir(folder):
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
