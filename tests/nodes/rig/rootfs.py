# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file system of a host: an overlay of a Debian tree (this machine's own `/`, usually).

    upper      the host's own files: host name, machine id, what the tests write
    product    cloudlock as `meson install --destdir` left it, and the rig's programs
    clean      hides what this machine has configured, and knows the store and its authority
    tree       `/`, or a debootstrapped Debian
"""

import glob
import os
import re
import shutil
import stat

from .network import HUB_ADDRESS
from .pki import STORE_NAME
from .system import Failure, read, run, write

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

RIG_PROGRAMS = "/usr/lib/cloudlock-rig"
BOOT_TARGET = "cloudlock-rig.target"

# Folders of the machine that a host must not inherit; it gets empty ones.
HIDDEN_FOLDERS = ("etc/systemd/system", "etc/systemd/user", "etc/cloudlock", "var/log/journal",
                  "var/lib/systemd", "root", "home")
HIDDEN_FILES = ("etc/fstab", "etc/ld.so.preload", "etc/cron.d", "etc/systemd/system.conf.d",
                "etc/systemd/journald.conf.d")
ACCOUNT_FILES = ("etc/passwd", "etc/group", "etc/shadow", "etc/gshadow")

CA_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
CA_BUNDLE_HEADER = "# The rig's own authority\n"

UNIT_FILES = {
    # What a host of the tests boots into: the base system, D-Bus, nothing else.
    BOOT_TARGET: "[Unit]\nDescription=A host of cloudlock's tests\n"
                 "Requires=basic.target dbus.service\nAfter=basic.target dbus.service\n"
                 "AllowIsolate=yes\n",
    # By itself it runs only after an update of /usr, which is not how this product got here.
    "systemd-sysusers.service.d/rig.conf": "[Unit]\nConditionNeedsUpdate=\n",
}
# nspawn gives each boot an id of its own by a mount on /proc. Sandboxes with a /proc of their own
# (ProtectKernelTunables=, ProtectProc=) keep it under systemd 257; under 252 they do not, and all hosts'
# boots would be one there.
KEEPS_BOOT_ID_SINCE = 255
BOOT_ID_FILES = {
    "rig-boot-id.service": "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                           "ExecStart=cp --no-preserve=mode /proc/sys/kernel/random/boot_id /run/rig-boot-id\n",
    "sysinit.target.d/rig.conf": "[Unit]\nRequires=rig-boot-id.service\nAfter=rig-boot-id.service\n",
    **{f"{unit}.service.d/00-rig.conf":
       "[Service]\nBindReadOnlyPaths=/run/rig-boot-id:/proc/sys/kernel/random/boot_id\n"
       for unit in ("cloudlock@", "cloudlock-guard@")},
}
# Of no use in a host that lives for a minute, and they cost time at each boot.
MASKED_UNITS = ("systemd-hwdb-update.service", "ldconfig.service", "systemd-update-done.service",
                "e2scrub_reap.service", "systemd-journal-catalog-update.service")
# systemd runs all of them at each boot and reload, a third of a second of a processor's time. What they would set up,
# from fstab, partitions, the kernel's command line and System V's scripts, no host here has.
GENERATORS = "usr/lib/systemd/system-generators"


def make_layers(where, tree, stage, pki_folder):
    """Make the layers above a tree; returns them as overlay's `lowerdir` names them."""
    clean, product = f"{where}/clean", f"{where}/product"
    _make_product(product, stage)
    _make_clean(clean, tree, pki_folder)
    return f"{product}:{clean}:{tree}"


