# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a machine boots: a kernel and an initramfs of its own, and a disk made of a host's tree.

The kernel is Debian's linux-image-amd64: the cloud flavour has no driver for the i6300esb watchdog. There is no udev in
the tree, so the initramfs loads what there is to load, names the ports to the outside, and sets up the network.
"""

import os
import re
import shutil

from rig.system import Failure, run, write

CACHE = "/var/cache/cloudlock-tests"
KERNEL = "linux-image-amd64"
MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_console", "ext4", "i6300esb")
DISK = "1500M"
# The ports appear, and get their names, a moment after their driver.
INIT = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules); do insmod "/$module" 2>/dev/null; done
mkdir -p /dev/virtio-ports
until [ -e /dev/virtio-ports/agent ] && [ -e /dev/virtio-ports/beats ]; do
    for port in /sys/class/virtio-ports/*; do
        name=$(cat "$port/name")
        [ -n "$name" ] && ln -sf "/dev/${port##*/}" "/dev/virtio-ports/$name"
    done
done
address=$(sed 's/.*rig.address=\\([^ ]*\\).*/\\1/' /proc/cmdline)
ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
mount -t ext4 /dev/vda /root
for folder in proc sys dev; do mount --move /$folder /root/$folder; done
exec switch_root /root /lib/systemd/systemd
"""


class Kernel:
    """Made once for each version of Debian's kernel."""

    def __init__(self):
        self.package = _depends(KERNEL)
        self.version = self.package.removeprefix("linux-image-")
        self.folder = f"{CACHE}/{self.package}"
        self.image, self.initramfs = f"{self.folder}/vmlinuz", f"{self.folder}/initramfs"
        if not os.path.exists(self.initramfs):
            self._make()

    def _make(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        files = f"{self.folder}/files"
        for package in (self.package, "busybox-static"):
            _unpack(package, f"{self.folder}/deb", files)
        shutil.copy(f"{files}/boot/vmlinuz-{self.version}", self.image)
        root = f"{self.folder}/root"
        for name in ("bin", "proc", "sys", "dev", "root"):
            os.makedirs(f"{root}/{name}")
        shutil.copy(f"{files}/bin/busybox", f"{root}/bin")
        write(f"{root}/init", INIT, 0o755)
        modules = self._modules(files)
        for path in modules:
            shutil.copy(path, root)
        write(f"{root}/modules", " ".join(map(os.path.basename, modules)) + "\n")
        run("sh", "-c", f"find . | cpio --quiet -o -H newc >{self.initramfs}.new", cwd=root)
        os.rename(f"{self.initramfs}.new", self.initramfs)
        for name in ("deb", "files", "root"):
            shutil.rmtree(f"{self.folder}/{name}")

    def _modules(self, files):
        """The modules' files, each after those that it needs."""
        run("depmod", "-b", files, self.version)
        found = []
        for name in MODULES:
            shown = run("modprobe", "-d", files, "-S", self.version, "--show-depends", name)
            found += [path for path in re.findall(r"^insmod (\S+)", shown, re.M) if path not in found]
        return found


def _depends(package):
    """The package of the version that apt knows."""
    found = re.search(r"Depends: (\S+)", run("apt-cache", "depends", package, check=False))
    if not found:
        raise Failure(f"apt knows no {package}: run apt-get update")
    return found.group(1)


def _unpack(package, download, into):
    folder = f"{download}/{package}"
    os.makedirs(folder)
    run("apt-get", "-qq", "download", package, cwd=folder)
    run("dpkg-deb", "-x", f"{folder}/{os.listdir(folder)[0]}", into)


def make_disk(tree, path):
    """A file system with all that a host's tree has."""
    run("mke2fs", "-q", "-t", "ext4", "-d", tree, f"{path}.raw", DISK)
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", f"{path}.raw", "-F", "raw", path)
