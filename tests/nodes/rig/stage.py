# SPDX-License-Identifier: LGPL-2.1-or-later
"""A tree of the product as `meson install --destdir` leaves it."""

import fcntl
import os
import shutil

from .rootfs import HERE
from .system import run

REPOSITORY = os.path.dirname(os.path.dirname(HERE))
BUILD_TIMEOUT_S = 900
OPTIONS = ("--prefix=/usr", "--sysconfdir=/etc", "--localstatedir=/var", "--libexecdir=libexec",
           "--buildtype=debugoptimized")


def exists_to_build():
    return os.path.exists(f"{REPOSITORY}/meson.build")


def build(into):
    """Build the repository (in build/nodes, kept for the next time) and install it into a folder."""
    folder = f"{REPOSITORY}/build/nodes"
    os.makedirs(f"{REPOSITORY}/build", exist_ok=True)
    with open(f"{folder}.lock", "w", encoding="ascii") as lock:
        # Two runs of the tests may be at it at the same time; ninja is not made for that.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(f"{folder}/build.ninja"):
            shutil.rmtree(folder, ignore_errors=True)
            run("meson", "setup", folder, REPOSITORY, *OPTIONS, timeout=BUILD_TIMEOUT_S)
        run("meson", "install", "-C", folder, "--destdir", into, timeout=BUILD_TIMEOUT_S)
    return into