def mount_root(folder, layers):
    """Mount a host's root from the layers; returns its path."""
    for name in ("upper", "work", "root"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    run("mount", "-t", "overlay", "-o",
        f"lowerdir={layers},upperdir={folder}/upper,workdir={folder}/work", "overlay",
        f"{folder}/root")
    return f"{folder}/root"


def systemd_version(tree):
    """The major version of a tree's systemd, by the library that carries it in its name."""
    found = glob.glob(f"{tree}/usr/lib/*/systemd/libsystemd-shared-*.so")
    if not found:
        raise Failure(f"{tree} has no systemd")
    return int(re.search(r"shared-(\d+)", found[0]).group(1))


def _make_product(product, stage):
    os.makedirs(f"{product}/usr")
    if stage is not None:
        shutil.copytree(stage, product, symlinks=True, dirs_exist_ok=True)
        for name in ("lib", "bin", "sbin"):
            _into_usr(product, name)
    programs = product + RIG_PROGRAMS
    os.makedirs(programs)
    for source, result, flags in (("beat.c", "beat", ()),
                                  ("clockshift.c", "clockshift.so", ("-shared", "-fPIC"))):
        run("cc", "-std=c17", "-Wall", "-Wextra", "-O2", *flags, "-o", f"{programs}/{result}",
            f"{HERE}/{source}")


def _into_usr(product, name):
    """A folder named /lib would hide Debian's link from /lib to usr/lib, and with it libc."""
    folder = f"{product}/{name}"
    if os.path.isdir(folder):
        shutil.copytree(folder, f"{product}/usr/{name}", symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(folder)


def _make_clean(clean, tree, pki_folder):
    for name in HIDDEN_FOLDERS:
        os.makedirs(f"{clean}/{name}")
        os.setxattr(f"{clean}/{name}", "trusted.overlay.opaque", b"y")
    for name in HIDDEN_FILES:
        if os.path.exists(f"{tree}/{name}"):
            os.makedirs(os.path.dirname(f"{clean}/{name}"), exist_ok=True)
            os.mknod(f"{clean}/{name}", stat.S_IFCHR, os.makedev(0, 0))  # overlay's "deleted"
    boot_id = BOOT_ID_FILES if systemd_version(tree) < KEEPS_BOOT_ID_SINCE else {}
    for name, text in {**UNIT_FILES, **boot_id}.items():
        write(f"{clean}/etc/systemd/system/{name}", text)
    for name in MASKED_UNITS:
        os.symlink("/dev/null", f"{clean}/etc/systemd/system/{name}")
    os.makedirs(f"{clean}/etc/systemd/system-generators")
    for name in os.listdir(f"{tree}/{GENERATORS}"):
        os.symlink("/dev/null", f"{clean}/etc/systemd/system-generators/{name}")
    os.chmod(f"{clean}/root", 0o700)
    _make_accounts(clean, tree)
    write(f"{clean}/etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n{HUB_ADDRESS} {STORE_NAME}\n")
    trust(os.path.dirname(f"{clean}/{CA_BUNDLE}"), tree, pki_folder)


def trust(folder, tree, pki_folder):
    """Make /etc/ssl/certs: what a tree trusts, and the rig's authority, as update-ca-certificates(8) would."""
    known = os.path.dirname(f"{tree}/{CA_BUNDLE}")
    if os.path.isdir(known):
        shutil.copytree(known, folder, symlinks=True)
    bundle = f"{folder}/{os.path.basename(CA_BUNDLE)}"
    own = read(f"{pki_folder}/ca.pem")
    write(bundle, (read(bundle) if os.path.exists(bundle) else "") + CA_BUNDLE_HEADER + own)
    subject = run("openssl", "x509", "-noout", "-hash", "-in", f"{pki_folder}/ca.pem").strip()
    write(f"{folder}/{subject}.0", own)


def _make_accounts(clean, tree):
    """The machine's accounts without cloudlock's: a host has to make those by itself."""
    for name in ACCOUNT_FILES:
        if os.path.exists(f"{tree}/{name}"):
            lines = read(f"{tree}/{name}").splitlines(keepends=True)
            kept = [line for line in lines if not re.match(r"cloudlock[^:]*:", line)]
            write(f"{clean}/{name}", "".join(kept), 0o640 if "shadow" in name else 0o644)
