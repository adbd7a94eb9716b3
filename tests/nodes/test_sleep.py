# SPDX-License-Identifier: LGPL-2.1-or-later
"""Before a sleep of the machine the guard freezes the target; after it the lease decides. With a stand-in for logind, see
rig/logind.py: no machine sleeps here."""

import time

from rig.logind import StandIn
from rig.product import LEASE_S, beats, check_dead_by, pair
from rig.system import WAIT_S, wait_for
from test_guard import LONG_S, check_ends, check_settles, started, write_lease
from test_takeover import finish, lease_end_s

# guard-core.c: FROZEN_US_MAX
FROZEN_S = 20
# Long enough for a beat of 20 ms, if it beat.
QUIET_S = 1
# Addressed to one connection, and passed on to it once the bus answers what comes after it.
FORGERY = """import dbus, dbus.lowlevel, sys
signal = dbus.lowlevel.SignalMessage("/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep")
signal.set_destination(sys.argv[1])
signal.append(sys.argv[2] == "true", signature="b")
bus = dbus.SystemBus()
bus.send_message(signal)
bus.get_name_owner("org.freedesktop.DBus")
"""


def frozen(lock):
    return lock.host.run("cat", f"/sys/fs/cgroup/system.slice/{lock.target}/cgroup.freeze").strip() == "1"


def sleep_begins(lock, logind):
    """Until the guard lets the machine sleep; returns the beats by then."""
    logind.wait_inhibited()
    logind.prepare_for_sleep(True)
    wait_for("the guard to end its inhibitor", lambda: not logind.has_guard())
    assert frozen(lock), "the machine may sleep, and the target is not frozen"
    return beats(lock.host)


def check_quiet(lock, before, until_s):
    """Not one beat until then."""
    wait_for("the time of no beats", lambda: time.monotonic() > until_s)
    assert beats(lock.host) == before, "it beats although it is frozen"


def wait_going_on(lock, before, logind):
    wait_for("beats after the sleep", lambda: beats(lock.host) > before + 10)
    logind.wait_inhibited()


def test_sleep_is_waited_for(cluster):
    """Frozen before the machine may sleep, thawed after it; and so again, beside a logind that is new and a bus that is."""
    lock, _ = started(cluster, seconds=LONG_S)
    identity = lock.identity()
    assert "sleep" not in lock.host.journal("-u", lock.guard), "it tells of a logind that is not there"
    logind = StandIn(lock.host)
    before = sleep_begins(lock, logind)
    check_quiet(lock, before, time.monotonic() + QUIET_S)
    logind.prepare_for_sleep(False)
    wait_going_on(lock, before, logind)
    logind.stop()
    logind.start()
    before = sleep_begins(lock, logind)
    logind.prepare_for_sleep(False)
    wait_going_on(lock, before, logind)
    lock.host.systemctl("stop", "dbus.socket", "dbus.service", check=False)
    lock.host.systemctl("start", "dbus.socket", "dbus.service")
    logind.start()
    before = sleep_begins(lock, logind)
    logind.prepare_for_sleep(False)
    wait_going_on(lock, before, logind)
    assert lock.identity() == identity, "it is not the same process any more"


def test_sleep_without_an_end(cluster):
    """The signal that it is over gets lost: thawed nevertheless, and not before the time that it is given."""
    lock, _ = started(cluster, seconds=LONG_S)
    logind = StandIn(lock.host)
    logind.wait_inhibited()
    began_s = time.monotonic()
    before = sleep_begins(lock, logind)
    logind.stop()
    check_quiet(lock, before, began_s + FROZEN_S)
    wait_for("beats without the signal", lambda: beats(lock.host) > before + 10)
    cluster.note(f"beats again {time.monotonic() - began_s:.1f} s after the signal")


def test_sleep_past_the_lease(cluster):
    """Killed as it is."""
    lock, _ = started(cluster, "--ignore-term", "--child", seconds=LONG_S, service="TimeoutStopSec=infinity")
    logind = StandIn(lock.host)
    before = sleep_begins(lock, logind)
    # No sooner: on a busy machine the lease could be over before it is frozen.
    kill_s = write_lease(lock, 2, kill_after_s=1)
    check_ends(lock, kill_s)
    assert beats(lock.host) == before, "it has beaten after it was frozen"
    logind.prepare_for_sleep(False)
    check_settles(lock)


def test_sleep_past_a_takeover(cluster):
    """For as long as it would sleep, the whole host stands still, its clocks aside. Another takes over; when it goes on, what
    it ran does not."""
    one, other = pair(cluster, "--ignore-term", "--child")
    logind = StandIn(one.host)
    one.host.cut()
    before = sleep_begins(one, logind)
    one.host.freeze()
    over_s = lease_end_s(one)
    other.wait_running(timeout=LEASE_S + WAIT_S)
    one.host.thaw()
    logind.prepare_for_sleep(False)
    check_settles(one)
    assert beats(one.host) == before, "it has beaten after it was frozen"
    check_dead_by(one, over_s, "its lease was over")
    finish(cluster, one, other)


def test_sleep_by_nobody(cluster):
    """Whoever has no say in it sends the guard logind's signals: neither freezes it what runs, nor thaws it what is frozen."""
    lock, _ = started(cluster, seconds=LONG_S)
    logind = StandIn(lock.host)
    logind.wait_inhibited()
    pid = lock.host.systemctl("show", "--property=MainPID", "--value", lock.guard).strip()
    guard, = [line.split()[0] for line in lock.host.run("busctl", "list", "--unique", "--no-legend", "--no-pager").splitlines()
              if line.split()[1] == pid]

    def forge(sleeps):
        lock.host.run("/usr/bin/python3", "-c", FORGERY, guard, sleeps, user="nobody")

    forge("true")
    before = sleep_begins(lock, logind)
    lock.host.run("journalctl", "--sync")
    assert lock.host.journal("-u", lock.guard).count("has frozen the targets") == 1, "it was frozen for nobody's signal, too"
    forge("false")
    check_quiet(lock, before, time.monotonic() + QUIET_S)
    assert frozen(lock), "it was thawed for nobody's signal"
    logind.prepare_for_sleep(False)
    wait_going_on(lock, before, logind)


def test_sleep_with_real_logind(cluster):
    """Debian's logind takes the guard, which has no capabilities, for one that may delay a sleep."""
    lock, _ = started(cluster, seconds=LONG_S)
    lock.host.systemctl("start", "systemd-logind.service")
    wait_for("the guard's inhibitor", lambda: "cloudlock-guard" in lock.host.run("systemd-inhibit", "--list", "--no-pager"))
    listed, = [line for line in lock.host.run("systemd-inhibit", "--list", "--no-pager").splitlines() if "cloudlock-guard" in line]
    assert " sleep " in listed and listed.endswith(" delay"), listed
