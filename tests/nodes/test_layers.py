# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is below the guard: a hardware watchdog, of which these hosts have none."""

import json
import os
import struct

from rig.host import boot_all
from rig.product import Lock, wait_beats
from rig.system import wait_for

WATCHDOG_CONF = "/etc/systemd/system.conf.d/watchdog.conf"
# PID 1 opens it, and no call that a watchdog answers succeeds.
NO_WATCHDOG = "[Manager]\nRuntimeWatchdogSec=5s\nWatchdogDevice=/dev/null\n"


# As a host writes it: include/uapi/linux/vmclock-abi.h, up to the marker.
VMCLOCK, VMCLOCK_SIZE = "/dev/vmclock0", 4096
STANDSTILL = "4c1f0b6d1bd24c3f8a3a7f2f5e0d1a11"


def write_vmclock(host, marker):
    """In place: cloudlockd has it mapped."""
    page = struct.pack("<IIHBBIQ", 0x4B4C4356, VMCLOCK_SIZE, 1, 255, 255, 0, marker)
    path = host.path(VMCLOCK)
    with open(path, "r+b" if host.has_file(VMCLOCK) else "wb") as file:
        file.write(page.ljust(VMCLOCK_SIZE, b"\0"))
    os.chmod(path, 0o644)


def wait_reason(lock, words):
    wait_for(f"{words!r} as the reason", lambda: words in lock.property("Reason"))


def check_says(lock, words):
    """`check` fails of it, and `status` says why."""
    done = lock.host.run("cloudlockctl", "check", "--json", lock.instance, check=False)
    failures = [line for line in json.loads(done)["findings"] if line["result"] == "failure"]
    assert [line["check"] for line in failures] == ["hardware-watchdog"], done
    assert failures[0]["text"].startswith(f"cloudlock_require_watchdog=yes: {words}"), done
    shown = lock.host.run("cloudlockctl", "status", "--full", lock.instance)
    assert f"refusing to lead: cloudlock_require_watchdog=yes: {words}" in shown, shown


def test_required_watchdog(cluster):
    """Without one, and with one that is configured alone, this host does not lead, and another does."""
    hosts = boot_all([cluster.add_host(), cluster.add_host()])
    one, other = (Lock(host).set_up(require_watchdog=demands) for host, demands in zip(hosts, ("yes", "no")))
    one.leave_released_record()
    one.start()
    one.wait_state("refusing")
    check_says(one, "PID 1 feeds no hardware watchdog")
    one.host.put_file(WATCHDOG_CONF, NO_WATCHDOG)
    one.host.systemctl("daemon-reexec")
    wait_reason(one, "PID 1 has never fed /dev/null")
    check_says(one, "PID 1 has never fed /dev/null")
    other.start()
    other.wait_running()
    wait_beats(other)
    assert not one.writes(), "it wrote to the table"
    cluster.verdict().check([other.host])


def looks(lock, since):
    return [look for look in lock.requests("GetItem", since) if look.status == 200]


def test_moved_machine(cluster):
    """The holder's machine was moved to another host, or loaded from a snapshot, with a stand-in for what tells of it: it looks
    at the table at once, in the midst of two renewals; once more when another host has it, the target is killed."""
    host, = boot_all([cluster.add_host()])
    write_vmclock(host, 1)
    lock = Lock(host).set_up(lock_expiration="5min", renew_time="1min", poll_time="5s")
    lock.leave_released_record()
    lock.start()
    lock.wait_running()
    wait_beats(lock)
    since = cluster.front.last_number()
    assert not looks(lock, since), "a holder that renews does not read"
    write_vmclock(host, 2)
    wait_for("a look at the table", lambda: looks(lock, since))
    assert lock.state() == "running"
    assert (lock.property("HostClock"), lock.property("GuardWatched"), lock.property("HardwareWatchdog")) == (
        "vmclock0", True, "")
    shown = host.run("cloudlockctl", "status", "--full", lock.instance)
    assert "Layers: guard watched, cloudlockd watched (30s), no hardware watchdog, host clock vmclock0" in shown, shown
    said = host.journal("-u", lock.daemon, f"MESSAGE_ID={STANDSTILL}")
    assert said.count("This machine was moved or loaded from a snapshot, by vmclock0") == 1, said
    record = cluster.front.get(lock.instance)
    cluster.front.put({**record, "holder": "other#00000000", "version": "another", "host": 32 * "0", "boot": 32 * "0"})
    write_vmclock(host, 3)
    wait_for("the target to be gone", lambda: not host.unit_pids(lock.target))
    assert "lost" in host.journal("-u", lock.daemon)
