# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is said of a healthy lock: each change once, and nothing else, with fields and an explanation."""

import json
import re

from rig.product import pair
from rig.system import wait_for

# Of a host on a day on which it starts, takes the lock and gives it up; PID 1's own lines about the units come on top.
LINES_MAX = 20
RENEWALS = POLLS = 4


def entries(lock):
    """Everything about the lock's units on its host, oldest first."""
    lock.host.run("journalctl", "--sync")
    units = (lock.daemon, lock.guard, f"cloudlock@{lock.instance}.socket", f"cloudlock-hooks@{lock.instance}.service")
    output = lock.host.run("journalctl", "-q", "-o", "json", *(f"--unit={unit}" for unit in units))
    return [json.loads(line) for line in output.splitlines()]


def texts(lock):
    return [entry["MESSAGE"] for entry in entries(lock)]


def of_state(lock, state):
    """The one entry that says that the lock came into a state."""
    found = [entry for entry in entries(lock) if entry.get("CLOUDLOCK_STATE") == state]
    assert len(found) == 1, (state, found)
    assert found[0]["CLOUDLOCK_INSTANCE"] == lock.instance and re.fullmatch("[0-9a-f]{32}", found[0]["MESSAGE_ID"])
    return found[0]


def check_fields(one, other):
    running = of_state(one, "running")
    assert running["CLOUDLOCK_FENCE"] == str(one.property("Fence")), running
    assert running["CLOUDLOCK_HOLDER"].startswith(f"{one.host.name}#"), running
    permitted = [entry for entry in entries(one) if entry.get("CLOUDLOCK_PHASE") == "running"]
    assert len(permitted) == 1 and permitted[0]["CLOUDLOCK_FENCE"] == running["CLOUDLOCK_FENCE"], permitted
    standby = of_state(other, "standby")
    assert standby["CLOUDLOCK_HOLDER"] == running["CLOUDLOCK_HOLDER"], standby


def check_explained(lock):
    """journalctl -x knows every entry that the programs wrote."""
    lock.host.run("journalctl", "--update-catalog")
    own = [entry for entry in entries(lock) if "CLOUDLOCK_INSTANCE" in entry]
    shown = lock.host.run("journalctl", "-q", "-x", f"CLOUDLOCK_INSTANCE={lock.instance}")
    assert shown.count("Defined-By: cloudlock") == len(own) > 0, shown
    for subject in ("The target of lock demo runs on this host", "Lock demo is waiting on this host",
                    "The guard of lock demo changed its phase"):
        assert f"Subject: {subject}" in shown, shown
    assert "@CLOUDLOCK" not in shown, shown


def test_a_healthy_day(cluster):
    """Renewals and looks at the table say nothing, however many there are."""
    one, other = pair(cluster)
    before = texts(one), texts(other)
    for _ in range(RENEWALS):
        one.wait_renewal()
    other.wait_polls(POLLS)
    assert (texts(one), texts(other)) == before, (before, texts(one), texts(other))
    check_fields(one, other)
    check_explained(one)
    one.host.systemctl("stop", one.daemon)
    other.wait_running()
    wait_for("the last line of the holder", lambda: f"Stopped {one.daemon}" in str(texts(one)))
    for lock in (one, other):
        all_of_it = entries(lock)
        own = [entry["MESSAGE"] for entry in all_of_it if "CLOUDLOCK_INSTANCE" in entry]
        assert 0 < len(own) < LINES_MAX, "\n".join(own)
        assert own == [text.strip() for text in own], own
        cluster.note(f"{len(own)} lines on {lock.host.name}, and {len(all_of_it) - len(own)} of PID 1's")
