# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one run of the rig owns, and how all of it goes away again.

A run has a name; its directory, cgroup, network namespaces and machine names carry it. It holds
a lock on its directory while it lives, so that a later run can tell leftovers from neighbours.
Nothing is ever killed by name: a run's processes are those of its cgroup.
"""

import fcntl
import glob
import os
import shutil
import threading

from . import cgroups, pki, rootfs
from .system import read, run

BASE = "/run/cloudlock-rig"
PREFIX = "clrig"
# All hosts are one user to the kernel, whose limit is made for one machine: over it, PID 1 of a host does not come up.
INOTIFY_LIMIT = "/proc/sys/fs/inotify/max_user_instances"
INOTIFY_INSTANCES = 4096


def _lock(name):
    """The lock of a run, or None when somebody holds it."""
    # Beside the run's directory, over which a tmpfs is mounted.
    handle = open(f"{BASE}/{name}.lock", "w", encoding="ascii")  # pylint: disable=consider-using-with
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle


def _raise_inotify_limit():
    if int(read(INOTIFY_LIMIT)) < INOTIFY_INSTANCES:
        with open(INOTIFY_LIMIT, "w", encoding="ascii") as file:
            file.write(str(INOTIFY_INSTANCES))


class Workspace:
    """The directory, the cgroup and the names of one run."""

    def __init__(self):
        remove_stale()
        _raise_inotify_limit()
        self.name = f"{PREFIX}{os.getpid()}"
        self.folder = f"{BASE}/{self.name}"
        self._held = _lock(self.name)
        os.makedirs(self.folder)
        # A file system of its own: a layer of an overlay must not lie within another layer, and
        # one of ours is `/`.
        run("mount", "-t", "tmpfs", "-o", "mode=755,size=60%", self.name, self.folder)
        self.group = cgroups.Group(f"{cgroups.mount_point()}/{self.name}").create()
        os.mkdir(self.pki())
        pki.make(self.pki())
        self._layers = {}
        self._layers_lock = threading.Lock()

    def layers(self, tree, stage):
        """The layers between a tree and its hosts' own files; made once for each."""
        with self._layers_lock:
            if (tree, stage) not in self._layers:
                where = f"{self.folder}/layer{len(self._layers)}"
                self._layers[tree, stage] = rootfs.make_layers(where, tree, stage, self.pki())
            return self._layers[tree, stage]

    def pki(self):
        """The folder of the run's certificates."""
        return f"{self.folder}/pki"

    def remove_cluster(self, cluster):
        """What a cluster owned, so that a long run does not pile it up."""
        _remove_parts(cluster.full_name, cluster.folder, cluster.group)
        shutil.rmtree(cluster.folder, ignore_errors=True)

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
    for lock in glob.glob(f"{BASE}/*.lock"):
        name = os.path.basename(lock).removesuffix(".lock")
        held = _lock(name)
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
    _remove_parts(name, f"{BASE}/{name}", cgroups.Group(f"{cgroups.mount_point()}/{name}"))
    shutil.rmtree(f"{BASE}/{name}", ignore_errors=True)
    if os.path.exists(f"{BASE}/{name}.lock"):
        os.unlink(f"{BASE}/{name}.lock")


def _remove_parts(name, folder, group):
    """Processes, namespaces and mounts, in this order, for each holds on to the next."""
    group.remove()
    for namespace in glob.glob(f"/run/netns/{name}-*"):
        run("ip", "netns", "delete", os.path.basename(namespace), check=False)
    unmount_beneath(folder)
    for left in glob.glob(f"/run/systemd/nspawn/*/{name}-*"):
        unmount_beneath(left)
        shutil.rmtree(left, ignore_errors=True)
