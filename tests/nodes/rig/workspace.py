"""What one run of the rig owns, and how all of it goes away again.

A run has a name; its directory, cgroup, network namespaces and machine names carry it. It holds
a lock on its directory while it lives, so that a later run can tell leftovers from neighbours.
Nothing is ever killed by name: a run's processes are those of its cgroup.
"""

import fcntl
import glob
import os
import shutil

from . import cgroups
from .system import read, run

BASE = "/run/cloudlock-rig"
PREFIX = "clrig"


def _lock(folder):
    """The lock of a run's directory, or None when somebody holds it."""
    handle = open(f"{folder}/lock", "w", encoding="ascii")  # pylint: disable=consider-using-with
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle


class Workspace:
    """The directory, the cgroup and the names of one run."""

    def __init__(self):
        remove_stale()
        self.name = f"{PREFIX}{os.getpid()}"
        self.folder = f"{BASE}/{self.name}"
        os.makedirs(self.folder)
        self._held = _lock(self.folder)
        self.group = cgroups.Group(f"{cgroups.mount_point()}/{self.name}").create()

    def close(self):
        _remove(self.name)
        self._held.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def remove_stale():
    """Remove what runs have left that ended without cleaning up (kill -9, say)."""
    os.makedirs(BASE, exist_ok=True)
    for name in os.listdir(BASE):
        held = _lock(f"{BASE}/{name}")
        if held is not None:
            _remove(name)
            held.close()


def unmount_beneath(folder):
    """Unmount everything at and beneath a folder, the newest first."""
    mounts = [line.split()[1] for line in read("/proc/self/mounts").splitlines()]
    for where in reversed(mounts):
        if where == folder or where.startswith(folder + "/"):
            # Lazily where it must be: a process that was just killed may hold it for an instant.
            if run("umount", where, check=False).code != 0:
                run("umount", "--lazy", where, check=False)


def _remove(name):
    """Remove all that a run owns, by the name that everything of it carries."""
    cgroups.Group(f"{cgroups.mount_point()}/{name}").remove()
    for namespace in glob.glob(f"/run/netns/{name}-*"):
        run("ip", "netns", "delete", os.path.basename(namespace), check=False)
    unmount_beneath(f"{BASE}/{name}")
    shutil.rmtree(f"{BASE}/{name}", ignore_errors=True)
    for left in glob.glob(f"/run/systemd/nspawn/*/{name}-*"):
        unmount_beneath(left)
        shutil.rmtree(left, ignore_errors=True)
