# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is below the guard: a hardware watchdog, of which these hosts have none."""

import json

from rig.host import boot_all
from rig.product import Lock, wait_beats
from rig.system import wait_for

WATCHDOG_CONF = "/etc/systemd/system.conf.d/watchdog.conf"
# PID 1 opens it, and no call that a watchdog answers succeeds.
NO_WATCHDOG = "[Manager]\nRuntimeWatchdogSec=5s\nWatchdogDevice=/dev/null\n"


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
