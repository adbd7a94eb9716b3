# SPDX-License-Identifier: LGPL-2.1-or-later
"""What systemd and D-Bus think of what was installed."""

import json
import re

from rig.cluster import SECRET
from rig.host import boot_all
from rig.product import Lock


def one_host(cluster):
    host, = boot_all([cluster.add_host()])
    return Lock(host).set_up()


def test_systemd_analyze_verify(cluster):
    lock = one_host(cluster)
    units = (lock.daemon, f"cloudlock@{lock.instance}.socket", lock.guard, lock.target)
    output = lock.host.run("systemd-analyze", "verify", *units, check=False)
    said = (output + output.stderr).strip()
    assert output.code == 0 and not said, said
    check_stopped_at_shutdown(lock)


def check_stopped_at_shutdown(lock):
    """Whatever way the host goes down in order: kexec can't be tried here, but its transaction is that of a reboot."""
    ways = [way for way in ("reboot", "poweroff", "halt", "kexec", "soft-reboot")
            if lock.host.has_file(f"/usr/lib/systemd/system/{way}.target")]
    assert "kexec" in ways, ways
    for way in ways:
        drawn_in = lock.host.systemctl("list-dependencies", "--all", "--plain", f"{way}.target").split()
        assert "shutdown.target" in drawn_in, way
    for unit in (lock.daemon, lock.guard, lock.target):
        for relation in ("Conflicts", "Before"):
            assert "shutdown.target" in lock.host.show(unit, relation).split(), f"{unit}: {relation}="
    # What is started later is stopped earlier.
    for unit, later in ((lock.guard, lock.target), (lock.daemon, lock.guard), ("network.target", lock.daemon)):
        assert unit in lock.host.show(later, "After").split(), f"{later} may be stopped after {unit}"


# What "systemd-analyze security" may say at most, in tenths: 0 is nothing to worry about, 100 a service with no sandbox.
EXPOSURE_MAX = {"cloudlock@": 12, "cloudlock-guard@": 11, "cloudlock-hooks@": 30}


def test_systemd_analyze_security(cluster):
    """As little exposed as it was, and a comment in the unit's file for each directive that is not there, or not enough."""
    host, = boot_all([cluster.add_host()])
    for unit, most in EXPOSURE_MAX.items():
        items = json.loads(host.run("systemd-analyze", "security", "--offline=yes", f"--threshold={most}", "--json=short",
                                    f"{unit}x.service"))
        text = host.run("cat", f"/usr/lib/systemd/system/{unit}.service")
        said = set(re.findall(r"\w+=", " ".join(re.findall(r"^#.*", text, re.M))))
        counted = {re.match(r"\w+=", item["name"]).group() for item in items if float(item["exposure"] or 0) > 0}
        assert counted and counted <= said, f"{unit}.service does not explain {counted - said}"


def test_accounts_and_folders_made_at_boot(cluster):
    lock = one_host(cluster)
    assert lock.host.run("id", "-un", "cloudlock").strip() == "cloudlock"
    assert lock.host.run("stat", "-c", "%U %a", "/run/cloudlock").strip() == "cloudlock 755"


def test_status_without_dbus(cluster):
    """cloudlockctl asks the socket: it works while D-Bus is down, for anybody, and starts nothing."""
    lock = one_host(cluster)
    shown = lock.host.run("cloudlockctl", "status", lock.instance, check=False)
    assert shown.code != 0, "status of a daemon that is not running succeeds"
    assert lock.host.state(lock.daemon) == "inactive", "cloudlockctl status started the daemon"
    lock.start()
    lock.wait_state("waiting", "running", timeout=60)
    lock.host.systemctl("stop", "dbus.socket", "dbus.service", check=False)
    shown = lock.host.run("cloudlockctl", "status", "--json", lock.instance, user="nobody", check=False)
    assert lock.instance in shown, shown + shown.stderr
    json.loads(shown)


def test_secrets_stay_secret(cluster):
    lock = one_host(cluster)
    lock.start()
    lock.wait_state("waiting", "running", timeout=60)
    shown = lock.host.run("cloudlockctl", "status", "--json") + lock.host.journal() + lock.host.console()
    assert SECRET not in shown, "the secret key was printed"
    for path in (lock.config_path, f"/run/credentials/{lock.daemon}/config"):
        assert lock.host.run("cat", path, user="nobody", check=False).code != 0, f"anybody can read {path}"
